//! The API: what API Gateway does with a request before and after the function.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use resilience::{Clock, Ids, Transport};
use serde_json::Value;

use crate::call_error::CallError;
use crate::gateway::{self, Call};
use crate::ports::Stores;
use crate::suite::Suite;
use crate::template::{Authorization, Authorizer};

/// API Gateway waits no longer for an integration.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);
/// API Gateway takes no larger body.
const MAX_BODY: usize = 10 * 1024 * 1024;

impl<S: Stores, T: Transport, C: Clock + Clone, I: Ids> Suite<S, T, C, I> {
    /// Answers a request as the API would: preflight, route, authorizer, function.
    pub async fn http(&self, request: Request<Bytes>) -> Response<Bytes> {
        let Some(cors) = &self.wiring.cors else { return self.answer(request).await };
        if let Some(preflight) = gateway::preflight(cors, &request) {
            return preflight;
        }
        let origin = request.headers().get(header::ORIGIN).cloned();
        let mut response = self.answer(request).await;
        gateway::mark(cors, origin.as_ref(), &mut response);
        response
    }

    async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let (method, path) = (request.method().as_str(), request.uri().path());
        let Some(found) = gateway::find(&self.wiring.routes, method, path) else {
            return gateway::message(StatusCode::NOT_FOUND, "Not Found");
        };
        if request.body().len() > MAX_BODY {
            return gateway::message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
        }
        let request_id = self.warm.ids.fresh().to_string();
        let call = Call { request: &request, found: &found, request_id: &request_id, now: self.warm.clock.now() };
        let context = match (found.route.authorization, &self.wiring.authorizer) {
            (Authorization::Public, _) => None,
            (Authorization::Authorizer, Some(authorizer)) => match self.authorize(authorizer, &call).await {
                Ok(context) => Some(context),
                Err(refusal) => return refusal,
            },
            (Authorization::Authorizer, None) => return server_error(),
        };
        let event = gateway::function_event(&call, context.as_ref());
        let invocation = self.call(&found.route.function, event);
        tokio::select! {
            biased;
            result = invocation => result.map_or_else(|_| server_error(), |answer| gateway::of_function(&answer)),
            () = self.warm.clock.sleep(INTEGRATION_TIMEOUT) => {
                gateway::message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
            }
        }
    }

    /// The authorizer's context, from its cache or from the function.
    async fn authorize(&self, authorizer: &Authorizer, call: &Call<'_>) -> Result<Value, Response<Bytes>> {
        let identity = call.request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let identity = identity.filter(|identity| !identity.is_empty());
        let identity = identity.ok_or_else(|| gateway::message(StatusCode::UNAUTHORIZED, "Unauthorized"))?;
        let answer = match self.authorizer_cache.get(identity, call.now) {
            Some(answer) => answer,
            None => self.ask(authorizer, call, identity).await.map_err(|_| server_error())?,
        };
        if answer["isAuthorized"] == true {
            Ok(answer["context"].clone())
        } else {
            Err(gateway::message(StatusCode::FORBIDDEN, "Forbidden"))
        }
    }

    async fn ask(&self, authorizer: &Authorizer, call: &Call<'_>, identity: &str) -> Result<Value, CallError> {
        let answer = self.call(&authorizer.function, gateway::authorizer_event(call, identity)).await?;
        let now = self.warm.clock.now();
        self.authorizer_cache.keep(identity, now.plus(authorizer.cached_for), now, &answer);
        Ok(answer)
    }
}

fn server_error() -> Response<Bytes> {
    gateway::message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
}
