//! Who may touch what matters most: accounts, keys, and the secrets of providers.

use std::collections::BTreeSet;

use template::{Access, Passport};

use super::model::root;

const WRITES: [&str; 3] = ["DeleteItem", "PutItem", "UpdateItem"];
const STAFF: &str = "usr_0000000000000000000000000000000b";
const CUSTOMER: &str = "cus_00000000000000000000000000000001";

fn functions(may: impl Fn(&Passport) -> bool) -> Vec<String> {
    let passports = template::passports(&root()).unwrap().into_iter();
    passports.filter(|(_, located)| may(&located.passport)).map(|(name, _)| name).collect()
}

/// The functions whose policies allow some write of an item of the identity table with this partition key.
fn writers(key: &str) -> Vec<String> {
    functions(|passport| WRITES.iter().any(|action| passport.allows("identity", action, &[key])))
}

/// The functions that may read this secret.
fn readers(secret: &str) -> Vec<String> {
    functions(|passport| passport.may.iter().any(|(what, _)| what == secret))
}

#[test]
fn an_account_is_written_by_the_functions_that_decide_about_accounts() {
    let of_staff = ["change-password", "erase-me", "login", "request-password-reset", "reset-password", "verify-email"];
    assert_eq!(writers(STAFF), of_staff);
    let of_customers: BTreeSet<_> =
        of_staff.into_iter().chain(["oauth-callback", "register"]).map(str::to_owned).collect();
    assert_eq!(BTreeSet::from_iter(writers(CUSTOMER)), of_customers);
    let deletes = |key: &str| functions(|passport| passport.allows("identity", "DeleteItem", &[key]));
    assert_eq!((deletes(STAFF), deletes(CUSTOMER)), (vec!["erase-me".to_owned()], vec!["erase-me".to_owned()]));
}

#[test]
fn signing_in_with_a_provider_begins_with_nothing_but_its_own_item() {
    let start = template::passports(&root()).unwrap().remove("oauth-start").unwrap().passport;
    for key in [STAFF, CUSTOMER, "email#a@example.com", "identity#ab", "key#key_1", "link#lnk_1", "sessions#cus_1"] {
        assert!(!start.allows("identity", "PutItem", &[key]), "{key}");
    }
    assert!(start.allows("identity", "PutItem", &["flow#ab"]));
}

#[test]
fn an_api_key_is_written_by_four_functions() {
    let expected = ["authorizer", "create-api-key", "notify-expiring-keys", "revoke-api-key"];
    assert_eq!(writers("key#key_00000000000000000000000000000001"), expected);
}

#[test]
fn a_function_counts_against_limits_of_its_own_class() {
    let passports = template::passports(&root()).unwrap();
    for (function, endpoint) in suite::ENDPOINTS {
        let own = endpoint.class.as_str();
        let others = api::Class::ALL.map(api::Class::as_str).into_iter().filter(|class| *class != own);
        let may =
            |class: &str| passports[*function].passport.allows("guards", "UpdateItem", &[format!("bucket#{class}/ab")]);
        assert!(may(own), "{function}: {own}");
        assert_eq!(others.filter(|class| may(class)).collect::<Vec<_>>(), Vec::<&str>::new(), "{function}");
    }
}

#[test]
fn a_providers_secret_is_read_by_whom_it_serves() {
    assert_eq!(readers("stripe-webhook"), ["stripe-webhook"]);
    assert_eq!(readers("sendgrid-webhook"), ["sendgrid-webhook"]);
    assert_eq!(readers("sendgrid"), ["send-email"]);
    assert_eq!(readers("google"), ["sync-sheet"]);
    assert_eq!(readers("oauth"), ["oauth-callback", "oauth-start"]);
    let mut stripes = readers("stripe");
    // Their addresses are in their environment.
    let mut callers = functions(|passport| passport.env.iter().any(|it| it == "STRIPE_API_URL"));
    stripes.sort();
    callers.sort();
    assert_eq!(stripes, callers);
}

#[test]
fn key_patterns_are_no_wider_than_a_kind_of_item() {
    for (function, located) in template::passports(&root()).unwrap() {
        for (what, access) in &located.passport.may {
            let Access::ByKeys(_) = access else { continue };
            for pattern in access.grants().iter().flat_map(|grant| &grant.keys) {
                // Whoever lists orders by status may ask for each of them.
                let is_any = what == "orders/by_status" && *pattern == "*";
                let kind = pattern.strip_suffix('*').unwrap_or(pattern);
                assert!(is_any || (kind.len() >= 4 && !kind.contains('*')), "{function}: {what}: {pattern}");
            }
        }
    }
}
