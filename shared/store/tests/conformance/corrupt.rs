//! Items that cannot be understood: named by their key, and nothing of their content is shown.

use serde_json::json;
use store::{Catalogue, MailEffects, Orders, StoreError};

use crate::fixtures::{first, order_id, sku};
use crate::sides::{dynamo, run};

fn check<T: std::fmt::Debug>(read: Result<T, StoreError>, key: &str) {
    let error = read.unwrap_err();
    assert!(matches!(&error, StoreError::Corrupt(named) if named == key), "{error:?}");
    assert!(!format!("{error:?} {error}").contains("secret"));
}

#[test]
fn what_cannot_be_read_is_named_and_not_shown() {
    run(async {
        let side = dynamo().await;
        let id = order_id(1).to_string();
        let put = |table: &str, pk: &str, sk: &str| {
            let item = json!({"pk": {"S": pk}, "sk": {"S": sk}, "event": {"S": "secret"}, "email": {"S": "secret"}});
            side.local.ask("PutItem", json!({"TableName": table, "Item": item}));
        };
        put("orders", &id, "order");
        put("orders", &id, "event#0000000001#00");
        put("orders", &id, "receipt#evt_1");
        put("catalogue", "product#MUG", "product");
        put("effects", &id, "mail#order_confirmation#evt_1");

        check(side.stores.orders.find(order_id(1)).await, &format!("{id} order"));
        check(side.stores.orders.events(order_id(1), &first(9)).await, &format!("{id} event#0000000001#00"));
        check(side.stores.orders.receipts(order_id(1)).await, &format!("{id} receipt#evt_1"));
        check(side.stores.catalogue.products(&[sku("MUG")]).await, "product#MUG product");
        check(side.stores.effects.mails_about(order_id(1)).await, &format!("{id} mail#order_confirmation#evt_1"));
    });
}
