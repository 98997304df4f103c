//! What a function cannot work without.

use std::process;

use telemetry::chain;

/// The value, or the end of this process: Lambda starts another one, and the log says what it lacks.
pub fn or_end<T>(value: Result<T, impl std::error::Error + 'static>) -> T {
    value.unwrap_or_else(|error| {
        tracing::error!(error = %chain(&error), "the function cannot work");
        process::exit(1)
    })
}

/// A setting, or the end of this process.
pub fn required<T: std::str::FromStr>(name: &'static str) -> T {
    or_end(settings::required(name))
}

/// A setting or its default; the end of this process where it is illegible.
pub fn or_default<T: std::str::FromStr>(name: &'static str, default: T) -> T {
    or_end(settings::or_default(name, default))
}
