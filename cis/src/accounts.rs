//! A local stack's accounts at the sandbox's providers, its demo people, and the keys that sign its tokens. None of it
//! protects anything.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use auth::mint::{MintError, SigningKey, SigningKeys, mint};
use auth::{Caller, MacKeys, Role, TokenRules, Who};
use resilience::{Clock as _, Ids as _, RandomIds, SystemClock};
use sandbox::sheets::development_key_file;
use sandbox::stripe::Endpoint;
use serde_json::{Value, json};
use suite::secrets;

use crate::paths;

/// The sandbox's spreadsheet.
pub const SPREADSHEET: &str = "sandbox-orders";
/// Where the web app's development server is; it hands `/v1` on to the API.
pub const WEB_APP: &str = "http://localhost:5173";
/// What the sandbox is called as an OpenID provider.
pub const OPENID_PROVIDER: &str = "sandbox";
/// Who the mails are from.
pub const MAIL_FROM: &str = "orders@shop.example";
/// Where the shop's people read of what needs them.
pub const ALERT_EMAIL: &str = "alerts@shop.example";

/// Pages that may call the API and the sandbox: the web app under development. The only place that names its server.
pub const ORIGINS: &str = "http://localhost:5173,http://127.0.0.1:5173";

/// [`ORIGINS`], one by one.
pub fn origins() -> Vec<String> {
    ORIGINS.split(',').map(str::to_owned).collect()
}

/// The demo people's roles, ids and addresses, on each local stack the same.
pub const PEOPLE: [(Role, &str, &str); 3] = [
    (Role::Customer, "cus_00000000000040008000000000000001", "ada@shop.example"),
    (Role::Staff, "usr_00000000000040008000000000000002", "sam@shop.example"),
    (Role::Admin, "usr_00000000000040008000000000000003", "alex@shop.example"),
];
/// The password of all demo people.
pub const PASSWORD: &str = "tea for two, please";

/// Why the accounts cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// The signing key's file.
    #[error("cannot keep the signing key")]
    Files(#[from] io::Error),
    /// The file holds something else.
    #[error("the signing key cannot be used")]
    Key(#[from] MintError),
    /// The file has no key whose time has come.
    #[error("there is no key to sign with yet")]
    NoKey,
    /// The id is of another kind than the role's: `cus_…` for customers, `usr_…` for the others.
    #[error("{0} is no id that a {1} has")]
    Id(String, Role),
}

/// The accounts of the local stacks.
#[derive(Debug)]
pub struct Accounts {
    keys: SigningKeys,
    sandbox: sandbox::Settings,
}

/// The texts of the secrets as Secrets Manager would hold them, by the suite's names for them.
pub type Secrets = BTreeMap<&'static str, String>;

impl Accounts {
    /// The accounts, with the signing keys of earlier stacks, so that tokens stay good over a restart.
    ///
    /// # Errors
    ///
    /// The key cannot be read, or kept.
    pub fn load() -> Result<Self, AccountsError> {
        let seed = RandomIds.fresh().as_u64_pair().0;
        let sandbox = sandbox::Settings { seed, allowed_origins: origins(), ..sandbox::Settings::default() };
        Ok(Self { keys: signing_keys()?, sandbox })
    }

    /// The functions' secrets, for a sandbox at this origin.
    ///
    /// # Errors
    ///
    /// The signing key is not what it should be.
    pub fn secrets(&self, sandbox_url: &str) -> Result<Secrets, AccountsError> {
        let sendgrid = sandbox::sendgrid::SendGrid::new(self.sandbox.seed, &self.sandbox.sendgrid);
        let signing_secrets = json!({ "signing_secrets": [Endpoint::DEFAULT_SECRET] });
        Ok(BTreeMap::from([
            (secrets::STRIPE, json!({ "api_key": self.sandbox.stripe.secret_key }).to_string()),
            (secrets::STRIPE_WEBHOOK, signing_secrets.to_string()),
            (secrets::SENDGRID, json!({ "api_key": self.sandbox.sendgrid.api_keys.first() }).to_string()),
            (secrets::SENDGRID_WEBHOOK, json!({ "public_key": sendgrid.public_key() }).to_string()),
            (secrets::GOOGLE, development_key_file(&format!("{sandbox_url}/token")).to_string()),
            (secrets::TOKEN_KEYS, self.keys.public()?.to_string()),
            (secrets::TOKEN_SIGNING, serde_json::to_string(&self.keys).map_err(io::Error::from)?),
            (secrets::LINK_KEYS, MacKeys::generate()?),
            (secrets::REFRESH_KEYS, MacKeys::generate()?),
            (secrets::OAUTH, self.oauth(sandbox_url).to_string()),
        ]))
    }

    /// The sandbox as an OpenID provider, and who we are to it.
    fn oauth(&self, sandbox_url: &str) -> Value {
        let Some(client) = self.sandbox.oidc.clients.first() else { return json!({ "providers": {} }) };
        let (id, secret) = (&client.client_id, &client.client_secret);
        let provider = json!({ "issuer": format!("{sandbox_url}/oidc"), "client_id": id, "client_secret": secret });
        json!({ "providers": { OPENID_PROVIDER: provider } })
    }

    /// The sandbox whose webhooks go to the API at this origin, and which sends people back there or to the web app.
    pub fn sandbox(&self, api_url: &str) -> sandbox::Settings {
        let mut settings = self.sandbox.clone();
        settings.stripe.endpoints = vec![Endpoint::new(&format!("{api_url}/v1/webhooks/stripe"))];
        settings.sendgrid.behaviour.webhook_url = Some(format!("{api_url}/v1/webhooks/sendgrid"));
        let back = [api_url, WEB_APP].map(|url| format!("{url}/v1/auth/oauth/{OPENID_PROVIDER}/callback"));
        settings.oidc.clients.iter_mut().for_each(|client| client.redirect_uris = back.to_vec());
        settings
    }

    /// A token for an account; for the role's demo account when no id is given.
    ///
    /// # Errors
    ///
    /// The id is not of the role's kind.
    pub fn token(&self, role: Role, id: Option<&str>, lifetime: Duration) -> Result<String, AccountsError> {
        let id = id.unwrap_or_else(|| demo(role));
        let who = Who::new(role, id).ok_or_else(|| AccountsError::Id(id.to_owned(), role))?;
        let caller = Caller { who, token_id: RandomIds.fresh().simple().to_string(), auth_time: None };
        let now = SystemClock.now();
        let key = self.keys.active(now).ok_or(AccountsError::NoKey)?;
        Ok(mint(&caller, &TokenRules::default(), key, now, lifetime)?)
    }
}

/// The id of the role's demo account.
fn demo(role: Role) -> &'static str {
    PEOPLE.iter().find(|(theirs, ..)| *theirs == role).map_or("", |(_, id, _)| id)
}

