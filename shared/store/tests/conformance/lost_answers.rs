//! Writes that took effect although their answer was lost, and transactions that conflicted with another one.
//!
//! The SDK retries a request whose connection broke, up to three attempts in all; a store retries once more after that.
//! A repeated conditional write finds its own first attempt and must recognise it.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Change, MailEffectId, MailKind, MailSubject, Order, OrderStatus};
use serde_json::json;
use store::{Catalogue, MailEffects, Orders, ParkOutcome, PlaceOutcome, ProductEdit, SheetRows, StockEdit, StoreError};

use crate::fixtures::{
    at, edit, first, left, mug_order, new, order_id, paid, payment, receipt, refund, sku, stock, waiting,
};
use crate::local::{CONFLICT, CONFLICT_OF_ONE, Fault};
use crate::mails::claim;
use crate::sides::{Dynamo, dynamo, run};

/// How many answers are lost: one, which the SDK's own retry covers; all three of the SDK's, which ours covers.
pub const LOST: [usize; 2] = [1, 3];
/// More than are ever requested.
pub const ALL: usize = 6;
pub const TRANSACTION: &str = "TransactWriteItems";

/// A shop with five mugs and one order for one.
async fn with_an_order() -> (Dynamo, Order) {
    let side = dynamo().await;
    stock(&side.stores, "MUG", 5).await;
    let order = new(side.stores.orders.place(&mug_order(1)).await.unwrap());
    side.local.forget_requests();
    (side, order)
}

#[test]
fn a_placement_knows_itself_and_takes_its_goods_once() {
    for (lost, forgets_tokens) in [(1, false), (3, false), (1, true), (3, true)] {
        run(async {
            let side = dynamo().await;
            stock(&side.stores, "MUG", 5).await;
            if forgets_tokens {
                side.local.forget_tokens();
            }
            side.local.lose_answers(TRANSACTION, lost);
            let placement = mug_order(1);
            assert_eq!(side.stores.orders.place(&placement).await.unwrap(), PlaceOutcome::New(placement.order));
            assert_eq!(side.requests(TRANSACTION), lost + 1);
            assert_eq!(left(&side.stores, "MUG").await, 4);
        });
    }
}

#[test]
fn a_placement_with_parked_facts_knows_itself() {
    run(async {
        let side = dynamo().await;
        stock(&side.stores, "MUG", 5).await;
        side.local.forget_tokens();
        let placement = mug_order(1);
        side.stores.orders.park(&receipt(order_id(1), "evt_1", vec![paid(&placement.order)])).await.unwrap();
        side.local.forget_requests();
        // The first transaction finds parked facts; the one after reading them loses its answers.
        side.local.fail("GetItem", Fault::AnswerLostWhile(Box::new(|local| local.lose_answers(TRANSACTION, 3))));
        let order = new(side.stores.orders.place(&placement).await.unwrap());
        assert_eq!((order.status, order.version), (OrderStatus::Paid, 2));
        assert_eq!((side.requests(TRANSACTION), side.requests("GetItem")), (5, 2));
        assert_eq!(left(&side.stores, "MUG").await, 4);
    });
}

#[test]
fn changes_with_events_and_stock_know_themselves() {
    for (lost, forgets_tokens) in [(1, false), (3, false), (1, true), (3, true)] {
        run(async {
            let (side, order) = with_an_order().await;
            if forgets_tokens {
                side.local.forget_tokens();
            }
            let pay = payment(&order);
            side.local.lose_answers(TRANSACTION, lost);
            side.stores.orders.save(&pay, Some(&receipt(order.id, "evt_1", vec![]))).await.unwrap();
            let cancel = pay.order.cancel("corr", at(90)).unwrap().unwrap();
            side.local.lose_answers(TRANSACTION, lost);
            side.stores.orders.save(&cancel, None).await.unwrap();
            assert_eq!(side.requests(TRANSACTION), 2 * (lost + 1));
            assert_eq!(side.stores.orders.find(order.id).await.unwrap(), Some(cancel.order));
            assert_eq!(side.stores.orders.events(order.id, &first(9)).await.unwrap().items.len(), 3);
            assert_eq!(left(&side.stores, "MUG").await, 5);
        });
    }
}

