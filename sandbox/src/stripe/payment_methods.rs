//! Payment methods: the ready-made test ones, and those made from a card number or bank account.

use serde_json::{Value, json};

use super::{
    Answer, Context, Stripe, cards,
    cards::{Behaviour, TestMethod},
    collection::Resource,
    errors::ApiError,
    form::Form,
};

/// A payment method.
#[derive(Clone, Debug)]
pub struct PaymentMethod {
    pub id: String,
    pub created: i64,
    pub test: TestMethod,
    pub expiry: (i64, i64),
    pub billing_email: Option<String>,
}

impl Resource for PaymentMethod {
    const OBJECT: &'static str = "PaymentMethod";
    const PATH: &'static str = "payment_methods";

    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> i64 {
        self.created
    }

    fn view(&self) -> Value {
        let mut view = json!({
            "id": self.id,
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": self.billing_details(),
            "created": self.created,
            "customer": null,
            "customer_account": null,
            "livemode": false,
            "metadata": {},
            "type": self.test.kind,
        });
        view[self.test.kind] = self.details();
        view
    }
}

impl PaymentMethod {
    /// The part of the object that is named by its type.
    fn details(&self) -> Value {
        match self.test.kind {
            "card" => json!({
                "brand": self.test.brand,
                "checks": checks(),
                "country": "US",
                "display_brand": self.test.brand,
                "exp_month": self.expiry.0,
                "exp_year": self.expiry.1,
                "fingerprint": FINGERPRINT,
                "funding": "credit",
                "generated_from": null,
                "last4": self.test.last4(),
                "networks": { "available": [self.test.brand], "preferred": null },
                "regulated_status": "unregulated",
                "three_d_secure_usage": { "supported": true },
                "wallet": null,
            }),
            "us_bank_account" => json!({
                "account_holder_type": "individual",
                "account_type": "checking",
                "bank_name": "STRIPE TEST BANK",
                "financial_connections_account": null,
                "fingerprint": FINGERPRINT,
                "last4": self.test.last4(),
                "networks": { "preferred": "ach", "supported": ["ach"] },
                "routing_number": "110000000",
                "status_details": {},
            }),
            _ => json!({
                "bank_code": "19043",
                "branch_code": "",
                "country": &self.test.number[..2],
                "fingerprint": FINGERPRINT,
                "generated_from": { "charge": null, "setup_attempt": null },
                "last4": self.test.last4(),
            }),
        }
    }

    /// The same part of a charge of that amount, in minor units.
    pub fn charge_details(&self, amount: i64) -> Value {
        match self.test.kind {
            "card" => json!({
                "amount_authorized": amount,
                "authorization_code": null,
                "brand": self.test.brand,
                "checks": checks(),
                "country": "US",
                "electronic_commerce_indicator": null,
                "exp_month": self.expiry.0,
                "exp_year": self.expiry.1,
                "fingerprint": FINGERPRINT,
                "funding": "credit",
                "installments": null,
                "last4": self.test.last4(),
                "mandate": null,
                "network": self.test.brand,
                "network_transaction_id": null,
                "regulated_status": "unregulated",
                "three_d_secure": null,
                "transaction_link_id": null,
                "wallet": null,
            }),
            "us_bank_account" => json!({
                "account_holder_type": "individual",
                "account_type": "checking",
                "bank_name": "STRIPE TEST BANK",
                "fingerprint": FINGERPRINT,
                "last4": self.test.last4(),
                "payment_reference": null,
                "routing_number": "110000000",
            }),
            _ => json!({
                "bank_code": "19043",
                "branch_code": "",
                "country": &self.test.number[..2],
                "fingerprint": FINGERPRINT,
                "last4": self.test.last4(),
                "mandate": null,
            }),
        }
    }

    /// Who pays, as far as it was said.
    pub fn billing_details(&self) -> Value {
        let address =
            json!({ "city": null, "country": null, "line1": null, "line2": null, "postal_code": null, "state": null });
        json!({ "address": address, "email": self.billing_email, "name": null, "phone": null, "tax_id": null })
    }
}

const FINGERPRINT: &str = "sandboxfingerprint";

fn checks() -> Value {
    json!({ "address_line1_check": null, "address_postal_code_check": null, "cvc_check": "pass" })
}

impl Stripe {
    /// `POST /v1/payment_methods`.
    pub(super) fn create_method(&mut self, context: &Context, form: &Form) -> Answer {
        let id = self.make_method(context, form, "")?;
        self.methods.get(&id).map(Resource::view)
    }

