//! Passwords: how they are hashed and compared, and which ones are accepted.
//!
//! Argon2id (RFC 9106) with 19 MiB, two passes and one lane, the first choice of the OWASP Password Storage Cheat
//! Sheet. The work is the same whether or not there is an account. Must not know HTTP, nor the store.

mod hashing;
mod password;
mod rules;

pub use hashing::{HashError, MEMORY_KIB, PASSES, Passwords};
pub use password::{MAX_LENGTH, Password};
pub use rules::{MIN_LENGTH, WeakPassword};
