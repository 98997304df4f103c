//! Where a browser is sent.

/// Where things are, for a browser; without trailing slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// Origin of the API: the web app's own, where one stands before both.
    pub api: String,
    /// Origin of the web app.
    pub web: String,
}

impl Addresses {
    /// Where a provider sends people back to. It has to be registered there, letter by letter.
    pub fn redirect_uri(&self, provider: &str) -> String {
        format!("{}/v1/auth/oauth/{provider}/callback", self.api)
    }

    /// A page of the web app's; `path` begins with a slash.
    pub fn page(&self, path: &str) -> String {
        format!("{}{path}", self.web)
    }

    /// The web app's page for whoever is not signed in, with a word that says why.
    pub fn sign_in_page(&self, why: &str) -> String {
        format!("{}/sign-in?error={why}", self.web)
    }
}