    /// The payment method that a request names or describes; `None` when it does neither.
    pub(super) fn method_of(&mut self, context: &Context, form: &Form) -> Result<Option<String>, ApiError> {
        if let Some(id) = form.filled("payment_method") {
            return self.named_method(context, id).map(Some);
        }
        match form.group("payment_method_data") {
            Some(data) => self.make_method(context, data, "payment_method_data").map(Some),
            None => Ok(None),
        }
    }

    fn named_method(&mut self, context: &Context, id: &str) -> Result<String, ApiError> {
        if let Some(test) = cards::by_id(id) {
            return Ok(self.add_method(context, *test, (12, context.year() + 4), None));
        }
        let found = self.methods.find(id);
        found.map(|_| id.to_owned()).ok_or_else(|| ApiError::no_such_param("PaymentMethod", id, "payment_method"))
    }

    fn make_method(&mut self, context: &Context, data: &Form, prefix: &str) -> Result<String, ApiError> {
        let param = |name: &str| if prefix.is_empty() { name.to_owned() } else { format!("{prefix}[{name}]") };
        let kind = data.filled("type").ok_or_else(|| ApiError::missing(&param("type")))?;
        let email = data.group("billing_details").and_then(|details| details.filled("email")).map(str::to_owned);
        let details = data.group(kind).ok_or_else(|| ApiError::missing(&param(kind)))?;
        let (test, expiry) = match kind {
            "card" => card(context, details, &param("card"))?,
            "us_bank_account" => (account(details, "account_number", &param(kind))?, (0, 0)),
            "sepa_debit" => (account(details, "iban", &param(kind))?, (0, 0)),
            other => {
                let message =
                    format!("Invalid type: the sandbox knows card, us_bank_account or sepa_debit, not {other}");
                return Err(ApiError::invalid(&param("type"), message));
            }
        };
        if test.kind != kind {
            return Err(ApiError::invalid(&param(kind), format!("This is not a test number of the type {kind}.")));
        }
        Ok(self.add_method(context, test, expiry, email))
    }

    fn add_method(
        &mut self,
        context: &Context,
        test: TestMethod,
        expiry: (i64, i64),
        billing_email: Option<String>,
    ) -> String {
        let id = self.new_id("pm_1");
        let created = context.now.seconds();
        self.methods.insert(PaymentMethod { id: id.clone(), created, test, expiry, billing_email });
        id
    }
}

fn card(context: &Context, details: &Form, param: &str) -> Result<(TestMethod, (i64, i64)), ApiError> {
    if let Some(token) = details.filled("token") {
        let test =
            cards::by_id(token).ok_or_else(|| ApiError::no_such_param("token", token, &format!("{param}[token]")))?;
        return Ok((*test, (12, context.year() + 4)));
    }
    let number = details.filled("number").ok_or_else(|| ApiError::missing(&format!("{param}[number]")))?;
    if !cards::is_card_number(number) {
        let message = "Your card number is incorrect.";
        return Err(ApiError::card("incorrect_number", None, message).at(&format!("{param}[number]")));
    }
    let month = details.integer("exp_month")?.unwrap_or(12);
    let year = details.integer("exp_year")?.unwrap_or(context.year() + 4);
    let year = if year < 100 { year + 2000 } else { year };
    if !(1..=12).contains(&month) {
        let message = "Your card's expiration month is invalid.";
        return Err(ApiError::card("invalid_expiry_month", None, message).at(&format!("{param}[exp_month]")));
    }
    if year < context.year() || year > context.year() + 50 {
        let message = "Your card's expiration year is invalid.";
        return Err(ApiError::card("invalid_expiry_year", None, message).at(&format!("{param}[exp_year]")));
    }
    let unknown = TestMethod { behaviour: Behaviour::Declines(cards::NO_TEST_CARD), ..cards::TEST_METHODS[0] };
    Ok((cards::by_number(number).copied().unwrap_or(unknown), (month, year)))
}

fn account(details: &Form, field: &str, param: &str) -> Result<TestMethod, ApiError> {
    let param = format!("{param}[{field}]");
    let number = details.filled(field).ok_or_else(|| ApiError::missing(&param))?;
    let test = cards::by_number(number).copied();
    test.ok_or_else(|| {
        ApiError::invalid(&param, "The sandbox knows Stripe's test accounts only: docs.stripe.com/testing.")
    })
}
