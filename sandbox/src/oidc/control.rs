//! The provider's control API:
//!
//! - `POST /_sandbox/oidc/misprint` `{"header","claims","signature"}`: what is wrong with the next ID token
//! - `POST /_sandbox/oidc/rotate`: another key id from now on

use bytes::Bytes;
use http::{Method, Request, Response};

use super::Oidc;
use crate::answer;

impl Oidc {
    pub(super) fn answer_control(&mut self, request: &Request<Bytes>, path: &[&str]) -> Response<Bytes> {
        match (request.method(), path) {
            (&Method::POST, ["misprint"]) => match serde_json::from_slice(request.body()) {
                Ok(misprint) => {
                    self.misprint_next(misprint);
                    answer::empty(204)
                }
                Err(error) => answer::problem(400, &error.to_string()),
            },
            (&Method::POST, ["rotate"]) => {
                self.rotate_key();
                answer::empty(204)
            }
            _ => answer::problem(404, "there are POST misprint and POST rotate"),
        }
    }
}