#[test]
fn a_change_of_the_order_alone_knows_itself() {
    for lost in LOST {
        run(async {
            let (side, order) = with_an_order().await;
            let change = order.attach_intent("pi_1".into(), vec![waiting(&order)], "corr", at(2)).unwrap();
            side.local.lose_answers("PutItem", lost);
            side.stores.orders.save(&change, None).await.unwrap();
            assert_eq!(side.requests("PutItem"), lost + 1);
            assert_eq!(side.stores.orders.find(order.id).await.unwrap(), Some(change.order));
        });
    }
}

#[test]
fn without_its_mark_a_write_would_take_itself_for_somebody_else() {
    run(async {
        let (side, order) = with_an_order().await;
        side.local.lose_answers("PutItem", 1);
        let naive = side
            .client
            .put_item()
            .table_name("orders")
            .item("pk", AttributeValue::S(order.id.to_string()))
            .item("sk", AttributeValue::S("order".into()))
            .item("version", AttributeValue::N("2".into()))
            .condition_expression("version = :previous")
            .expression_attribute_values(":previous", AttributeValue::N("1".into()));
        let error = naive.send().await.unwrap_err().into_service_error();
        assert!(error.is_conditional_check_failed_exception(), "{error:?}");
        let stored = side.local.ask(
            "GetItem",
            json!({"TableName": "orders", "Key": {"pk": {"S": order.id.to_string()}, "sk": {"S": "order"}}}),
        );
        assert_eq!(stored["Item"]["version"]["N"], "2", "and yet it had been written");
    });
}

#[test]
fn somebody_elses_write_is_not_taken_for_ones_own() {
    run(async {
        let (side, order) = with_an_order().await;
        let (mine, theirs) = (payment(&order), order.cancel("corr", at(90)).unwrap().unwrap());
        side.stores.orders.save(&theirs, None).await.unwrap();
        for operation in [TRANSACTION, "PutItem"] {
            side.local.lose_answers(operation, 1);
            let mine =
                Change { events: if operation == "PutItem" { vec![] } else { mine.events.clone() }, ..mine.clone() };
            assert!(matches!(side.stores.orders.save(&mine, None).await, Err(StoreError::Conflict)));
        }
        assert_eq!(side.stores.orders.find(order.id).await.unwrap(), Some(theirs.order));
    });
}

#[test]
fn a_mail_claim_knows_itself_and_is_not_sent_twice() {
    for lost in LOST {
        run(async {
            let side = dynamo().await;
            let event_id = domain::EventId::derived(order_id(1), 2, 0);
            let id =
                MailEffectId { subject: MailSubject::Order(order_id(1)), kind: MailKind::OrderConfirmation, event_id };
            let (mine, theirs) = (claim(None, id, 1, at(0)), claim(None, id, 2, at(0)));
            side.local.lose_answers("PutItem", lost);
            side.stores.effects.save_mail(&mine).await.unwrap();
            assert_eq!(side.requests("PutItem"), lost + 1);
            assert!(matches!(side.stores.effects.save_mail(&theirs).await, Err(StoreError::Conflict)));
            // The same claim by its owner's next run is another write: the maker of the first may be sending.
            assert!(matches!(side.stores.effects.save_mail(&mine).await, Err(StoreError::Conflict)));
            assert_eq!(side.stores.effects.mail(id).await.unwrap(), Some(mine));
        });
    }
}

#[test]
fn an_edit_sets_the_stock_once_whatever_is_sold_meanwhile() {
    for expected in [None, Some(0)] {
        sets_the_stock_once(&ProductEdit { stock: Some(StockEdit { pieces: 10, expected }), ..edit("MUG", None) });
    }
}

