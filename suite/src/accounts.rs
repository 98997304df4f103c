//! The wiring of the functions that are about accounts and sessions.

use api::{ApiError, Request, Response};
use resilience::{Clock, Ids, Transport};
use sessions::Issuer;

use crate::gate::StoreGate;
use crate::ports::Stores;
use crate::suite::Suite;

impl<S: Stores, T: Transport, C: Clock + Clone, I: Ids> Suite<S, T, C, I> {
    /// Runs the handler of a function that needs no keys, or of one that signs somebody in.
    pub(crate) async fn account_endpoint(&self, function: &str, request: Request) -> Result<Response, ApiError> {
        let (clock, ids, passwords, origins) = (&self.clock, &self.ids, &self.passwords, &self.origins);
        let store = &StoreGate::new(&self.store, &self.gate);
        match function {
            "get-me" => get_me::handle(store, request).await,
            "logout" => logout::handle(store, origins, request).await,
            "register" => register::handle(store, store, passwords, clock, ids, request).await,
            "request-password-reset" => request_password_reset::handle(store, store, clock, ids, request).await,
            "reset-password" => {
                let links = self.secrets.links.get().await.map_err(|error| ApiError::Internal(error.into()))?;
                reset_password::handle(store, store, passwords, &links, clock, ids, request).await
            }
            _ => self.session_endpoint(function, request).await,
        }
    }

    async fn session_endpoint(&self, function: &str, request: Request) -> Result<Response, ApiError> {
        let (passwords, origins) = (&self.passwords, &self.origins);
        let store = &StoreGate::new(&self.store, &self.gate);
        let keys = self.secrets.sessions.get().await?;
        let issuer = &Issuer { sessions: store, keys, clock: &self.clock, ids: &self.ids };
        match function {
            "change-password" => change_password::handle(store, store, issuer, passwords, origins, request).await,
            "login" => login::handle(store, store, issuer, passwords, origins, request).await,
            "refresh-token" => refresh_token::handle(store, issuer, origins, request).await,
            "verify-email" => {
                let links = self.secrets.links.get().await.map_err(|error| ApiError::Internal(error.into()))?;
                verify_email::handle(store, store, issuer, passwords, &links, origins, request).await
            }
            _ => Err(ApiError::NotFound("function")),
        }
    }
}
