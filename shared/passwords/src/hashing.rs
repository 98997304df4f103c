//! Argon2id, as PHC strings: `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`.

use std::cell::Cell;

use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use domain::PasswordHash;
use resilience::Ids;

use crate::Password;

/// The memory of one run, in KiB.
pub const MEMORY_KIB: u32 = 19_456;
/// The number of passes.
pub const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Compared with when there is no hash. Its last part is not the hash of a password but invented bytes, so nothing
/// matches it.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm8gc3VjaCBhY2NvdW50IQ$bm9ib2R5J3MgcGFzc3dvcmQgaGFzaCwgbm90aGluZyE";

/// Hashes and compares passwords, and counts how often.
#[derive(Debug, Default)]
pub struct Passwords {
    runs: Cell<u64>,
}

/// A password could not be hashed: there is not enough memory.
#[derive(Debug, thiserror::Error)]
#[error("a password cannot be hashed: {0}")]
pub struct HashError(String);

impl Passwords {
    /// The hash of a password, with a fresh salt.
    ///
    /// # Errors
    ///
    /// [`HashError`].
    pub fn hash(&self, password: &Password, ids: &impl Ids) -> Result<PasswordHash, HashError> {
        self.count();
        let failed = |error: &dyn std::fmt::Display| HashError(error.to_string());
        let salt = ids.fresh();
        let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters().map_err(|error| failed(&error))?);
        let hash = hasher.hash_password_with_salt(password.as_str().as_bytes(), salt.as_bytes());
        Ok(PasswordHash(hash.map_err(|error| failed(&error))?.to_string()))
    }

    /// Whether this is the stored hash's password. Without a hash it is not, after the same work.
    ///
    /// A password that is typed in another form than the one that is stored now costs a second run: the hash may be older
    /// than the rule.
    pub fn verify(&self, password: &Password, stored: Option<&PasswordHash>) -> bool {
        let text = stored.map_or(NOBODYS, |hash| &hash.0);
        let forms = password.as_typed().into_iter().chain([password.as_str()]);
        let mut fits = false;
        for form in forms {
            self.count();
            // No way out in between: a wrong password and a missing account take the same time as a right one.
            fits |= Phc::new(text).is_ok_and(|hash| Argon2::default().verify_password(form.as_bytes(), &hash).is_ok());
        }
        fits && stored.is_some()
    }

    /// Whether the hash was made with other parameters than the current ones, and should be replaced the next time that
    /// the password is known.
    pub fn is_outdated(&self, stored: &PasswordHash) -> bool {
        !stored.0.starts_with(&format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$"))
    }

    /// How many hashes were computed so far: the work that a caller could measure.
    pub const fn runs(&self) -> u64 {
        self.runs.get()
    }

    fn count(&self) {
        self.runs.set(self.runs.get() + 1);
    }
}

fn parameters() -> argon2::Result<Params> {
    Params::new(MEMORY_KIB, PASSES, LANES, None)
}

#[cfg(test)]
mod tests {
    use resilience::SeededIds;
    use serde_json::json;

    use super::*;

    fn password(text: &str) -> Password {
        serde_json::from_value(json!(text)).unwrap()
    }

    #[test]
    fn a_password_fits_its_own_hash_and_no_other() {
        let (passwords, ids) = (Passwords::default(), SeededIds::new(1));
        let hash = passwords.hash(&password("correct horse"), &ids).unwrap();
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.0);
        assert_ne!(hash, passwords.hash(&password("correct horse"), &ids).unwrap(), "each has a salt of its own");
        assert!(passwords.verify(&password("correct horse"), Some(&hash)));
        for wrong in ["correct horse ", "Correct horse", ""] {
            assert!(!passwords.verify(&password(wrong), Some(&hash)), "{wrong}");
        }
        assert_eq!((passwords.runs(), passwords.is_outdated(&hash)), (6, false));
    }

    /// Of `scho\u{308}ne tage` as it was typed: made by the reference implementation's Python binding (`argon2-cffi`).
    const BEFORE: &str =
        "$argon2id$v=19$m=1024,t=2,p=1$YSBzYWx0IG9mIDE2IGJ5dA$oH2MPPbo50h21c2IojfzMcy0WHStxJ0J506D7nyUpAk";

    #[test]
    fn a_password_opens_in_every_form_that_it_is_typed_in() {
        let (passwords, ids) = (Passwords::default(), SeededIds::new(1));
        let (composed, decomposed) = ("sch\u{f6}ne tage", "scho\u{308}ne tage");
        for set in [composed, decomposed] {
            let hash = passwords.hash(&password(set), &ids).unwrap();
            for typed in [composed, decomposed, "scho\u{308}ne\u{a0}tage"] {
                assert!(passwords.verify(&password(typed), Some(&hash)), "{set} {typed}");
            }
            assert!(!passwords.verify(&password("schone tage"), Some(&hash)));
        }
    }

    #[test]
    fn a_password_that_was_set_before_there_was_one_form_still_opens() {
        let passwords = Passwords::default();
        let before = PasswordHash(BEFORE.to_owned());
        assert!(passwords.verify(&password("scho\u{308}ne tage"), Some(&before)));
        assert!(!passwords.verify(&password("schone tage"), Some(&before)));
        assert_eq!(passwords.runs(), 3, "one more for another form, and never more than one");
    }

    #[test]
    fn another_form_is_the_same_work_with_and_without_an_account() {
        let runs = |typed: &str, stored: Option<&PasswordHash>| {
            let passwords = Passwords::default();
            passwords.verify(&password(typed), stored);
            passwords.runs()
        };
        let before = PasswordHash(BEFORE.to_owned());
        for typed in ["scho\u{308}ne tage", "falsche scho\u{308}ne tage"] {
            assert_eq!((runs(typed, Some(&before)), runs(typed, None)), (2, 2), "{typed}");
        }
        assert_eq!((runs("sch\u{f6}ne tage", Some(&before)), runs("sch\u{f6}ne tage", None)), (1, 1));
    }

    #[test]
    fn without_an_account_the_work_is_the_same() {
        let nobodys = PasswordHash(NOBODYS.to_owned());
        let parsed = Phc::new(NOBODYS).unwrap();
        assert!(!Passwords::default().is_outdated(&nobodys), "the current parameters");
        assert_eq!((parsed.salt.unwrap().len(), parsed.hash.unwrap().len()), (16, 32), "as long as any other");
        let passwords = Passwords::default();
        for tried in ["", "no such account!", "nobody's password hash, nothing!"] {
            assert!(!passwords.verify(&password(tried), None));
        }
        assert_eq!(passwords.runs(), 3);
    }

    /// Made by the reference implementation's Python binding (`argon2-cffi`).
    #[test]
    fn hashes_of_other_parameters_are_read_and_found_outdated() {
        let passwords = Passwords::default();
        let other = "$argon2id$v=19$m=1024,t=1,p=2$YSBzYWx0IG9mIDE2IGJ5dA$iCoU+TPXDPoj9fbaVDYepMDhS5Bag9kjU5acKjx3l8g";
        let other = PasswordHash(other.to_owned());
        assert!(passwords.verify(&password("correct horse"), Some(&other)));
        assert!(!passwords.verify(&password("wrong horse"), Some(&other)));
        assert!(passwords.is_outdated(&other));
    }

    #[test]
    fn a_hash_that_cannot_be_read_fits_nothing() {
        let passwords = Passwords::default();
        for text in ["", "plain", "$2b$12$abcdefghijklmnopqrstuv", "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA"] {
            assert!(!passwords.verify(&password("plain"), Some(&PasswordHash(text.to_owned()))), "{text}");
        }
    }
}
