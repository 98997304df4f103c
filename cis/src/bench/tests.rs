//! What an order costs, and that the counting is right.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use sandbox::Provider;
use suite::LocalDynamo;
use template::{Access, Located};
use tracing::subscriber::DefaultGuard;

use super::meter::{Expense, OutboundRequest, Span};
use super::report::{Part, Row};
use super::*;

fn meter() -> (Meter, DefaultGuard) {
    let meter = Meter::default();
    let following = testkit::follow(Registry::default().with(meter.running().clone()));
    (meter, following)
}

/// Runs it on a stack as large as the command's: the suite over the SDK, unoptimised, is too deep for a test's.
fn with_a_deep_stack<T: Send + 'static>(work: impl AsyncFnOnce() -> T + Send + 'static) -> T {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(work())
    };
    std::thread::Builder::new().stack_size(8 << 20).spawn(run).unwrap().join().unwrap()
}

/// The section's rows of an order's whole way, and the name of the guards' table.
async fn whole_order() -> (Vec<Row>, String) {
    let (meter, _following) = meter();
    let mut world = World::open(meter).await.unwrap();
    catalogue::calls(&mut world).await.unwrap();
    let customer = world.token(auth::Role::Customer, None).unwrap();
    orders::whole_order(&mut world, &customer).await.unwrap();
    let section = world.sections().iter().find(|section| section.title == orders::WHOLE_ORDER).unwrap();
    (section.rows.clone(), world.guards_table().to_owned())
}

#[test]
fn every_call_goes_well_and_what_nobody_called_is_found() {
    with_a_deep_stack(async || {
        let (meter, _following) = meter();
        let mut world = World::open(meter).await.unwrap();
        all_calls(&mut world).await.unwrap();
        let (sections, wiring) = (world.sections(), world.wiring());
        let row = |call: &str, variant: &str| {
            let mut rows = sections.iter().flat_map(|section| &section.rows);
            rows.find(|row| row.call == call && row.variant == variant).unwrap()
        };
        let spent = |row: &Row| {
            let tables = row.spent.iter().filter_map(Expense::table);
            tables.map(|request| request.reads + request.writes).sum::<f64>()
        };
        let (idle, waiting) = (row("expire-orders", "by its schedule"), row("expire-orders", "1000 orders wait"));
        assert_eq!((spent(waiting), waiting.round_trips()), (spent(idle), idle.round_trips()), "none of them is read");
        let left = report::not_measured(sections, wiring);
        assert!(left.is_empty(), "{left:?}");
        let without: Vec<_> = sections.iter().filter(|section| section.title != "API keys").cloned().collect();
        let missing = report::not_measured(&without, wiring);
        for name in ["POST /v1/api-keys", "DELETE /v1/api-keys/{key_id}", "notify-expiring-keys"] {
            assert!(missing.iter().any(|missing| missing == name), "{name}");
        }
    });
}

/// The requests of a row's own work that write, and those that read.
fn work<'a>(row: &'a Row, guards: &str) -> (Vec<&'a str>, Vec<&'a str>) {
    let requests = row.table_requests(Part::Work, guards);
    assert!(requests.iter().all(|request| !request.refused), "{requests:?}");
    let is_read = |name: &&str| ["GetItem", "BatchGetItem", "Query"].contains(name);
    let names = requests.iter().map(|request| request.operation.as_str());
    let (reads, writes) = names.partition(is_read);
    (writes, reads)
}

