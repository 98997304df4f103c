//! Which passwords are accepted (NIST SP 800-63B-4, section 3.1.1.2): long ones, whatever they consist of, that are not
//! among the first guesses.

use std::collections::BTreeSet;

use domain::{EmailAddress, FieldError};

use crate::Password;

/// The shortest password in characters.
pub const MIN_LENGTH: usize = 10;
/// A password with fewer different characters is a pattern.
const MIN_DIFFERENT: usize = 4;

/// Passwords that are guessed first, in lower case and without the digits and signs that people put around them: chosen
/// by hand, and below them those of public lists of leaked passwords, made by `common.py` beside `src`.
const COMMON: [&str; 2] = [include_str!("well_known.txt"), include_str!("common.txt")];

/// Signs on the keys of the digits 1 to 0: who types a common password with the shift key types these.
const SHIFTED: &str = "!@#$%^&*()";
/// What people put in the place of letters.
const IN_PLACE_OF: [(char, char); 9] =
    [('0', 'o'), ('1', 'i'), ('!', 'i'), ('3', 'e'), ('4', 'a'), ('@', 'a'), ('5', 's'), ('$', 's'), ('7', 't')];

/// Why a password is refused; the message is for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Fewer than [`MIN_LENGTH`] characters.
    #[error("must have at least {MIN_LENGTH} characters")]
    TooShort,
    /// It is contained in the email address, or contains it.
    #[error("must not resemble the email address")]
    LikeAddress,
    /// One of the first guesses.
    #[error("is too common")]
    WellKnown,
}

impl Password {
    /// Checks whether it may become the password of the account with this email address.
    ///
    /// # Errors
    ///
    /// [`WeakPassword`].
    pub fn check(&self, address: &EmailAddress) -> Result<(), WeakPassword> {
        let text = self.as_str().to_lowercase();
        if text.chars().count() < MIN_LENGTH {
            return Err(WeakPassword::TooShort);
        }
        if is_like(&text, &address.as_str().to_lowercase()) {
            return Err(WeakPassword::LikeAddress);
        }
        if is_well_known(&text) { Err(WeakPassword::WellKnown) } else { Ok(()) }
    }

    /// As [`check`](Self::check), with the field in which the client sent it.
    ///
    /// # Errors
    ///
    /// The field and what is wrong with it.
    pub fn check_field(&self, field: &str, address: &EmailAddress) -> Result<(), FieldError> {
        self.check(address).map_err(|weak| FieldError::new(field, weak.to_string()))
    }
}

/// The address, its parts, or one of them with digits and signs around it.
fn is_like(text: &str, address: &str) -> bool {
    let (local, host) = address.rsplit_once('@').unwrap_or((address, ""));
    let own = bare(text);
    [address, local, host].contains(&text) || (!own.is_empty() && [address, bare(local), host].contains(&own))
}

fn is_well_known(text: &str) -> bool {
    let different: BTreeSet<char> = text.chars().collect();
    let (unshifted, spelled) = (unshifted(text), spelled(bare(text)));
    let is_guessed = |text: &str| {
        [text, bare(text)].into_iter().any(|text| is_listed(text) || is_listed(repeated(text)))
            || is_row_of_neighbours(text)
    };
    different.len() < MIN_DIFFERENT || [text, &unshifted, &spelled].into_iter().any(is_guessed)
}

fn is_listed(text: &str) -> bool {
    COMMON.into_iter().flat_map(str::lines).any(|common| common == text)
}

/// Without the digits and signs around it.
fn bare(text: &str) -> &str {
    text.trim_matches(|char: char| !char.is_alphabetic())
}

/// As if the shift key had not been held: `!QAZ2wsx` as `1QAZ2wsx`.
fn unshifted(text: &str) -> String {
    let digit = |sign| SHIFTED.chars().zip("1234567890".chars()).find(|(shifted, _)| *shifted == sign);
    text.chars().map(|char| digit(char).map_or(char, |(_, digit)| digit)).collect()
}

