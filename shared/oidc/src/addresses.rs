//! The URLs that a browser is sent to.

/// The origins that a browser uses, without trailing slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// Origin of the API: the web app's own, when it serves both.
    pub api: String,
    /// Origin of the web app.
    pub web: String,
}

impl Addresses {
    /// The redirect URI of a provider, which must be registered there, letter by letter.
    pub fn redirect_uri(&self, provider: &str) -> String {
        format!("{}/v1/auth/oauth/{provider}/callback", self.api)
    }

    /// A page of the web app; `path` begins with a slash.
    pub fn page(&self, path: &str) -> String {
        format!("{}{path}", self.web)
    }

    /// The web app's sign-in page, with a reason.
    pub fn sign_in_page(&self, why: &str) -> String {
        format!("{}/sign-in?error={why}", self.web)
    }
}
