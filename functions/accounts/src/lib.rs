//! Accounts, sessions and API keys: who somebody is, and how they show it.
//!
//! A module is a function; `src/bin` has its program, and the passport beside `src` says what AWS has to know of it.

pub mod account_stream;
pub mod change_password;
pub mod create_api_key;
pub mod erase_me;
pub mod get_me;
pub mod list_api_keys;
pub mod login;
pub mod logout;
pub mod notify_expiring_keys;
pub mod oauth_callback;
pub mod oauth_start;
pub mod refresh_token;
pub mod register;
pub mod request_password_reset;
pub mod reset_password;
pub mod revoke_api_key;
pub mod verify_email;