/// With letters for what stands in their place: `p4ssw0rd` as `password`.
fn spelled(text: &str) -> String {
    let letter = |sign| IN_PLACE_OF.into_iter().find(|(stands, _)| *stands == sign);
    text.chars().map(|char| letter(char).map_or(char, |(_, letter)| letter)).collect()
}

/// The part that the text repeats: `monkey` of `monkeymonkey`. The text itself when it repeats none.
fn repeated(text: &str) -> &str {
    let parts = text.char_indices().skip(1).map(|(end, _)| &text[..end]);
    let mut repeated = parts.filter(|part| text.len().is_multiple_of(part.len()));
    repeated.find(|part| part.repeat(text.len() / part.len()) == text).unwrap_or(text)
}

/// `1234567890`, `abcdefghij`, `9876543210`.
fn is_row_of_neighbours(text: &str) -> bool {
    let steps: BTreeSet<i64> = text
        .chars()
        .zip(text.chars().skip(1))
        .map(|(a, b)| i64::from(u32::from(b)) - i64::from(u32::from(a)))
        .collect();
    steps.iter().all(|step| [1, -9].contains(step)) || steps.iter().all(|step| [-1, 9].contains(step))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<(), WeakPassword>) {
        let password: Password = serde_json::from_value(json!(text)).unwrap();
        let address = "anna.example@shop.example".parse().unwrap();
        assert_eq!(password.check(&address), expected, "{text}");
    }

    #[test]
    fn long_ones_are_taken_whatever_they_consist_of() {
        for text in
            ["correct horse", "tausend schöne tage", "aaaaaabbbbccd", "zq7!zq7!zq7!", "パスワードは秘密の言葉です"]
        {
            check(text, Ok(()));
        }
    }

    #[test]
    fn short_ones_are_not() {
        // The last one has eleven characters as it is typed, and nine in its one form.
        for text in ["", "123456789", "sh0rt+Odd", "scho\u{308}ne u\u{308}b"] {
            check(text, Err(WeakPassword::TooShort));
        }
    }

    #[test]
    fn the_address_is_no_password() {
        for text in ["Anna.Example@shop.example", "anna.example", "shop.example", "anna.example99!", "__anna.example"] {
            check(text, Err(WeakPassword::LikeAddress));
        }
    }

    #[test]
    fn what_is_guessed_first_is_refused() {
        for text in [
            "password123",
            "Password2026!",
            "!!passwort!!",
            "qwertyuiop",
            "qwertzuiop1",
            "1q2w3e4r5t",
            "1234567890",
            "12345678901234",
            "9876543210",
            "abcdefghij",
            "aaaaaaaaaa",
            "121212121212",
            "iloveyou1234",
        ] {
            check(text, Err(WeakPassword::WellKnown));
        }
    }

    #[test]
    fn the_list_has_no_line_that_can_never_match() {
        for line in COMMON.into_iter().flat_map(str::lines) {
            assert_eq!(line, line.to_lowercase());
            assert!(line == bare(line) || line.chars().count() >= MIN_LENGTH, "{line}");
        }
    }

    #[test]
    fn leaked_passwords_are_refused_also_as_people_vary_them() {
        for text in [
            "christopher",
            "Strawberry!",
            "terminator99",
            "charlotte2024",
            "1q2w3e4r5t6y7u8i9o0p",
            "!QAZ2wsx#EDC",
            "!@#$%^&*()",
            "P4$$w0rd2026",
            "dr4g0n12345",
            "monkeymonkey",
            "QwertyQwerty1",
            "liverpool1892",
            "michael19851985",
            "iloveyou!!!!!!",
            "football2026",
            "hallo123456",
        ] {
            check(text, Err(WeakPassword::WellKnown));
        }
        for text in ["monkey eats banana", "my horse has 4 legs", "Zk4-vR9w-pLx2", "grün ist die hoffnung"] {
            check(text, Ok(()));
        }
    }
}
