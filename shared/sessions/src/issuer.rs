//! Opening, refreshing and ending sessions.

use auth::mint::{ACCESS_TOKEN_LIFETIME, mint};
use auth::{Caller, TokenRules, Who};
use domain::{Account, Rotation, Session, SessionId, Timestamp, TokenHash};
use resilience::{Clock, Ids};
use store::{Accounts, Sessions, StoreError};

use crate::{Delivery, Device, IssuedTokens, Keys, RefreshToken, SessionError};

/// Issues tokens.
#[derive(Clone, Debug)]
pub struct Issuer<'a, S, C, I> {
    /// Where sessions are kept.
    pub sessions: &'a S,
    /// The current keys.
    pub keys: Keys,
    /// The time.
    pub clock: &'a C,
    /// Fresh ids and secrets.
    pub ids: &'a I,
}

impl<S: Sessions, C: Clock, I: Ids> Issuer<'_, S, C, I> {
    /// Opens a session for an account, as it was read when the sign-in was decided on: a password that was changed since
    /// ends it. The browser is known from then on.
    ///
    /// # Errors
    ///
    /// There is no key to sign with, or the table is down.
    pub async fn open(&self, account: &Account, delivery: Delivery) -> Result<IssuedTokens, SessionError> {
        let now = self.clock.now();
        let id = SessionId::from_uuid(self.ids.fresh());
        let token = RefreshToken::first(account.id, id, self.ids);
        let session = Session::begin(id, account, token.hash(), now);
        let access_token = self.access_token(account, session.created_at, now)?;
        self.sessions.save_session(&session).await?;
        let device = Some(Device::cookie(&account.email, &self.keys.refresh, self.ids, now));
        let lasts = session.expires_at.since(now);
        Ok(IssuedTokens { access_token, refresh_token: token, delivery, device, lasts })
    }

    /// Gives the successor of a refresh token, and a fresh access token with the account's current role. Asked several
    /// times at once, it gives the same successor. A token that was used before ends the session.
    ///
    /// # Errors
    ///
    /// The session is over, also because of this call; there is no key to sign with, or the table is down.
    pub async fn refresh(
        &self,
        accounts: &impl Accounts,
        shown: &RefreshToken,
        delivery: Delivery,
    ) -> Result<IssuedTokens, SessionError> {
        api::settle(self.clock, self.ids, async || self.attempt(accounts, shown, delivery).await).await
    }

    /// Ends a token's session. Its secret is not checked: only its bearers know the session's id, and presenting an old
    /// token ends it as well.
    ///
    /// # Errors
    ///
    /// The table is down.
    pub async fn end(&self, shown: &RefreshToken) -> Result<(), SessionError> {
        Ok(self.sessions.end_session(shown.account, shown.session).await?)
    }

    async fn attempt(
        &self,
        accounts: &impl Accounts,
        shown: &RefreshToken,
        delivery: Delivery,
    ) -> Result<IssuedTokens, SessionError> {
        let session = self.sessions.session(shown.account, shown.session).await?.ok_or(SessionError::Ended)?;
        let Some(account) = accounts.account(shown.account).await? else { return self.ended(shown).await };
        let (now, signed_in_at) = (self.clock.now(), session.created_at);
        let successors = shown.successors(&self.keys.refresh);
        let hashes: Vec<TokenHash> = successors.iter().map(RefreshToken::hash).collect();
        let current = match session.rotate(&account, &shown.hash(), &hashes, now) {
            Rotation::Rotated(next) => {
                self.sessions.save_session(&next).await?;
                next.current
            }
            Rotation::Repeated => session.current,
            Rotation::Reused => {
                telemetry::count("RefreshTokensReused", 1);
                tracing::warn!(account_id = %shown.account, "a refresh token was used twice, its session ends");
                return self.ended(shown).await;
            }
            Rotation::Over => return self.ended(shown).await,
        };
        let successor = successors.into_iter().zip(hashes).find(|(_, hash)| *hash == current);
        let (refresh_token, _) = successor.ok_or(SessionError::Ended)?;
        let access_token = self.access_token(&account, signed_in_at, now)?;
        let lasts = session.expires_at.since(now);
        Ok(IssuedTokens { access_token, refresh_token, delivery, device: None, lasts })
    }

    async fn ended(&self, shown: &RefreshToken) -> Result<IssuedTokens, SessionError> {
        self.end(shown).await?;
        Err(SessionError::Ended)
    }

    fn access_token(&self, account: &Account, signed_in_at: Timestamp, now: Timestamp) -> Result<String, SessionError> {
        let who = Who::new(account.role, &account.id.to_string());
        let who = who.ok_or_else(|| StoreError::Corrupt(format!("{} has a role of others", account.id)))?;
        let token_id = self.ids.fresh().simple().to_string();
        let caller = Caller { who, token_id, auth_time: Some(signed_in_at) };
        let key = self.keys.signing.active(now).ok_or(SessionError::NoSigningKey)?;
        Ok(mint(&caller, &TokenRules::default(), key, now, ACCESS_TOKEN_LIFETIME)?)
    }
}

#[cfg(test)]
mod tests;
