//! Bounds in the document are literals; here they are compared with what the code enforces.

use contract::document;
use serde_json::{Value, json};

fn schema<'a>(document: &'a Value, path: &str) -> &'a Value {
    document.pointer(&format!("/components/schemas/{path}")).unwrap_or_else(|| panic!("no {path}"))
}

#[test]
fn bounds_are_the_codes() {
    let document = document();
    let cases = [
        ("CartRequest/properties/lines", "maxItems", json!(domain::MAX_LINES)),
        ("CartRequest/properties/lines", "minItems", json!(1)),
        ("OrderPatchBody/properties/lines", "maxItems", json!(domain::MAX_LINES)),
        ("OrderPatchBody/properties/lines", "minItems", json!(1)),
        ("LineRequest/properties/quantity", "maximum", json!(domain::MAX_QUANTITY)),
        ("LineRequest/properties/quantity", "minimum", json!(1)),
        ("ProductBody/properties/name", "maxLength", json!(catalogue::put_product::MAX_NAME)),
        ("ProductBody/properties/prices", "maxProperties", json!(catalogue::put_product::MAX_PRICES)),
        ("ProductBody/properties/stock", "maximum", json!(u32::MAX)),
    ];
    for (path, word, bound) in cases {
        assert_eq!(schema(&document, path)[word], bound, "{path}: {word}");
    }
    let limit = &document["paths"]["/v1/orders"]["get"]["parameters"];
    let limit = limit.as_array().unwrap().iter().find(|parameter| parameter["name"] == "limit").unwrap();
    assert_eq!(limit["schema"]["maximum"], json!(store::MAX_PAGE));
    assert_eq!(limit["schema"]["default"], json!(api::DEFAULT_PAGE));
}

/// What the schema of a text says, the code says too, on either side of each bound.
#[test]
fn texts_fit_the_schema_when_they_fit_the_code() {
    let long = |n: usize| "a".repeat(n);
    let sku = |text: &str| text.parse::<domain::Sku>().is_ok();
    let email = |text: &str| text.parse::<domain::EmailAddress>().is_ok();
    let order = |text: &str| text.parse::<domain::OrderId>().is_ok();
    let id = format!("ord_{}", "0a".repeat(16));
    check("Sku", sku, &["a", "A.b_c-9", &long(64), &long(65), "", "a b", "ä", "a\n"]);
    let label = |n| format!("a@{}.de", long(n));
    check(
        "EmailAddress",
        email,
        &[
            "a@b.de",
            "a.b@c-d.de",
            ".a@b.de",
            "a.@b.de",
            "a..b@c.de",
            "a@b",
            "a@-b.de",
            "a@b-.de",
            "",
            &label(63),
            &label(64),
            "a b@c.de",
            "a@b.de\n",
        ],
    );
    let reference = |text: &str| text.parse::<domain::TransferReference>().is_ok();
    let texts = ["1", "RE 2026-1", " RE", "RE ", " ", "", "ü", "RE\n", "R\tE", &long(140), &long(141)];
    check("TransferReference", reference, &texts);
    check("OrderId", order, &[&id, "ord_1", &id.to_uppercase(), &format!("{id}0"), &id.replace("ord", "cus")]);
}

#[track_caller]
fn check(name: &str, fits_code: impl Fn(&str) -> bool, texts: &[&str]) {
    let document = document();
    let validator = super::examples::Schemas::new(&document);
    for text in texts {
        let fits_schema = validator.fits(&format!("/components/schemas/{name}"), &json!(text));
        assert_eq!(fits_schema, fits_code(text), "{name}: {text:?}");
    }
}

#[test]
fn requests_name_every_field_that_may_be_sent() {
    let document = document();
    for operation in contract::operations(&document).iter().filter(|operation| operation.has_body) {
        let operation = &document["paths"][&operation.path][&operation.method];
        let body = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        let Some(reference) = body.as_str() else { continue };
        let schema = document.pointer(reference.trim_start_matches('#')).unwrap();
        assert_eq!(schema["additionalProperties"], false, "{reference}");
    }
}
