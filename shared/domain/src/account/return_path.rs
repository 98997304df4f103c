//! Where the browser goes after signing in.

use std::fmt;
use std::str::FromStr;

/// The greatest length in characters.
const LONGEST: usize = 512;

/// A path of the web app, with query and fragment. Appended to the web app's origin it cannot lead to another host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnPath(String);

/// The text is not a path of the web app.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a path that begins with a single slash, of at most {LONGEST} visible ASCII characters")]
pub struct InvalidReturnPath;

impl Default for ReturnPath {
    /// The start page.
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl FromStr for ReturnPath {
    type Err = InvalidReturnPath;

    /// Browsers read `//` and `/\` as the beginning of a host, take `\` for `/` and drop tabs and line breaks (WHATWG
    /// URL, section 4.4), so none of these is allowed.
    fn from_str(text: &str) -> Result<Self, InvalidReturnPath> {
        let local = text.starts_with('/') && !text.starts_with("//");
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        if local && plain && text.len() <= LONGEST { Ok(Self(text.to_owned())) } else { Err(InvalidReturnPath) }
    }
}

impl fmt::Display for ReturnPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_the_web_app_is_taken() {
        for text in ["/", "/orders", "/orders/ord_1?tab=mails#last", "/a//b", "/@evil.example", "/%5C%2Fevil.example"] {
            assert_eq!(text.parse::<ReturnPath>().map(|path| path.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn what_a_browser_may_take_for_another_place_is_refused() {
        let long = format!("/{}", "a".repeat(LONGEST));
        for text in [
            "",
            "orders",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/a\\b",
            "https://evil.example",
            "https:/evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/\n/evil.example",
            "/a\r\nset-cookie: a=b",
            " /orders",
            "/two words",
            "/grün",
            &long,
        ] {
            assert_eq!(text.parse::<ReturnPath>(), Err(InvalidReturnPath), "{text:?}");
        }
    }
}
