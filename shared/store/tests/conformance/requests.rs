//! How many requests each operation costs where nothing goes wrong. A change of these figures is a change of the bill
//! and of the latency, and should be meant.

use domain::OrderStatus;
use store::{Catalogue, MailEffects, Orders, SheetRows};

use crate::fixtures::{at, customer, edit, first, mug_order, new, order_id, paid, payment, receipt, sku, waiting};
use crate::sides::{Dynamo, dynamo, run};

impl Dynamo {
    /// What was asked for since the last call.
    fn spent(&self) -> String {
        let requests = self.local.requests().join(" ");
        self.local.forget_requests();
        requests
    }
}

#[test]
fn requests_for_orders_are_as_few_as_they_can_be() {
    run(async {
        let side = dynamo().await;
        let orders = &side.stores.orders;
        side.stores.catalogue.put(&edit("MUG", Some(9))).await.unwrap();
        assert_eq!(side.spent(), "UpdateItem");

        let order = new(orders.place(&mug_order(1)).await.unwrap());
        assert_eq!(side.spent(), "TransactWriteItems");
        orders.place(&mug_order(1)).await.unwrap();
        assert_eq!(side.spent(), "TransactWriteItems");
        orders.find(order.id).await.unwrap();
        assert_eq!(side.spent(), "GetItem");

        let intent = order.attach_intent("pi_1".into(), vec![waiting(&order)], "corr", at(2)).unwrap();
        orders.save(&intent, None).await.unwrap();
        assert_eq!(side.spent(), "PutItem");
        let pay = payment(&intent.order);
        orders.save(&pay, Some(&receipt(order.id, "evt_1", vec![paid(&order)]))).await.unwrap();
        assert_eq!(side.spent(), "TransactWriteItems");
        let cancel = pay.order.cancel("corr", at(9)).unwrap().unwrap();
        orders.save(&cancel, None).await.unwrap();
        assert_eq!(side.spent(), "TransactWriteItems");
        orders.record(&receipt(order.id, "evt_2", vec![])).await.unwrap();
        assert_eq!(side.spent(), "UpdateItem");

        orders.park(&receipt(order_id(2), "evt_3", vec![])).await.unwrap();
        assert_eq!(side.spent(), "TransactWriteItems");
        new(orders.place(&mug_order(2)).await.unwrap());
        assert_eq!(side.spent(), "TransactWriteItems GetItem TransactWriteItems");

        orders.events(order.id, &first(20)).await.unwrap();
        orders.receipts(order.id).await.unwrap();
        orders.of_customer(customer(1), None, &first(20)).await.unwrap();
        orders.of_customer(customer(1), Some(OrderStatus::Paid), &first(20)).await.unwrap();
        assert_eq!(side.spent(), "Query Query Query Query");
        orders.with_status(OrderStatus::Paid, &first(20)).await.unwrap();
        assert_eq!(side.spent(), ["Query"; 8].join(" "));
    });
}

#[test]
fn requests_for_products_and_effects_are_as_few_as_they_can_be() {
    run(async {
        let side = dynamo().await;
        side.stores.catalogue.put(&edit("MUG", Some(9))).await.unwrap();
        side.spent();
        side.stores.catalogue.products(&[sku("MUG"), sku("TEA")]).await.unwrap();
        assert_eq!(side.spent(), "BatchGetItem");
        side.stores.catalogue.list(&first(20)).await.unwrap();
        assert_eq!(side.spent(), "Query BatchGetItem");

        let effects = &side.stores.effects;
        effects.rows("sheet", &[order_id(1), order_id(2)]).await.unwrap();
        assert_eq!(side.spent(), "BatchGetItem TransactWriteItems");
        effects.rows("sheet", &[order_id(1), order_id(2)]).await.unwrap();
        assert_eq!(side.spent(), "BatchGetItem");
        effects.row_written(order_id(1), 1, at(0)).await.unwrap();
        effects.row_of(order_id(1)).await.unwrap();
        assert_eq!(side.spent(), "UpdateItem GetItem");
        effects.mails_about(order_id(1)).await.unwrap();
        assert_eq!(side.spent(), "Query");
    });
}
