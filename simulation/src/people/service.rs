//! A service that orders by invoice, and a payer who transfers the money or does not.

use std::time::Duration;

use domain::PaymentTerms;
use resilience::Clock as _;

use super::customer::Customer;
use super::staff::Staff;
use super::visit::edits;
use super::workload::{Workload, by_invoice};
use crate::fixture::TERMS;

/// Late invoices are recorded within this time after their due date.
const NOTED_AFTER: Duration = Duration::from_mins(20);

/// Orders, and pays by bank transfer in time, or not at all.
pub async fn order(service: &Customer, workload: &Workload) {
    let cart = by_invoice(workload.cart.clone());
    if service.place(&cart, workload.clicks).await.is_none() {
        return;
    }
    let mind = async {
        if workload.cancels {
            service.browser.think(Duration::from_mins(30)).await;
            service.cancel().await;
        }
    };
    futures::join!(Box::pin(edits(service, workload)), mind, Box::pin(settle(service, workload)));
    if workload.reloads {
        service.place(&cart, 1).await;
    }
}

async fn settle(service: &Customer, workload: &Workload) {
    let staff = Staff::about(service);
    if workload.pays.is_none() {
        return never_pay(service).await;
    }
    if workload.staff {
        staff.fulfil().await;
    }
    // The cart is edited while the transfer is in flight.
    let longest = if workload.edits > 0 { Duration::from_secs(40) } else { Duration::from_mins(40) };
    service.browser.think(longest).await;
    let Some(came) = service.transfer("RE 1").await else { return };
    let again = if workload.two_tabs { service.transfer("RE 2").await } else { None };
    if let Some(again) = again {
        futures::join!(staff.mark_paid("RE 1", came), staff.mark_paid("RE 2", again));
    } else {
        futures::join!(staff.mark_paid("RE 1", came), staff.mark_paid("RE 1", came));
    }
    if workload.staff {
        futures::join!(staff.transfer_back(1, Some(300)), staff.transfer_back(2, None));
    }
}

/// Waits until the invoice is late and recorded as late.
pub async fn never_pay(service: &Customer) {
    let PaymentTerms { invoice_due, .. } = TERMS;
    service.browser.world.clock.sleep(invoice_due + NOTED_AFTER).await;
    service.browser.world.promises.record(|promised| {
        promised.unpaid.insert(service.order);
    });
}
