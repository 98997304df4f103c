//! Parses `template.yaml` into a [`Wiring`]: the configuration of API Gateway, SNS, SQS and Lambda for the functions.
//!
//! Only what the suite carries out is read. What it would have to guess is an error, so that the template cannot say
//! something that the suite silently ignores.

mod document;
mod read;
mod wiring;

pub use read::TemplateError;
pub use wiring::{
    Authorization, Authorizer, Cors, Function, Queue, QueueMapping, Redrive, Route, Schedule, Segment, StreamMapping,
    Subscription, Wiring,
};

#[cfg(test)]
mod tests;
