//! Mails about an account. Each is short and says what to do if the reader did not expect it.

use askama::Template;
use domain::{AccountNotice, Link, Timestamp};

use crate::words::Words;
use crate::{Content, ContentError, Shop};

#[derive(Template)]
#[template(path = "account.txt")]
struct Text<'a> {
    parts: &'a Parts<'a>,
}

#[derive(Template)]
#[template(path = "account.html")]
struct Html<'a> {
    parts: &'a Parts<'a>,
}

/// What both templates show.
struct Parts<'a> {
    shop: &'a str,
    words: &'a Words,
    action: Option<Action>,
    note: &'static str,
}

/// What the reader can do about it.
struct Action {
    label: &'static str,
    url: String,
}

impl Content {
    /// Composes a mail about an account. `sign` makes a link's token.
    ///
    /// # Errors
    ///
    /// [`ContentError::NoWebApp`] when the mail needs a link and the shop has no web app.
    pub fn about_account(
        notice: AccountNotice<'_>,
        shop: Shop<'_>,
        sign: impl Fn(&Link) -> String,
    ) -> Result<Self, ContentError> {
        let words = words(notice, shop.name);
        let parts = Parts { shop: shop.name, words: &words, action: action(notice, shop, sign)?, note: note(notice) };
        let text = Text { parts: &parts }.render()?;
        let html = Html { parts: &parts }.render()?;
        Ok(Self { subject: words.subject, text, html })
    }
}

fn words(notice: AccountNotice<'_>, shop: &str) -> Words {
    match notice {
        AccountNotice::VerifyEmail(link) => Words {
            subject: format!("Confirm your email address for {shop}"),
            headline: "Confirm your email address".to_owned(),
            paragraph: format!(
                "Someone, probably you, created an account at {shop} with this email address. To confirm that it is yours, \
                 follow the link and enter the account's password. The link works once and expires on {}.",
                moment(link.expires_at)
            ),
        },
        AccountNotice::AlreadyRegistered => Words {
            subject: format!("You already have an account at {shop}"),
            headline: "You already have an account".to_owned(),
            paragraph: format!(
                "Someone, probably you, tried to create an account at {shop} with this email address. You already have an \
                 account, and nothing was changed. Sign in with your password, or reset it if you have forgotten it."
            ),
        },
        AccountNotice::ResetPassword(link) => Words {
            subject: format!("Reset your {shop} password"),
            headline: "Reset your password".to_owned(),
            paragraph: format!(
                "Someone, probably you, asked to reset the password of your {shop} account. The link works once and \
                 expires on {}.",
                moment(link.expires_at)
            ),
        },
        AccountNotice::PasswordChanged(at) => Words {
            subject: format!("Your {shop} password was changed"),
            headline: "Your password was changed".to_owned(),
            paragraph: format!("The password of your {shop} account was changed on {}.", moment(at)),
        },
        AccountNotice::ProviderLinked(provider, at) => Words {
            subject: format!("A sign-in with {provider} was added to your {shop} account"),
            headline: format!("A sign-in with {provider} was added"),
            paragraph: format!(
                "Someone, probably you, signed in to your {shop} account with {provider} on {}. From now on, {provider} \
                 opens your account as your password does.",
                moment(at)
            ),
        },
        AccountNotice::ApiKeyExpiring(key) => Words {
            subject: format!("Your {shop} API key is about to expire"),
            headline: "Your API key is about to expire".to_owned(),
            paragraph: format!(
                "Your API key “{}” ({}) expires on {}. Requests that use it after that will be rejected: replace it \
                 before then.",
                key.name,
                key.id,
                moment(key.expires_at)
            ),
        },
    }
}

/// A link carries its secret behind `#`: browsers do not send that part, so no server logs it.
fn action(
    notice: AccountNotice<'_>,
    shop: Shop<'_>,
    sign: impl Fn(&Link) -> String,
) -> Result<Option<Action>, ContentError> {
    let site = shop.url.map(|url| url.trim_end_matches('/'));
    let followed = |label, page, link| {
        let site = site.ok_or(ContentError::NoWebApp)?;
        Ok(Some(Action { label, url: format!("{site}/{page}#token={}", sign(link)) }))
    };
    match notice {
        AccountNotice::VerifyEmail(link) => followed("Confirm your email address", "verify-email", link),
        AccountNotice::ResetPassword(link) => followed("Reset your password", "reset-password", link),
        AccountNotice::AlreadyRegistered | AccountNotice::PasswordChanged(_) | AccountNotice::ProviderLinked(..) => {
            Ok(site.map(|site| Action { label: "Go to the shop", url: format!("{site}/") }))
        }
        AccountNotice::ApiKeyExpiring(_) => Ok(None),
    }
}

