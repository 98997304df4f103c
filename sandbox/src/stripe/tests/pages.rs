//! The pages as a browser uses them.

use super::*;

fn page(shop: &mut Shop, path: &str) -> String {
    let request = Request::get(format!("http://stripe.test/_sandbox/stripe/{path}")).body(Bytes::new()).unwrap();
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let response = shop.stripe.control(shop.now, &request, &segments);
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    String::from_utf8(response.body().to_vec()).unwrap()
}

fn press(shop: &mut Shop, path: &str, body: &str) -> (u16, String) {
    let request = Request::post(format!("http://stripe.test/_sandbox/stripe/{path}"))
        .header("accept", "text/html,application/xhtml+xml")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from(body.to_owned()))
        .unwrap();
    let segments: Vec<&str> = path.split('/').collect();
    let response = shop.stripe.control(shop.now, &request, &segments);
    let location = response.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
    (response.status().as_u16(), location.unwrap_or_default())
}

#[test]
fn the_list_offers_what_the_state_allows() {
    let mut shop = Shop::new();
    assert!(page(&mut shop, "").contains("No payments yet"));
    let body = "amount=2000&currency=usd&metadata[order_id]=%3Cscript%3E";
    let id = shop.post("/v1/payment_intents", body).id();
    let list = page(&mut shop, "");
    assert!(list.contains(&format!("/payment_intents/{id}/pay")) && list.contains("$20.00 usd"));
    assert!(!list.contains("<script>"), "what comes from outside is escaped");

    let listed = (303, "/_sandbox/stripe".to_owned());
    assert_eq!(press(&mut shop, &format!("payment_intents/{id}/pay"), "payment_method=pm_card_visa"), listed);
    let list = page(&mut shop, "");
    assert!(list.contains("succeeded") && !list.contains("/pay\"") && list.contains("max=\"2000\""));
    assert_eq!(press(&mut shop, "refunds", &format!("payment_intent={id}&amount=500")), listed);
    assert!(page(&mut shop, "").contains("refund $5.00 usd"));
    assert_eq!(press(&mut shop, "refunds", &format!("payment_intent={id}&amount=5000")).0, 400);
}

#[test]
fn the_list_offers_what_a_dispute_can_come_to() {
    let mut shop = Shop::new();
    let id = shop.pay("pm_card_visa").id();
    let dispute = shop.control("disputes", &json!({ "payment_intent": id })).id();
    let buttons = |shop: &mut Shop| {
        let list = page(shop, "");
        let offered = |what: &&str| list.contains(&format!("/disputes/{dispute}/{what}\""));
        ["review", "close", "prevent", "appeal"].into_iter().filter(offered).collect::<Vec<_>>()
    };
    assert_eq!(buttons(&mut shop), ["review", "close", "prevent"]);
    assert_eq!(press(&mut shop, &format!("disputes/{dispute}/close"), "outcome=lost").0, 303);
    assert_eq!(buttons(&mut shop), ["appeal"]);
    assert_eq!(press(&mut shop, &format!("disputes/{dispute}/appeal"), "").0, 303);
    assert_eq!(buttons(&mut shop), ["review", "close"]);
}

#[test]
fn the_banks_page_leads_back_to_the_shop() {
    for (outcome, redirect_status) in [("success", "succeeded"), ("fail", "failed")] {
        let mut shop = Shop::new();
        let intent = shop.pay("pm_card_threeDSecure2Required");
        let path = format!("payment_intents/{}/authenticate", intent.id());
        assert!(page(&mut shop, &path).contains("is it you who pays <b>$20.00 usd</b>"));
        let (status, location) = press(&mut shop, &path, &format!("outcome={outcome}"));
        let (id, secret) = (intent.text("id"), intent.text("client_secret"));
        let expected = format!(
            "http://shop.test/done?payment_intent={id}&payment_intent_client_secret={secret}&redirect_status={redirect_status}"
        );
        assert_eq!((status, location), (303, expected));
        assert!(page(&mut shop, &path).contains("nothing to authenticate"));
    }
}

#[test]
fn paying_by_control_is_what_a_browser_does() {
    let mut shop = Shop::new();
    let id = shop.post("/v1/payment_intents", "amount=2000&currency=usd").id();
    let path = format!("payment_intents/{id}/pay");
    let declined = shop.control(&path, &json!({ "payment_method": "pm_card_chargeDeclined" }));
    assert_eq!((declined.status, declined.text("status")), (200, "requires_payment_method"));
    assert_eq!(shop.control(&path, &json!({})).text("status"), "succeeded");
    let again = shop.control(&path, &json!({}));
    assert_eq!((again.status, again.code()), (400, "payment_intent_unexpected_state"));
}
