//! The wiring of the functions that are about accounts and sessions.

use api::{ApiError, Request, Response};
use resilience::{Clock, Ids, Transport};
use sessions::Issuer;
use settings::SecretError;

use crate::gate::StoreGate;
use crate::ports::Stores;
use crate::suite::Suite;

impl<S: Stores, T: Transport, C: Clock + Clone, I: Ids> Suite<S, T, C, I> {
    /// Runs the handler of a function that needs no keys, or of one that signs somebody in.
    pub(crate) async fn account_endpoint(&self, function: &str, request: Request) -> Result<Response, ApiError> {
        let (clock, ids, passwords, origins) = (&self.clock, &self.ids, &self.passwords, &self.origins);
        let store = &StoreGate::new(&self.store, &self.gate);
        match function {
            "erase-me" => accounts::erase_me::handle(store, store, passwords, clock, ids, request).await,
            "get-me" => accounts::get_me::handle(store, request).await,
            "logout" => accounts::logout::handle(store, origins, request).await,
            "oauth-callback" => self.oauth_callback(request).await,
            "oauth-start" => {
                let providers = self.secrets.oauth.get().await.map_err(internal)?;
                let (open_id, addresses) = (&self.clients.open_id, &self.addresses());
                accounts::oauth_start::handle(store, &providers, open_id, addresses, clock, ids, request).await
            }
            "register" => accounts::register::handle(store, store, passwords, clock, ids, request).await,
            "request-password-reset" => {
                accounts::request_password_reset::handle(store, store, clock, ids, request).await
            }
            "reset-password" => {
                let links = self.secrets.links.get().await.map_err(internal)?;
                accounts::reset_password::handle(store, store, passwords, &links, clock, ids, request).await
            }
            _ => self.session_endpoint(function, request).await,
        }
    }

    async fn oauth_callback(&self, request: Request) -> Result<Response, ApiError> {
        let store = &StoreGate::new(&self.store, &self.gate);
        let (open_id, addresses) = (&self.clients.open_id, &self.addresses());
        let sign_in =
            accounts::oauth_callback::SignIn { store, open_id, addresses, clock: &self.clock, ids: &self.ids };
        let providers = self.secrets.oauth.get().await.map_err(internal);
        accounts::oauth_callback::handle(&sign_in, providers, self.secrets.sessions.get().await, request).await
    }

    fn addresses(&self) -> oidc::Addresses {
        oidc::Addresses { api: self.settings.api_public_url.clone(), web: self.settings.public_url.clone() }
    }

    async fn session_endpoint(&self, function: &str, request: Request) -> Result<Response, ApiError> {
        let (passwords, origins) = (&self.passwords, &self.origins);
        let store = &StoreGate::new(&self.store, &self.gate);
        let keys = self.secrets.sessions.get().await?;
        let issuer = &Issuer { sessions: store, keys, clock: &self.clock, ids: &self.ids };
        match function {
            "change-password" => {
                accounts::change_password::handle(store, store, issuer, passwords, origins, request).await
            }
            "login" => accounts::login::handle(store, store, issuer, passwords, origins, request).await,
            "refresh-token" => accounts::refresh_token::handle(store, issuer, origins, request).await,
            "verify-email" => {
                let links = self.secrets.links.get().await.map_err(internal)?;
                accounts::verify_email::handle(store, store, issuer, passwords, &links, origins, request).await
            }
            _ => Err(ApiError::NotFound("function")),
        }
    }
}

fn internal(error: SecretError) -> ApiError {
    ApiError::Internal(error.into())
}