fn sets_the_stock_once(edit: &ProductEdit) {
    run(async {
        let side = dynamo().await;
        let sell = |local: &crate::local::LocalDynamo| {
            let key = json!({"pk": {"S": "product#MUG"}, "sk": {"S": "product"}});
            let request = json!({"TableName": "catalogue", "Key": key, "UpdateExpression": "ADD stock :sold",
                "ExpressionAttributeValues": {":sold": {"N": "-3"}}});
            local.ask("UpdateItem", request);
        };
        side.local.fail("UpdateItem", Fault::AnswerLostWhile(Box::new(sell)));
        side.local.lose_answers("UpdateItem", 1);
        let product = side.stores.catalogue.put(edit).await.unwrap();
        assert_eq!((product.stock, product.version, side.requests("UpdateItem")), (7, 1, 3));
        assert_eq!(side.stores.catalogue.products(&[sku("MUG")]).await.unwrap(), [product]);
    });
}

#[test]
fn parked_and_recorded_receipts_and_rows_survive_lost_answers() {
    for lost in LOST {
        run(async {
            let side = dynamo().await;
            side.local.forget_tokens();
            side.local.lose_answers(TRANSACTION, lost);
            let parked = receipt(order_id(1), "evt_1", vec![refund(1)]);
            assert_eq!(side.stores.orders.park(&parked).await.unwrap(), ParkOutcome::Parked);

            side.local.lose_answers("UpdateItem", lost);
            side.stores.orders.record(&parked).await.unwrap();
            assert_eq!(side.stores.orders.receipts(order_id(1)).await.unwrap(), [parked]);

            side.local.lose_answers(TRANSACTION, lost);
            let rows = side.stores.effects.rows("sheet", &[order_id(1), order_id(2)]).await.unwrap();
            assert_eq!(rows.iter().map(|claim| claim.row).collect::<Vec<_>>(), [2, 3]);
            side.local.lose_answers("UpdateItem", lost);
            side.stores.effects.row_written("sheet", order_id(2), 4, at(1)).await.unwrap();
            assert_eq!(side.stores.effects.rows_of(order_id(2)).await.unwrap()[0].written_version, 4);
        });
    }
}

#[test]
fn when_every_answer_is_lost_the_outcome_is_open_and_a_repetition_is_safe() {
    run(async {
        let side = dynamo().await;
        stock(&side.stores, "MUG", 5).await;
        side.local.forget_tokens();
        side.local.lose_answers(TRANSACTION, ALL);
        let placement = mug_order(1);
        assert!(matches!(side.stores.orders.place(&placement).await, Err(StoreError::Unavailable(_))));
        assert_eq!(side.requests(TRANSACTION), ALL, "three by the SDK, and once more");
        assert_eq!(
            side.stores.orders.place(&placement).await.unwrap(),
            PlaceOutcome::Existing(placement.order.clone())
        );
        assert_eq!(left(&side.stores, "MUG").await, 4);

        let change = payment(&placement.order);
        side.local.lose_answers(TRANSACTION, ALL);
        assert!(matches!(side.stores.orders.save(&change, None).await, Err(StoreError::Unavailable(_))));
        assert!(matches!(side.stores.orders.save(&change, None).await, Err(StoreError::Conflict)));
        let stored = side.stores.orders.find(placement.order.id).await.unwrap().unwrap();
        assert_eq!(stored.apply_facts(vec![paid(&placement.order)], "corr", at(99)), None, "it had taken effect");
    });
}

#[test]
fn transactions_that_meet_another_one_are_tried_again() {
    run(async {
        let (side, order) = with_an_order().await;
        let refuse = |operation, answer, count| {
            (0..count).for_each(|_| side.local.fail(operation, Fault::Refused(400, answer)));
        };
        refuse(TRANSACTION, CONFLICT, 3);
        new(side.stores.orders.place(&mug_order(2)).await.unwrap());
        refuse(TRANSACTION, CONFLICT, 3);
        let pay = payment(&order);
        side.stores.orders.save(&pay, None).await.unwrap();
        refuse("PutItem", CONFLICT_OF_ONE, 3);
        let change = pay.order.attach_intent("pi_1".into(), vec![], "corr", at(70)).unwrap();
        side.stores.orders.save(&change, None).await.unwrap();
        assert_eq!((side.requests(TRANSACTION), side.requests("PutItem")), (8, 4), "the SDK itself tries none again");
        assert_eq!(side.stores.orders.find(order.id).await.unwrap(), Some(change.order));
    });
}

