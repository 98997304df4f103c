//! Stripe's test payment methods and what each of them does (docs.stripe.com/testing).

/// What comes of charging a payment method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// Paid at once.
    Succeeds,
    /// Declined at once.
    Declines(Decline),
    /// 3-D Secure first; what comes after it is declined when there is a reason.
    Authenticates(Option<Decline>),
    /// 3-D Secure where the shop asks for it, as `Authenticates` then; paid at once otherwise.
    AuthenticatesOnRequest(Option<Decline>),
    /// Sits in `processing` for days; fails in the end when there is a reason.
    Processes(Option<Decline>),
}

/// Why a charge is declined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decline {
    /// Stripe's `code`.
    pub code: &'static str,
    /// The bank's reason.
    pub reason: Option<&'static str>,
    /// What the customer typed wrong.
    pub param: Option<&'static str>,
    /// For the customer.
    pub message: &'static str,
}

/// What happens to a paid charge later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aftermath {
    /// Nothing.
    None,
    /// The customer disputes it, for this reason.
    Dispute(&'static str),
    /// The customer's bank asks first.
    Inquiry,
    /// The customer disputes two parts of it.
    TwoDisputes,
    /// Its refunds succeed at first and fail later.
    RefundFails,
    /// Its refunds are pending at first and succeed later.
    RefundPends,
}

/// A test payment method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TestMethod {
    /// Card number, account number or IBAN.
    pub number: &'static str,
    /// Its ready-made id, as in `pm_card_visa`.
    pub id: &'static str,
    /// Stripe's payment method type.
    pub kind: &'static str,
    /// Card brand; empty for bank accounts.
    pub brand: &'static str,
    /// What comes of charging it.
    pub behaviour: Behaviour,
    /// What happens later.
    pub aftermath: Aftermath,
}

impl TestMethod {
    /// The last four characters of the number.
    pub fn last4(&self) -> &'static str {
        &self.number[self.number.len().saturating_sub(4)..]
    }
}

const fn declined(reason: &'static str, message: &'static str) -> Decline {
    Decline { code: "card_declined", reason: Some(reason), param: None, message }
}

/// A decline whose code is the bank's reason too.
const fn coded(code: &'static str, param: Option<&'static str>, message: &'static str) -> Decline {
    Decline { code, reason: Some(code), param, message }
}

const DECLINED: &str = "Your card was declined.";
const PROCESSING_ERROR: Decline =
    coded("processing_error", None, "An error occurred while processing your card. Try again in a little bit.");
/// The bank's plain no.
pub const GENERIC: Decline = declined("generic_decline", DECLINED);
const NO_FUNDS: Decline = declined("insufficient_funds", "Your card has insufficient funds.");
const ACCOUNT_EMPTY: Decline = Decline {
    code: "payment_intent_payment_attempt_failed",
    reason: Some("insufficient_funds"),
    param: None,
    message: "The customer's account has insufficient funds to cover this payment.",
};
/// A card that is not a test card.
pub const NO_TEST_CARD: Decline = declined(
    "test_mode_live_card",
    "Your card was declined. Your request was in test mode, but used a non test card. For a list of valid test cards, \
     visit: https://stripe.com/docs/testing.",
);

const fn card(number: &'static str, id: &'static str, behaviour: Behaviour) -> TestMethod {
    TestMethod { number, id, kind: "card", brand: "visa", behaviour, aftermath: Aftermath::None }
}

const fn other_brand(number: &'static str, id: &'static str, brand: &'static str) -> TestMethod {
    TestMethod { brand, ..card(number, id, Behaviour::Succeeds) }
}

const fn later(number: &'static str, id: &'static str, aftermath: Aftermath) -> TestMethod {
    TestMethod { aftermath, ..card(number, id, Behaviour::Succeeds) }
}

const fn bank(kind: &'static str, number: &'static str, id: &'static str, fails: Option<Decline>) -> TestMethod {
    TestMethod { kind, brand: "", ..card(number, id, Behaviour::Processes(fails)) }
}

use Aftermath::{Dispute, Inquiry, RefundFails, RefundPends, TwoDisputes};
use Behaviour::{Authenticates, AuthenticatesOnRequest, Declines, Succeeds};

