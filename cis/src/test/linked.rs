//! What each function's program links: no provider's client that it does not call, no way to tables where it has none, and
//! nothing that hashes passwords without the processor for it.

use std::path::Path;

use template::Access;
use tokio::process::Command;

use crate::checks::{CheckError, Count};
use crate::cloud::build;
use crate::paths;

/// The clients of providers, each with the secrets without which nobody calls that provider or hears from it.
const CLIENTS: [(&str, &[&str]); 4] = [
    ("stripe", &["stripe", "stripe-webhook"]),
    ("mail", &["sendgrid", "sendgrid-webhook"]),
    ("google_sheets", &["google"]),
    ("oidc", &["oauth"]),
];
/// Calls nobody: a price must be one that Stripe can charge, and Stripe's client knows which are.
const ONLY_ASKS: (&str, &str) = ("put-product", "stripe");
/// The way to the tables.
const TABLES: &str = "aws_sdk_dynamodb";
/// What hashes passwords, and the memory in MB that comes with a whole processor.
const HASHING: (&str, u32) = ("passwords", 1769);

/// Builds every function's program and reads its symbols.
///
/// # Errors
///
/// A function does not build, or a program links what it must not, or lacks what it needs; all of them are named.
pub async fn check() -> Result<Count, CheckError> {
    let programs = build::functions(false).await.map_err(|error| CheckError::Missing(error.to_string()))?;
    let passports = template::passports(&paths::root()).map_err(|error| CheckError::Missing(error.to_string()))?;
    let mut findings = Vec::new();
    for (name, program) in &programs {
        let symbols = symbols(program).await?;
        let Some(located) = passports.get(name) else { continue };
        let passport = &located.passport;
        let may = |secrets: &[&str]| passport.may.iter().any(|(what, _)| secrets.contains(&what.as_str()));
        let clients = CLIENTS.map(|(client, secrets)| (client, may(secrets) || (name.as_str(), client) == ONLY_ASKS));
        let has_tables = passport.may.iter().any(|(_, access)| matches!(access, Access::ByKeys(_)));
        let others = [(TABLES, has_tables), (HASHING.0, passport.memory == Some(HASHING.1))];
        let expected = clients.into_iter().chain(others);
        let wrong = expected.filter(|(client, expected)| links(&symbols, client) != *expected);
        findings.extend(wrong.map(|(client, expected)| {
            if expected { format!("{name} does not link {client}") } else { format!("{name} links {client}") }
        }));
    }
    match findings.as_slice() {
        [] => Ok(Count { passed: programs.len(), failed: 0 }),
        _ => Err(CheckError::Missing(findings.join(", "))),
    }
}

/// The program's symbols as `nm` of the compiler's binutils lists them: development builds keep them.
async fn symbols(program: &Path) -> Result<String, CheckError> {
    let failed = |error| CheckError::Start(format!("nm {}", program.display()), error);
    let output = Command::new("nm").arg(program).output().await.map_err(failed)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether there is a function of this crate: a mangled name has each part's length before it.
fn links(symbols: &str, name: &str) -> bool {
    symbols.contains(&format!("_ZN{}{name}", name.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_is_seen_by_its_symbols_and_by_no_longer_name() {
        let symbols = "0000 T _ZN6stripe6client4send17h0E\n0001 t _ZN13google_sheets3row17h0E\n";
        assert!(links(symbols, "stripe") && links(symbols, "google_sheets"));
        assert!(!links(symbols, "sheets") && !links(symbols, "mail"));
    }
}