#[test]
fn while_another_transaction_is_at_the_order_nothing_else_is_believed() {
    run(async {
        let (side, order) = with_an_order().await;
        // What the loser of two equal placements may see: the winner took the last piece and is still being committed.
        let short = r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"cancelled",
            "CancellationReasons":[{"Code":"TransactionConflict"},{"Code":"None"},{"Code":"ConditionalCheckFailed"}]}"#;
        side.local.fail(TRANSACTION, Fault::Refused(400, short));
        assert_eq!(side.stores.orders.place(&mug_order(1)).await.unwrap(), PlaceOutcome::Existing(order));
    });
}

#[test]
fn an_error_shows_nothing_of_what_is_stored() {
    run(async {
        let side = dynamo().await;
        let refusals = [
            (
                r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"secret",
                "CancellationReasons":[{"Code":"ItemCollectionSizeLimitExceeded","Item":{"email":{"S":"secret"}}}]}"#,
                "TransactionCanceledException",
            ),
            (
                r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"secret",
                "CancellationReasons":[{"Code":"ValidationError","Message":"secret"}]}"#,
                "ValidationError",
            ),
            (
                r#"{"__type":"com.amazon.coral.validate#ValidationException",
                "message":"1 validation error detected: Value '[TransactWriteItem(put=Put(item={email={S=secret}}))]'"}"#,
                "ValidationException",
            ),
        ];
        for (refusal, code) in refusals {
            side.local.fail(TRANSACTION, Fault::Refused(400, refusal));
            let error = side.stores.orders.place(&mug_order(1)).await.unwrap_err();
            let shown = format!("{error:?} {error} {}", chain(&error));
            assert!(shown.contains(code) && !shown.contains("secret"), "{shown}");
            assert_eq!(error.is_about_one(), code.starts_with("Validation"), "{shown}");
        }
    });
}

/// All that a log line would show.
fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |error| error.source()).map(ToString::to_string).collect()
}

#[test]
fn a_transaction_that_always_meets_another_one_is_given_up_with_nothing_written() {
    run(async {
        let side = dynamo().await;
        stock(&side.stores, "MUG", 5).await;
        (0..50).for_each(|_| side.local.fail(TRANSACTION, Fault::Refused(400, CONFLICT)));
        assert!(matches!(side.stores.orders.place(&mug_order(1)).await, Err(StoreError::Unavailable(_))));
        assert_eq!(side.requests(TRANSACTION), 8);
        assert_eq!((side.stores.orders.find(order_id(1)).await.unwrap(), left(&side.stores, "MUG").await), (None, 5));
    });
}

#[test]
fn a_table_that_refuses_is_unavailable_at_once() {
    run(async {
        let (side, order) = with_an_order().await;
        let gone = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"no table"}"#;
        for operation in ["GetItem", "PutItem", "Query", TRANSACTION] {
            side.local.fail(operation, Fault::Refused(400, gone));
        }
        let unavailable = |error| matches!(error, Some(StoreError::Unavailable(_)));
        let change = order.attach_intent("pi_1".into(), vec![], "corr", at(2)).unwrap();
        assert!(unavailable(side.stores.orders.find(order.id).await.err()));
        assert!(unavailable(side.stores.orders.save(&change, None).await.err()));
        assert!(unavailable(side.stores.orders.events(order.id, &first(9)).await.err()));
        assert!(unavailable(side.stores.orders.save(&payment(&order), None).await.err()));
        assert_eq!(side.local.requests(), ["GetItem", "PutItem", "Query", TRANSACTION]);
    });
}
