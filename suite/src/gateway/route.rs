//! Finding the route of a request.

use std::collections::BTreeMap;

use crate::template::{Route, Segment};

/// A route with the values of its path parameters.
#[derive(Debug)]
pub struct RouteMatch<'a> {
    /// The route.
    pub route: &'a Route,
    /// Values by name, percent-decoded.
    pub parameters: BTreeMap<String, String>,
}

/// The most specific route that matches: fixed text goes before a parameter, and the default route takes what is left.
pub fn find<'a>(routes: &'a [Route], method: &str, path: &str) -> Option<RouteMatch<'a>> {
    let default = || routes.iter().find(|route| route.key == Route::DEFAULT);
    specific(routes, method, path).or_else(|| Some(RouteMatch { route: default()?, parameters: BTreeMap::new() }))
}

fn specific<'a>(routes: &'a [Route], method: &str, path: &str) -> Option<RouteMatch<'a>> {
    let segments: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
    let of_method = routes.iter().filter(|route| route.method == method || route.method == "ANY");
    let matching = of_method.filter_map(|route| Some(RouteMatch { parameters: parameters(route, &segments)?, route }));
    matching.min_by_key(|found| found.parameters.len())
}

fn parameters(route: &Route, segments: &[&str]) -> Option<BTreeMap<String, String>> {
    if route.segments.len() != segments.len() {
        return None;
    }
    let mut parameters = BTreeMap::new();
    for (wanted, segment) in route.segments.iter().zip(segments) {
        match wanted {
            Segment::Text(text) if text == segment => {}
            Segment::Text(_) => return None,
            Segment::Parameter(_) if segment.is_empty() => return None,
            Segment::Parameter(name) => {
                parameters.insert(name.clone(), decoded(segment));
            }
        }
    }
    Some(parameters)
}

/// Percent-decoded, as a path segment: `+` stays.
fn decoded(segment: &str) -> String {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let [first, tail @ ..] = rest {
        let pair = tail.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        let byte = pair.filter(|_| *first == b'%').and_then(|pair| u8::from_str_radix(pair, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
