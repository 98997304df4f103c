//! Compares the orders with the outside world, order by order.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::shop::{Shop, ShopError};

/// What is not as promised; empty when all is.
pub type Findings = Vec<String>;

/// Orders by id, each with the shop as its customer sees it.
pub type Orders = BTreeMap<String, Shop>;

/// The state of the providers, by order.
struct ExternalState {
    intents: BTreeMap<String, Vec<Value>>,
    confirmations: BTreeMap<String, usize>,
    rows: BTreeMap<String, Vec<Vec<Value>>>,
}

/// Checks each order: paid in full by exactly one payment, one confirmation mail, one row that equals it.
///
/// # Errors
///
/// Something does not answer.
pub async fn of(shop: &Shop, orders: &Orders) -> Result<Findings, ShopError> {
    let outside = ExternalState::look(shop).await?;
    let mut findings = vec![];
    for (id, customers_shop) in orders {
        let order = customers_shop.order(id).await?;
        findings.extend(outside.compare(id, &order).into_iter().map(|finding| format!("{id}: {finding}")));
    }
    Ok(findings)
}

impl ExternalState {
    async fn look(shop: &Shop) -> Result<Self, ShopError> {
        let mut outside = Self { intents: BTreeMap::new(), confirmations: BTreeMap::new(), rows: BTreeMap::new() };
        for intent in shop.payment_intents().await? {
            let order = text(&intent["metadata"]["order_id"]);
            outside.intents.entry(order).or_default().push(intent);
        }
        for mail in shop.mails().await? {
            let effect = text(&mail["custom_args"]["effect_id"]);
            if let Some((order, _)) = effect.split_once("/order_confirmation/") {
                *outside.confirmations.entry(order.to_owned()).or_default() += 1;
            }
        }
        for row in shop.rows().await? {
            outside.rows.entry(row.first().map(text).unwrap_or_default()).or_default().push(row);
        }
        Ok(outside)
    }

    fn compare(&self, id: &str, order: &Value) -> Findings {
        let mut findings = vec![];
        let mut expect = |holds: bool, finding: String| {
            if !holds {
                findings.push(finding);
            }
        };
        expect(order["status"] == "paid", format!("is {}", order["status"]));
        let intents = self.intents.get(id).map(Vec::as_slice).unwrap_or_default();
        let paid: Vec<_> = intents.iter().filter(|intent| intent["status"] == "succeeded").collect();
        expect(paid.len() == 1, format!("{} payments succeeded", paid.len()));
        let received: i64 = paid.iter().filter_map(|intent| intent["amount_received"].as_i64()).sum();
        expect(order["total"].as_i64() == Some(received), format!("{received} received of {}", order["total"]));
        let mails = self.confirmations.get(id).copied().unwrap_or_default();
        expect(mails == 1, format!("{mails} confirmation mails"));
        let rows = self.rows.get(id).map(Vec::as_slice).unwrap_or_default();
        expect(rows.len() == 1, format!("{} rows", rows.len()));
        for row in rows {
            expect(row.get(2) == Some(&order["status"]), format!("its row says {:?}", row.get(2)));
            let (total, captured) = (row.get(6), row.get(7));
            let right = units(received);
            expect(
                total == right.as_ref() && captured == right.as_ref(),
                format!("its row says {total:?}, {captured:?}"),
            );
        }
        findings
    }
}

/// Cents as the sheet shows them: `1780` is the number 17.8.
fn units(cents: i64) -> Option<Value> {
    format!("{}.{:02}", cents / 100, cents % 100).parse::<f64>().ok().map(Value::from)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