#[test]
fn an_order_costs_one_transaction_one_call_of_stripe_and_one_small_update() {
    let (rows, guards) = with_a_deep_stack(whole_order);
    let row = |call: &str| rows.iter().find(|row| row.call == call).unwrap();

    let placed = row("POST /v1/orders");
    let (writes, reads) = work(placed, &guards);
    assert_eq!(writes, ["TransactWriteItems", "PutItem"]);
    assert_eq!(reads.iter().copied().collect::<BTreeSet<_>>(), ["BatchGetItem", "Query"].into(), "catalogue, others");
    assert_eq!(reads.len(), 2);
    assert_eq!(placed.provider_calls(), [(Provider::Stripe, "POST /v1/payment_intents")]);
    assert!(placed.table_requests(Part::Authorizer, &guards).is_empty(), "a token is checked without the table");
    let limit = placed.table_requests(Part::Guards, &guards);
    let limit: Vec<_> = limit.iter().map(|request| (request.operation.as_str(), request.refused)).collect();
    assert_eq!(limit, [("UpdateItem", false); 2], "a bucket that was idle, and the attempt");

    let all: f64 = rows.iter().flat_map(|row| &row.spent).filter_map(Expense::table).map(|table| table.writes).sum();
    assert!(all <= 38.0, "{all} write units");
    assert_eq!(placed.round_trips(), 5, "limit, catalogue with other orders, placing, Stripe, its intent");

    let paid = rows.iter().find(|row| row.variant == "payment_intent.succeeded").unwrap();
    assert_eq!(work(paid, &guards), (vec!["TransactWriteItems"], vec!["GetItem"]));
    assert!(paid.provider_calls().is_empty() && paid.table_requests(Part::Guards, &guards).is_empty());

    let calls: Vec<_> = rows.iter().flat_map(Row::provider_calls).map(|(provider, _)| provider).collect();
    let of = |provider| calls.iter().filter(|one| **one == provider).count();
    assert_eq!((of(Provider::Stripe), of(Provider::Sendgrid)), (1, 1), "one call to each in an order's whole life");
    assert_eq!(of(Provider::Sheets), 3, "a token and a write for each of two events");
}

#[test]
fn requests_at_the_same_time_are_one_round_trip() {
    let row = |spans: &[(u64, u64)]| {
        let asked = OutboundRequest::Provider(Provider::Stripe, String::new());
        let spent = |(from, to): &(u64, u64)| Expense {
            function: String::new(),
            asked: asked.clone(),
            span: Span { from: *from, to: *to },
        };
        let (call, variant) = (String::new(), String::new());
        Row { call, variant, answer: None, spent: spans.iter().map(spent).collect() }
    };
    for (spans, trips) in [
        (vec![], 0),
        (vec![(0, 1), (2, 3), (4, 5)], 3),
        (vec![(0, 3), (1, 2), (4, 5)], 2),
        (vec![(0, 7), (1, 2), (3, 4), (5, 6)], 3),
        (vec![(0, 4), (1, 6), (2, 5), (3, 7)], 1),
    ] {
        assert_eq!(row(&spans).round_trips(), trips, "{spans:?}");
    }
}

/// Every call of the API and everything that follows from it, held against the policies that the passports give.
#[test]
fn no_function_asks_for_what_its_policy_denies() {
    let accesses = with_a_deep_stack(async || {
        let (meter, _following) = meter();
        let mut world = World::open(meter.clone()).await.unwrap();
        all_calls(&mut world).await.unwrap();
        meter.accesses()
    });
    let passports = template::passports(&crate::paths::root()).unwrap();
    let denied = |passports: &BTreeMap<String, Located>| {
        let is_denied = |(function, it): &&(String, access::Access)| {
            passports.get(function).is_some_and(|it_is| !it_is.passport.allows(&it.resource, &it.action, &it.keys))
        };
        accesses.iter().filter(is_denied).cloned().collect::<Vec<_>>()
    };
    assert_eq!(denied(&passports), []);
    let planted = [
        ("get-order", "orders"),
        ("login", "guards"),
        ("list-products", "catalogue/by_listing"),
        ("create-payment-intent", "catalogue"),
    ];
    for (function, table) in planted {
        let mut passports = template::passports(&crate::paths::root()).unwrap();
        let located = passports.get_mut(function).unwrap();
        let (_, access) = located.passport.may.iter_mut().find(|(what, _)| what == table).unwrap();
        let Access::ByKeys(by_keys) = access else { panic!("{function}: {table}") };
        "elsewhere#*".clone_into(&mut by_keys[0].0);
        assert_ne!(denied(&passports), [], "{function}: the fault was not found");
    }
}