/// Every test payment method that the stand-in knows.
pub const TEST_METHODS: &[TestMethod] = &[
    card("4242424242424242", "pm_card_visa", Succeeds),
    card("4000056655665556", "pm_card_visa_debit", Succeeds),
    other_brand("5555555555554444", "pm_card_mastercard", "mastercard"),
    other_brand("5200828282828210", "pm_card_mastercard_debit", "mastercard"),
    other_brand("378282246310005", "pm_card_amex", "amex"),
    other_brand("6011111111111117", "pm_card_discover", "discover"),
    other_brand("3056930009020004", "pm_card_diners", "diners"),
    other_brand("3566002020360505", "pm_card_jcb", "jcb"),
    other_brand("6200000000000005", "pm_card_unionpay", "unionpay"),
    card("4000000000000077", "pm_card_bypassPending", Succeeds),
    card("4000002760000016", "pm_card_nl", Succeeds),
    card("4000002760003184", "pm_card_authenticationRequired", Authenticates(None)),
    card("4000002500003155", "pm_card_authenticationRequiredOnSetup", Authenticates(None)),
    card("4000000000003220", "pm_card_threeDSecure2Required", Authenticates(None)),
    card("4000000000003063", "pm_card_threeDSecureRequired", Authenticates(None)),
    card("4000000000003055", "pm_card_threeDSecureOptional", AuthenticatesOnRequest(None)),
    card(
        "4000000000003097",
        "pm_card_threeDSecureOptionalProcessingError",
        AuthenticatesOnRequest(Some(PROCESSING_ERROR)),
    ),
    card("4000008400001280", "pm_card_threeDSecureRequiredProcessingError", Authenticates(Some(PROCESSING_ERROR))),
    card("4000003800000446", "pm_card_authenticationRequiredSetupForOffSession", Authenticates(None)),
    card("4000008400001629", "pm_card_threeDSecureRequiredChargeDeclined", Authenticates(Some(GENERIC))),
    card(
        "4000008260003178",
        "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
        Authenticates(Some(NO_FUNDS)),
    ),
    card("4000000000000002", "pm_card_visa_chargeDeclined", Declines(GENERIC)),
    card("4000000000009995", "pm_card_visa_chargeDeclinedInsufficientFunds", Declines(NO_FUNDS)),
    card("4000000000009987", "pm_card_visa_chargeDeclinedLostCard", Declines(declined("lost_card", DECLINED))),
    card("4000000000009979", "pm_card_visa_chargeDeclinedStolenCard", Declines(declined("stolen_card", DECLINED))),
    card(
        "4000000000000069",
        "pm_card_chargeDeclinedExpiredCard",
        Declines(coded("expired_card", Some("exp_month"), "Your card has expired.")),
    ),
    card(
        "4000000000000127",
        "pm_card_chargeDeclinedIncorrectCvc",
        Declines(coded("incorrect_cvc", Some("cvc"), "Your card's security code is incorrect.")),
    ),
    card("4000000000000119", "pm_card_chargeDeclinedProcessingError", Declines(PROCESSING_ERROR)),
    card(
        "4000000000000101",
        "pm_card_cvcCheckFail",
        Declines(coded("incorrect_cvc", Some("cvc"), "Your card's security code is incorrect.")),
    ),
    card("4000000000000036", "pm_card_avsZipFail", Succeeds),
    card("4000000000004954", "pm_card_riskLevelHighest", Declines(declined("fraudulent", DECLINED))),
    card("4000000000009235", "pm_card_riskLevelElevated", Succeeds),
    card("4100000000000019", "pm_card_radarBlock", Declines(declined("fraudulent", DECLINED))),
    card(
        "4000000000006975",
        "pm_card_visa_chargeDeclinedVelocityLimitExceeded",
        Declines(declined(
            "card_velocity_exceeded",
            "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
        )),
    ),
    // Can be attached to a customer, and declines when it is charged.
    card("4000000000000341", "pm_card_chargeCustomerFail", Declines(GENERIC)),
    later("4000000000000259", "pm_card_createDispute", Dispute("fraudulent")),
    later("4000000000002685", "pm_card_createDisputeProductNotReceived", Dispute("product_not_received")),
    later("4000000000001976", "pm_card_createDisputeInquiry", Inquiry),
    later("4000000404000079", "pm_card_createMultipleDisputes", TwoDisputes),
    later("4000000404000038", "pm_card_createCe3EligibleDispute", Dispute("fraudulent")),
    later("4000008400000779", "pm_card_createComplianceDispute", Dispute("noncompliant")),
    later("4000000000005126", "pm_card_refundFail", RefundFails),
    later("4000000000007726", "pm_card_pendingRefund", RefundPends),
    bank("us_bank_account", "000123456789", "pm_usBankAccount_success", None),
    bank("us_bank_account", "000222222227", "pm_usBankAccount_insufficientFunds", Some(ACCOUNT_EMPTY)),
    bank("sepa_debit", "AT611904300234573201", "pm_sepaDebit_success", None),
    bank("sepa_debit", "DE89370400440532013000", "pm_sepaDebit_success_de", None),
    bank("sepa_debit", "AT861904300235473202", "pm_sepaDebit_insufficientFunds", Some(ACCOUNT_EMPTY)),
    bank("sepa_debit", "DE62370400440532013001", "pm_sepaDebit_insufficientFunds_de", Some(ACCOUNT_EMPTY)),
];

