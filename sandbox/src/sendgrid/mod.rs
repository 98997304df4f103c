//! SendGrid: not there yet; every call is answered 501.

use bytes::Bytes;
use domain::Timestamp;
use http::{Request, Response};
use serde::{Deserialize, Serialize};

use crate::{Refusal, StandIn, answer};

/// What it starts with.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Settings {}

/// The stand-in.
#[derive(Debug)]
pub struct SendGrid {}

impl SendGrid {
    /// Empty.
    pub const fn new(_seed: u64, _settings: &Settings) -> Self {
        Self {}
    }
}

impl StandIn for SendGrid {
    fn handle(&mut self, _now: Timestamp, _request: &Request<Bytes>) -> Response<Bytes> {
        answer::empty(501)
    }

    fn refuse(&mut self, _now: Timestamp, _request: &Request<Bytes>, refusal: Refusal) -> Response<Bytes> {
        answer::empty(refusal.status())
    }

    fn control(&mut self, _now: Timestamp, _request: &Request<Bytes>, _path: &[&str]) -> Response<Bytes> {
        answer::empty(501)
    }
}