/// An item of this size in bytes, keys included.
fn item(bytes: usize) -> HashMap<String, AttributeValue> {
    let text = |text: String| AttributeValue::S(text);
    // `pk` + `a`, `sk` + `b`, `x`: seven bytes beside the filling.
    [("pk", text("a".into())), ("sk", text("b".into())), ("x", text("x".repeat(bytes - 7)))]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
}

/// The units of the last request.
fn units(meter: &Meter) -> (f64, f64, bool) {
    let spent = meter.take();
    let Some(OutboundRequest::Table(request)) = spent.last().map(|spent| spent.asked.clone()) else {
        panic!("{spent:?}")
    };
    (request.reads, request.writes, request.refused)
}

/// docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html: a write unit is 1 KB, a read
/// unit 4 KB, both rounded up; transactions cost twice as much, reads that may be old half as much.
#[tokio::test]
async fn capacity_is_counted_as_dynamodb_documents_it() {
    let (meter, _following) = meter();
    let local = LocalDynamo::open(None).await.unwrap();
    let (client, table) = (stores::client(&local, &meter).unwrap(), &local.tables().effects);
    for (bytes, written, read) in [(1024, 1.0, 1.0), (1025, 2.0, 1.0), (4096, 4.0, 1.0), (4097, 5.0, 2.0)] {
        let put = client.put_item().table_name(table).set_item(Some(item(bytes)));
        put.send().await.unwrap();
        assert_eq!(units(&meter), (0.0, written, false), "{bytes}");
        let put = Put::builder().table_name(table).set_item(Some(item(bytes))).build().unwrap();
        let put = TransactWriteItem::builder().put(put).build();
        client.transact_write_items().transact_items(put).send().await.unwrap();
        assert_eq!(units(&meter), (0.0, 2.0 * written, false), "{bytes}, in a transaction");
        for (consistent, read) in [(true, read), (false, read / 2.0)] {
            let get = client.get_item().table_name(table).key("pk", AttributeValue::S("a".into()));
            get.key("sk", AttributeValue::S("b".into())).consistent_read(consistent).send().await.unwrap();
            assert_eq!(units(&meter), (read, 0.0, false), "{bytes}");
        }
    }
    let smaller = client.put_item().table_name(table).set_item(Some(item(20)));
    smaller.send().await.unwrap();
    assert_eq!(units(&meter), (0.0, 5.0, false), "the larger of before and after");
    let refused = client.put_item().table_name(table).set_item(Some(item(20)));
    refused.condition_expression("attribute_not_exists(pk)").send().await.unwrap_err();
    assert_eq!(units(&meter), (0.0, 1.0, true));
}

/// An index is written as well, and twice where its key changes (…/developerguide/GSI.html#GSI.ThroughputConsiderations).
#[tokio::test]
async fn indexes_are_counted() {
    let (meter, _following) = meter();
    let local = LocalDynamo::open(None).await.unwrap();
    let (client, table) = (stores::client(&local, &meter).unwrap(), &local.tables().orders);
    let [orders, ..] = store::dynamo::schemas();
    let by_status = orders.indexes.iter().find(|index| index.name == "by_status").unwrap().key;
    let with_status = |status: &str| {
        let mut item = item(20);
        let (hash, range) = by_status;
        item.extend(
            [(hash, status), (range, "1")].map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned()))),
        );
        client.put_item().table_name(table).set_item(Some(item))
    };
    for (status, written) in [("pending", 2.0), ("pending", 1.0), ("paid", 3.0)] {
        with_status(status).send().await.unwrap();
        assert_eq!(units(&meter), (0.0, written, false), "{status}");
    }
}