/// Other spellings of the same ids.
const ALIASES: &[(&str, &str)] = &[
    ("pm_card_chargeDeclined", "pm_card_visa_chargeDeclined"),
    ("pm_card_chargeDeclinedInsufficientFunds", "pm_card_visa_chargeDeclinedInsufficientFunds"),
    ("pm_card_visa_chargeDeclinedExpiredCard", "pm_card_chargeDeclinedExpiredCard"),
    ("pm_card_visa_chargeDeclinedIncorrectCvc", "pm_card_chargeDeclinedIncorrectCvc"),
    ("pm_card_visa_chargeDeclinedProcessingError", "pm_card_chargeDeclinedProcessingError"),
    ("pm_card_chargeDeclinedFraudulent", "pm_card_radarBlock"),
    ("pm_card_us", "pm_card_visa"),
    ("pm_usBankAccount", "pm_usBankAccount_success"),
    ("pm_sepaDebit", "pm_sepaDebit_success"),
];

/// The test method behind a ready-made id or a token (`tok_visa` is `pm_card_visa`).
pub fn by_id(id: &str) -> Option<&'static TestMethod> {
    let id = id.strip_prefix("tok_").map_or_else(|| id.to_owned(), |name| format!("pm_card_{name}"));
    let id = ALIASES.iter().find(|(alias, _)| *alias == id).map_or(id.as_str(), |(_, id)| *id);
    TEST_METHODS.iter().find(|method| method.id == id)
}

/// The test method of that number, written with or without spaces.
pub fn by_number(number: &str) -> Option<&'static TestMethod> {
    let plain: String = number.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    TEST_METHODS.iter().find(|method| method.number == plain)
}

/// Whether the digits are a possible card number (ISO/IEC 7812, Luhn).
pub fn is_card_number(number: &str) -> bool {
    let digits: Option<Vec<u32>> = number.chars().filter(|c| !matches!(c, ' ' | '-')).map(|c| c.to_digit(10)).collect();
    let Some(digits) = digits.filter(|digits| (12..=19).contains(&digits.len())) else { return false };
    let sum: u32 = digits.iter().rev().enumerate().map(|(place, digit)| luhn(place, *digit)).sum();
    sum.is_multiple_of(10)
}

fn luhn(place: usize, digit: u32) -> u32 {
    if place.is_multiple_of(2) {
        return digit;
    }
    let doubled = digit * 2;
    if doubled > 9 { doubled - 9 } else { doubled }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_card_is_a_card_number_and_found_both_ways() {
        for method in TEST_METHODS {
            assert_eq!(by_id(method.id), Some(method));
            assert_eq!(by_number(method.number), Some(method));
            if method.kind == "card" {
                assert!(is_card_number(method.number), "{}", method.number);
            }
        }
        for (alias, id) in ALIASES {
            assert_eq!(by_id(alias).map(|method| method.id), Some(*id));
        }
        assert_eq!(by_id("tok_visa"), by_number("4242 4242 4242 4242"));
    }

    #[test]
    fn typing_errors_are_seen() {
        assert!(!is_card_number("4242424242424241"));
        assert!(!is_card_number("4242"));
        assert!(!is_card_number("not a card"));
        assert!(is_card_number("4111 1111 1111 1111"));
    }

    #[test]
    fn the_cards_that_facts_name_behave_so() {
        for (number, behaviour) in [
            ("4242424242424242", Succeeds),
            ("4000000000000002", Declines(GENERIC)),
            ("4000000000009995", Declines(NO_FUNDS)),
            ("4000002500003155", Authenticates(None)),
            ("4000000000003220", Authenticates(None)),
            ("4000000000000341", Declines(GENERIC)),
        ] {
            assert_eq!(by_number(number).unwrap().behaviour, behaviour, "{number}");
        }
    }
}