/// What to do if the mail is unexpected.
const fn note(notice: AccountNotice<'_>) -> &'static str {
    match notice {
        AccountNotice::VerifyEmail(_) => {
            "If this wasn't you, you can ignore this email: nobody can use the account without the link."
        }
        AccountNotice::AlreadyRegistered => {
            "If this wasn't you, you can ignore this email: the person who tried was not told that you have an account."
        }
        AccountNotice::ResetPassword(_) => {
            "If this wasn't you, you can ignore this email: your password does not change without the link."
        }
        AccountNotice::PasswordChanged(_) => {
            "If this wasn't you, go to the shop at once, choose “Forgot your password?” and reset it. That ends every \
             session but yours."
        }
        AccountNotice::ProviderLinked(..) => {
            "If this wasn't you, tell us at once: we can close your account to every sign-in."
        }
        AccountNotice::ApiKeyExpiring(_) => "If you no longer need this key, you can ignore this email.",
    }
}

/// `2026-11-23 12:00 UTC`
fn moment(at: Timestamp) -> String {
    let text = at.to_string();
    let (date, time) = text.split_once('T').unwrap_or((&text, ""));
    format!("{date} {} UTC", time.get(..5).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use domain::{ApiKey, LinkKind, Scopes, TokenHash};

    use super::*;

    const SHOP: Shop<'_> = Shop { name: "Tea & Co", url: Some("https://shop.example/") };

    fn link(kind: LinkKind) -> Link {
        Link {
            id: "lnk_00000000000000000000000000000001".parse().unwrap(),
            kind,
            account: "cus_00000000000000000000000000000002".parse().unwrap(),
            since: Timestamp::default(),
            expires_at: Timestamp::parse("2026-11-24T12:00:00Z").unwrap(),
        }
    }

    fn key() -> ApiKey {
        ApiKey {
            id: "key_00000000000000000000000000000003".parse().unwrap(),
            secret: TokenHash(String::new()),
            name: "<b>report</b>".into(),
            scopes: Scopes::default(),
            customer: "cus_00000000000000000000000000000002".parse().unwrap(),
            created_by: "usr_00000000000000000000000000000004".parse().unwrap(),
            created_at: Timestamp::default(),
            expires_at: Timestamp::parse("2026-11-24T12:00:00Z").unwrap(),
            revoked_at: None,
            revoked_by: None,
            last_used_at: None,
            noticed_days: None,
            version: 1,
        }
    }

    fn compose(notice: AccountNotice<'_>) -> Content {
        Content::about_account(notice, SHOP, |link| format!("{}.signed", link.id)).unwrap()
    }

    #[test]
    fn a_link_to_confirm_an_address_in_plain_text() {
        let mail = compose(AccountNotice::VerifyEmail(&link(LinkKind::VerifyEmail)));
        assert_eq!(mail.subject, "Confirm your email address for Tea & Co");
        let expected = "Confirm your email address

Someone, probably you, created an account at Tea & Co with this email address. To confirm that it is yours, follow the \
link and enter the account's password. The link works once and expires on 2026-11-24 12:00 UTC.

Confirm your email address: https://shop.example/verify-email#token=lnk_00000000000000000000000000000001.signed

If this wasn't you, you can ignore this email: nobody can use the account without the link.
-- \nTea & Co";
        assert_eq!(mail.text, expected);
    }

    #[test]
    fn each_kind_leads_where_it_should_and_no_further() {
        let (verify, reset, key) = (link(LinkKind::VerifyEmail), link(LinkKind::ResetPassword), key());
        let token = "lnk_00000000000000000000000000000001.signed";
        for (notice, address) in [
            (AccountNotice::VerifyEmail(&verify), Some(format!("https://shop.example/verify-email#token={token}"))),
            (AccountNotice::ResetPassword(&reset), Some(format!("https://shop.example/reset-password#token={token}"))),
            (AccountNotice::AlreadyRegistered, Some("https://shop.example/".to_owned())),
            (AccountNotice::PasswordChanged(Timestamp::default()), Some("https://shop.example/".to_owned())),
            (AccountNotice::ProviderLinked("google", Timestamp::default()), Some("https://shop.example/".to_owned())),
            (AccountNotice::ApiKeyExpiring(&key), None),
        ] {
            let mail = compose(notice);
            let links: Vec<_> =
                mail.html.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
            assert_eq!(links, address.iter().collect::<Vec<_>>(), "{}", mail.subject);
            assert_eq!(mail.text.matches("https://").count(), links.len(), "{}", mail.text);
            assert!(mail.text.contains("ignore this email") || mail.text.contains("at once"), "{}", mail.text);
        }
    }

    #[test]
    fn a_linked_provider_is_named() {
        let at = Timestamp::parse("2026-11-24T12:00:00Z").unwrap();
        let mail = compose(AccountNotice::ProviderLinked("google", at));
        assert_eq!(mail.subject, "A sign-in with google was added to your Tea & Co account");
        assert!(mail.text.contains("with google on 2026-11-24 12:00 UTC"), "{}", mail.text);
    }

    #[test]
    fn whatever_people_wrote_is_escaped_in_html() {
        let mail = compose(AccountNotice::ApiKeyExpiring(&key()));
        assert!(mail.text.contains("“<b>report</b>” (key_00000000000000000000000000000003)"), "{}", mail.text);
        assert!(!mail.html.contains("<b>") && !mail.html.contains("Tea & Co"), "{}", mail.html);
    }

    #[test]
    fn a_link_without_a_web_app_is_no_mail() {
        let (shop, link) = (Shop { url: None, ..SHOP }, link(LinkKind::ResetPassword));
        let sign = |_: &Link| String::new();
        let linked = Content::about_account(AccountNotice::ResetPassword(&link), shop, sign);
        assert!(matches!(linked, Err(ContentError::NoWebApp)));
        assert!(Content::about_account(AccountNotice::PasswordChanged(link.expires_at), shop, sign).is_ok());
    }
}
