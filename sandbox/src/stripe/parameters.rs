//! Which parameters a request may have, at any depth, and which words they may be: `parameters.txt`, made from the types
//! that npm `stripe` ships by `tests/clients/stripe_parameters.mjs`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use http::Method;

use super::{
    auth::Caller,
    errors::ApiError,
    form::{Form, Node},
};

/// What Stripe.js adds to what a server may say.
const STRIPE_JS: [&str; 3] = ["client_secret", "expected_payment_method_type", "key"];

/// A parameter: what may stand there, and what may stand below it.
#[derive(Debug, Default)]
struct Parameter {
    /// A text may stand there.
    text: bool,
    /// The words that the text may be; any when there are none.
    words: Vec<&'static str>,
    /// By name; `[]` is each item of a list, `*` each name that the caller chooses.
    below: BTreeMap<&'static str, Parameter>,
}

/// Refuses what the request does not know, as Stripe does. `path` holds the segments after `/v1`.
///
/// # Errors
///
/// 400 `parameter_unknown`; 400 for a word that is not one of a few, and for a text in place of an object.
pub fn check(caller: Caller, method: &Method, path: &[&str], form: &Form) -> Result<(), ApiError> {
    let Some(parameters) = of_request(method, path) else { return Ok(()) };
    for (name, node) in form.nodes() {
        if caller == Caller::Browser && STRIPE_JS.contains(&name) {
            continue;
        }
        parameters.check_below(name, node, name)?;
    }
    Ok(())
}

fn of_request(method: &Method, path: &[&str]) -> Option<&'static Parameter> {
    static ALL: OnceLock<BTreeMap<&'static str, Parameter>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let mut lines = include_str!("parameters.txt").lines().peekable();
        below(&mut lines, 0)
    });
    let route: Vec<&str> = path.iter().enumerate().map(|(at, part)| if at == 1 { ":id" } else { part }).collect();
    all.get(format!("{method} /v1/{}", route.join("/")).as_str())
}

/// The lines that are indented this far, each with what is indented further below it.
fn below(lines: &mut std::iter::Peekable<std::str::Lines<'static>>, depth: usize) -> BTreeMap<&'static str, Parameter> {
    let mut parameters = BTreeMap::new();
    while let Some(line) = lines.next_if(|line| line.len() - line.trim_start().len() >= depth) {
        let text = line.trim_start();
        let (name, kind) = match text.split_once(' ') {
            Some((name, kind)) if depth > 0 => (name, Some(kind)),
            _ => (text, None),
        };
        let words = kind.filter(|kind| *kind != ".").map(|words| words.split('|').collect()).unwrap_or_default();
        parameters.insert(name, Parameter { text: kind.is_some(), words, below: below(lines, depth + 1) });
    }
    parameters
}

impl Parameter {
    fn check_below(&self, name: &str, node: &Node, path: &str) -> Result<(), ApiError> {
        let item = || self.below.get("[]").filter(|_| name.parse::<usize>().is_ok());
        let known = self.below.get(name).or_else(item).or_else(|| self.below.get("*"));
        let known = known.ok_or_else(|| ApiError::unknown_parameter(path))?;
        match node {
            Node::Group(form) => {
                form.nodes().try_for_each(|(name, node)| known.check_below(name, node, &format!("{path}[{name}]")))
            }
            Node::Text(text) => known.check_text(text, path),
        }
    }

    fn check_text(&self, text: &str, path: &str) -> Result<(), ApiError> {
        // An empty text unsets whatever it is.
        if text.is_empty() || self.text && (self.words.is_empty() || self.words.contains(&text)) {
            return Ok(());
        }
        if self.below.contains_key("[]") {
            return Err(ApiError::invalid(path, "Invalid array"));
        }
        if !self.text {
            return Err(ApiError::invalid(path, "Invalid object"));
        }
        Err(ApiError::not_one_of(path, &self.words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(request: (&Method, &[&str]), body: &str) -> Option<(Option<&'static str>, String)> {
        let error = check(Caller::Server, request.0, request.1, &Form::parse(body.as_bytes())).err()?;
        Some((error.code, error.param.unwrap_or_default()))
    }

    #[test]
    fn unknown_parameters_and_words_are_seen_at_any_depth() {
        let create: (&Method, &[&str]) = (&Method::POST, &["payment_intents"]);
        for good in [
            "amount=5&metadata[any]=x&allowed_payment_method_types[]=card&expand[]=x&automatic_payment_methods[enabled]=true",
            "payment_method_options[card][request_three_d_secure]=any&shipping[address][line1]=x&shipping[name]=y",
            "payment_method_data[type]=card&payment_method_data[card][number]=4242",
            "off_session=true&metadata=&setup_future_usage=",
            "excluded_payment_method_types[0]=boleto&capture_method=manual",
        ] {
            assert_eq!(refused(create, good), None, "{good}");
        }
        for (body, code, param) in [
            ("colour=red", Some("parameter_unknown"), "colour"),
            ("amount[x]=1", Some("parameter_unknown"), "amount[x]"),
            ("automatic_payment_methods[colour]=1", Some("parameter_unknown"), "automatic_payment_methods[colour]"),
            ("payment_method_options[card][x]=1", Some("parameter_unknown"), "payment_method_options[card][x]"),
            ("payment_method_options[gold][x]=1", Some("parameter_unknown"), "payment_method_options[gold]"),
            (
                "payment_method_options[card][request_three_d_secure]=no",
                None,
                "payment_method_options[card][request_three_d_secure]",
            ),
            ("automatic_payment_methods=true", None, "automatic_payment_methods"),
            ("off_session=maybe", None, "off_session"),
            ("excluded_payment_method_types=card", None, "excluded_payment_method_types"),
            ("excluded_payment_method_types[]=gold", None, "excluded_payment_method_types[0]"),
            ("client_secret=x", Some("parameter_unknown"), "client_secret"),
        ] {
            assert_eq!(refused(create, body), Some((code, param.to_owned())), "{body}");
        }
    }

    #[test]
    fn every_request_has_its_own_parameters_those_of_get_included() {
        let get = |path: &'static [&'static str]| (&Method::GET, path);
        assert_eq!(
            refused(get(&["events"]), "types[]=charge.refunded&created[gte]=1&limit=5&delivery_success=false"),
            None
        );
        let unknown = |param: &str| Some((Some("parameter_unknown"), param.to_owned()));
        assert_eq!(refused(get(&["events"]), "created[since]=1"), unknown("created[since]"));
        assert_eq!(refused(get(&["payment_intents", "pi_1"]), "verbose=1"), unknown("verbose"));
        assert_eq!(refused(get(&["payment_intents", "pi_1"]), "client_secret=x"), None);
        assert_eq!(refused((&Method::POST, &["refunds", "re_1", "cancel"]), "amount=1"), unknown("amount"));
        let browser = check(
            Caller::Browser,
            &Method::POST,
            &["payment_intents", "pi_1", "confirm"],
            &Form::parse(b"key=pk&client_secret=x"),
        );
        assert_eq!(browser, Ok(()));
    }
}
