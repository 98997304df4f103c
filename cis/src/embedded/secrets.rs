//! The embedded stack's secrets on file, in Secrets Manager's stead: who writes the file rotates a secret.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use settings::FixedSecrets;
use suite::secrets::{GOOGLE, OAUTH, TOKEN_KEYS, TOKEN_SIGNING};
use tokio::time::sleep;

use crate::accounts::{OPENID_PROVIDER, Secrets};
use crate::paths;
use crate::stack::SECRET_FRESH_SECONDS;

/// How often the file is looked at.
const PAUSE: Duration = Duration::from_millis(100);

/// The secrets' JSON by the suite's names.
pub type Texts = BTreeMap<String, Value>;

/// The file of the stack in this folder.
pub fn file(folder: &Path) -> PathBuf {
    folder.join("secrets.json")
}

/// The secrets of the stack in this folder: those of an earlier stack, and what it had not.
pub fn open(folder: &Path, texts: &Secrets) -> io::Result<FixedSecrets> {
    let all = merged(read(folder)?.unwrap_or_default(), texts)?;
    write(folder, &all)?;
    let secrets = FixedSecrets::default().fresh_for(Duration::from_secs(SECRET_FRESH_SECONDS));
    take_up(&secrets, all);
    Ok(secrets)
}

/// Rotated secrets are kept. Token keys are the same on all local stacks, so a token is valid on each. Google's account
/// names the sandbox's current URL and is read once, so it is not kept.
fn merged(mut kept: Texts, texts: &Secrets) -> io::Result<Texts> {
    for (&name, text) in texts.iter().filter(|(name, _)| **name != GOOGLE) {
        if [TOKEN_KEYS, TOKEN_SIGNING].contains(&name) || !kept.contains_key(name) {
            kept.insert(name.to_owned(), serde_json::from_str(text)?);
        }
    }
    follow_sandbox(&mut kept, texts)?;
    Ok(kept)
}

/// Points the sandbox's OpenID provider to its current URL; providers that a user added are kept.
fn follow_sandbox(kept: &mut Texts, texts: &Secrets) -> io::Result<()> {
    let (Some(kept), Some(text)) = (kept.get_mut(OAUTH), texts.get(OAUTH)) else { return Ok(()) };
    let new: Value = serde_json::from_str(text)?;
    kept["providers"][OPENID_PROVIDER] = new["providers"][OPENID_PROVIDER].clone();
    Ok(())
}

/// The file's content; `None` when there is no file.
pub fn read(folder: &Path) -> io::Result<Option<Texts>> {
    match std::fs::read(file(folder)) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes the file anew.
pub fn write(folder: &Path, texts: &Texts) -> io::Result<()> {
    paths::replace(&file(folder), &serde_json::to_vec_pretty(texts)?)
}

/// Hands every change of the file on to the functions, forever. A file that cannot be read changes nothing.
pub async fn follow(secrets: FixedSecrets, folder: PathBuf) {
    let changed_at = || std::fs::metadata(file(&folder)).and_then(|file| file.modified()).ok();
    let mut seen = None;
    loop {
        let now = changed_at();
        if now != seen {
            match read(&folder) {
                Ok(texts) => take_up(&secrets, texts.unwrap_or_default()),
                Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "secrets not read"),
            }
            seen = now;
        }
        sleep(PAUSE).await;
    }
}

fn take_up(secrets: &FixedSecrets, texts: Texts) {
    for (name, value) in texts {
        secrets.set(name, value.to_string());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use suite::secrets::{SENDGRID, STRIPE};

    use super::*;

    #[test]
    fn what_was_rotated_survives_a_restart_and_keys_of_tokens_follow_the_machine() {
        let kept = Texts::from([(STRIPE.to_owned(), json!("rotated")), (TOKEN_KEYS.to_owned(), json!("old"))]);
        let names = [STRIPE, SENDGRID, TOKEN_KEYS, GOOGLE];
        let texts: Secrets = names.map(|name| (name, r#""new""#.to_owned())).into();
        let names = |name: &str| name.to_owned();
        let expected = [(STRIPE, "rotated"), (SENDGRID, "new"), (TOKEN_KEYS, "new")];
        assert_eq!(merged(kept, &texts).unwrap(), expected.map(|(name, value)| (names(name), json!(value))).into());
    }

    #[test]
    fn the_sandbox_is_found_where_it_is_now_and_other_providers_stay() {
        let at = |issuer: &str| json!({"issuer": issuer});
        let old = json!({"providers": {"sandbox": at("http://127.0.0.1:1/oidc"), "google": at("https://accounts.google.com")}});
        let new = json!({"providers": {"sandbox": at("http://127.0.0.1:2/oidc")}});
        let kept = Texts::from([(OAUTH.to_owned(), old)]);
        let texts = Secrets::from([(OAUTH, new.to_string())]);
        let expected = json!({"providers": {"sandbox": at("http://127.0.0.1:2/oidc"), "google": at("https://accounts.google.com")}});
        assert_eq!(merged(kept, &texts).unwrap()[OAUTH], expected);
    }
}
