//! Emails: sent once for each event, and followed until they are delivered.
//!
//! A module is a function; `src/bin` has its program, and the passport beside `src` says what AWS has to know of it.

pub mod send_email;
pub mod sendgrid_webhook;
