//! Lists as a reconciliation reads them.

use super::*;

fn ids(list: &Reply) -> Vec<String> {
    let data = list.body["data"].as_array().unwrap_or_else(|| panic!("{}", list.body));
    data.iter().map(|object| object["id"].as_str().unwrap().to_owned()).collect()
}

/// Three payments, an hour apart; each has a refund and then a dispute of its own.
fn history(shop: &mut Shop) -> Vec<String> {
    let mut intents = Vec::new();
    for _ in 0..3 {
        let id = shop.pay("pm_card_visa").id();
        shop.post("/v1/refunds", &format!("payment_intent={id}&amount=100")).id();
        shop.control("disputes", &json!({ "payment_intent": id })).id();
        intents.push(id);
        shop.pass(3600);
    }
    intents
}

#[test]
fn every_list_is_narrowed_by_payment_and_by_time() {
    let mut shop = Shop::new();
    let start = shop.now.seconds();
    let intents = history(&mut shop);
    for list in ["refunds", "disputes", "charges"] {
        let all = ids(&shop.get(&format!("/v1/{list}")));
        assert_eq!(all.len(), 3, "{list}");
        for (n, intent) in intents.iter().rev().enumerate() {
            let of_one = shop.get(&format!("/v1/{list}?payment_intent={intent}"));
            assert_eq!(ids(&of_one), [all[n].clone()], "{list}");
            assert_eq!((&of_one.body["has_more"], of_one.text("url")), (&json!(false), &*format!("/v1/{list}")));
        }
        let since = |bound: i64| format!("/v1/{list}?created[gte]={bound}");
        assert_eq!(ids(&shop.get(&since(start + 3600))), all[..2], "{list}");
        assert_eq!(ids(&shop.get(&format!("{}&created[lt]={}", since(start + 1), start + 7200))), all[1..2], "{list}");
        assert!(ids(&shop.get(&format!("/v1/{list}?payment_intent=pi_none"))).is_empty());
        assert_eq!(shop.get(&format!("/v1/{list}?starting_after=x_none")).code(), "resource_missing");
        assert_eq!(shop.get(&format!("/v1/{list}?colour=red")).code(), "parameter_unknown");
    }
    let charge = shop.get(&format!("/v1/charges?payment_intent={}", intents[1])).body["data"][0]["id"].clone();
    for list in ["refunds", "disputes"] {
        let of_charge = shop.get(&format!("/v1/{list}?charge={}", charge.as_str().unwrap()));
        assert_eq!(ids(&of_charge), ids(&shop.get(&format!("/v1/{list}?payment_intent={}", intents[1]))));
        let of_both = format!("/v1/{list}?charge={}&payment_intent={}", charge.as_str().unwrap(), intents[0]);
        assert!(ids(&shop.get(&of_both)).is_empty(), "both have to fit");
    }
}

#[test]
fn what_is_created_meanwhile_moves_no_page() {
    let mut shop = Shop::new();
    let made: Vec<_> = (0..25).map(|_| shop.post("/v1/payment_intents", "amount=2000&currency=usd").id()).collect();
    let (mut read, mut cursor): (Vec<String>, _) = (Vec::new(), String::new());
    loop {
        let page = shop.get(&format!("/v1/payment_intents?limit=10{cursor}"));
        read.extend(ids(&page));
        if page.body["has_more"] == false {
            break;
        }
        cursor = format!("&starting_after={}", read.last().unwrap());
        shop.post("/v1/payment_intents", "amount=2000&currency=usd").id();
    }
    assert!(read.iter().eq(made.iter().rev()), "all that was there, once each");
}
