//! How many requests each operation costs without faults. A change of these figures changes the bill and the latency,
//! and should be intended.

use domain::{Account, AccountChange, Due, OrderStatus};
use store::{Accounts, ApiKeys, Catalogue, MailEffects, Orders, RateLimiter, Sessions, SheetRows};

use crate::fixtures::{at, customer, edit, first, mug_order, new, order_id, paid, payment, receipt, sku, waiting};
use crate::guards::LIMIT;
use crate::people::{account, api_key, event, flow, identity, link, made, session};
use crate::sides::{dynamo, run};

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
        assert_eq!(side.spent(), "Query Query Query BatchGetItem Query BatchGetItem");
        orders.others_placed_since(customer(1), order.id, at(2)).await.unwrap();
        assert_eq!(side.spent(), "Query BatchGetItem");
        orders.others_placed_since(customer(2), order.id, at(2)).await.unwrap();
        assert_eq!(side.spent(), "Query", "the first order of a customer in a while");
        orders.with_status(OrderStatus::Paid, &first(20)).await.unwrap();
        assert_eq!(side.spent(), ["Query"; 8].join(" "));
        orders.due(Due::Settlement, at(9), &first(20)).await.unwrap();
        assert_eq!(side.spent(), ["Query"; 8].join(" "), "nothing is");
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
        effects.row_written("sheet", order_id(1), 1, at(0)).await.unwrap();
        effects.rows_of(order_id(1)).await.unwrap();
        assert_eq!(side.spent(), "UpdateItem Query");
        effects.mails_about(order_id(1)).await.unwrap();
        assert_eq!(side.spent(), "Query");
    });
}

#[test]
fn requests_for_accounts_are_as_few_as_they_can_be() {
    run(async {
        let side = dynamo().await;
        let accounts = &side.people.accounts;
        let anna = Account { identities: vec![identity("1")], ..account(1, "anna@example.com") };
        let change = AccountChange { events: vec![event(1, 1)], link: Some(link(1, anna.id)), ..made(&anna) };
        accounts.save_account(&change).await.unwrap();
        assert_eq!(side.spent(), "TransactWriteItems");
        accounts.account(anna.id).await.unwrap();
        accounts.link(link(1, anna.id).id).await.unwrap();
        assert_eq!(side.spent(), "GetItem GetItem");
        accounts.account_with_email(&anna.email).await.unwrap();
        accounts.account_with_identity(&identity("1")).await.unwrap();
        assert_eq!(side.spent(), "GetItem GetItem GetItem GetItem");
        accounts.account_with_email(&"ben@example.com".parse().unwrap()).await.unwrap();
        assert_eq!(side.spent(), "GetItem GetItem", "as many as for one that there is: time must not tell");

        accounts.save_session(&session(1, anna.id)).await.unwrap();
        accounts.end_session(anna.id, session(1, anna.id).id).await.unwrap();
        assert_eq!(side.spent(), "PutItem DeleteItem");
        accounts.keep_flow(&flow("ab12")).await.unwrap();
        accounts.take_flow("ab12").await.unwrap();
        assert_eq!(side.spent(), "PutItem UpdateItem");

        accounts.save_api_keys(&[api_key(1, 0), api_key(2, 0)], &[event(1, 2)]).await.unwrap();
        accounts.api_key(api_key(1, 0).id).await.unwrap();
        accounts.record_use(api_key(1, 0).id, at(1)).await.unwrap();
        accounts.api_keys(&first(20)).await.unwrap();
        assert_eq!(side.spent(), "TransactWriteItems GetItem UpdateItem Query");
    });
}

#[test]
fn a_bucket_costs_one_write_two_when_it_is_in_use_and_none_when_it_is_known_to_be_empty() {
    run(async {
        let side = dynamo().await;
        let take = async |second| side.people.guards.take("b", LIMIT, at(second)).await.unwrap();
        take(0).await;
        assert_eq!(side.spent(), "UpdateItem");
        for _ in 1..10 {
            take(0).await;
            assert_eq!(side.spent(), "UpdateItem UpdateItem");
        }
        take(0).await;
        assert_eq!(side.spent(), "UpdateItem", "it is found to be empty");
        for second in [0, 1, 5] {
            take(second).await;
            assert_eq!(side.spent(), "", "at {second} s");
        }
        take(6).await;
        assert_eq!(side.spent(), "UpdateItem UpdateItem");
        take(1000).await;
        assert_eq!(side.spent(), "UpdateItem");
    });
}