fn signing_keys() -> Result<SigningKeys, AccountsError> {
    match std::fs::read(signing_keys_file()) {
        Ok(bytes) => return Ok(serde_json::from_slice(&bytes).map_err(io::Error::from)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    let keys = SigningKeys { keys: vec![SigningKey::generate(SystemClock.now())?] };
    keep_signing_keys(&keys)?;
    Ok(keys)
}

/// Keeps the keys that the local stacks sign with, for the next stack and for `cargo cis token`.
pub fn keep_signing_keys(keys: &SigningKeys) -> io::Result<()> {
    paths::private_folder(&paths::state())?;
    paths::replace(&signing_keys_file(), &serde_json::to_vec(keys)?)
}

/// Where they are kept.
pub fn signing_keys_file() -> PathBuf {
    paths::state().join("signing-keys.json")
}

#[cfg(test)]
mod tests {
    use auth::{TokenKeys, verify};

    use super::*;

    fn accounts() -> Accounts {
        let keys = SigningKeys { keys: vec![SigningKey::generate(SystemClock.now()).unwrap()] };
        Accounts { keys, sandbox: sandbox::Settings::default() }
    }

    #[test]
    fn the_authorizer_takes_the_demo_accounts_tokens() {
        let accounts = accounts();
        let keys: TokenKeys =
            serde_json::from_str(&accounts.secrets("http://s").unwrap()[secrets::TOKEN_KEYS]).unwrap();
        for role in [Role::Customer, Role::Staff, Role::Admin] {
            let token = accounts.token(role, None, Duration::from_mins(1)).unwrap();
            let caller = verify(&token, &keys, &TokenRules::default(), SystemClock.now()).unwrap();
            assert_eq!(caller.who.role(), Some(role));
        }
    }

    #[test]
    fn a_customers_id_is_no_id_of_staff() {
        let error = accounts().token(Role::Staff, Some(demo(Role::Customer)), Duration::from_mins(1)).unwrap_err();
        assert!(matches!(error, AccountsError::Id(..)));
    }

    #[test]
    fn functions_can_read_their_secrets() {
        let texts = accounts().secrets("http://127.0.0.1:1").unwrap();
        let read = |name| serde_json::from_str::<Value>(&texts[name]).unwrap();
        assert!(read(secrets::STRIPE)["api_key"].is_string());
        assert!(read(secrets::STRIPE_WEBHOOK)["signing_secrets"][0].is_string());
        assert!(texts[secrets::GOOGLE].contains("http://127.0.0.1:1/token"));
        assert!(read(secrets::SENDGRID)["api_key"].is_string());
        assert!(read(secrets::SENDGRID_WEBHOOK)["public_key"].is_string());
    }

    #[test]
    fn webhooks_go_to_the_api() {
        let settings = accounts().sandbox("http://a");
        assert_eq!(settings.stripe.endpoints[0].url, "http://a/v1/webhooks/stripe");
        assert_eq!(settings.sendgrid.behaviour.webhook_url.as_deref(), Some("http://a/v1/webhooks/sendgrid"));
    }
}
