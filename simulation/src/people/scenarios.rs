//! Canonical scenarios of one order, always the same. Crash points are run on them.

use std::fmt;
use std::rc::Rc;

use futures::future::LocalBoxFuture;

use super::actions::{
    beside_poison, cancel, cancel_after_a_week, cancel_after_the_dashboard, cancel_beside_a_stuck_void,
    cancel_in_an_outage, cancel_when_expired, disputed, edit_and_pay, edit_in_one_tab, from_the_dashboard, hoard,
    invoiced, late_and_gone, late_invoice, late_money, many_refunds, money_first, pay, pay_at_the_last_moment,
    pay_twice, place, refunds, rush, transfer_of_former_total, transferred_back, two_refunds, two_tabs,
};
use super::customer::Customer;
use super::workload::Method;
use crate::world::World;

/// A scenario of one order.
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    run: for<'a> fn(&'a Customer) -> LocalBoxFuture<'a, ()>,
}

impl fmt::Debug for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// All of them.
pub const SCENARIOS: &[Scenario] = &[
    Scenario { name: "place and pay", run: |customer| Box::pin(pay(customer, Method::Card)) },
    Scenario { name: "declined, then paid", run: |customer| Box::pin(pay(customer, Method::Declined)) },
    Scenario { name: "3-D Secure", run: |customer| Box::pin(pay(customer, Method::Secure)) },
    Scenario { name: "a debit that comes through", run: |customer| Box::pin(pay(customer, Method::Debit)) },
    Scenario { name: "cancel before paying", run: |customer| Box::pin(cancel(customer, None)) },
    Scenario { name: "cancel after paying", run: |customer| Box::pin(cancel(customer, Some(Method::Card))) },
    Scenario {
        name: "cancel while the bank is at work",
        run: |customer| Box::pin(cancel(customer, Some(Method::Debit))),
    },
    Scenario { name: "a refund that fails", run: |customer| Box::pin(cancel(customer, Some(Method::RefundFails))) },
    Scenario { name: "late money", run: |customer| Box::pin(late_money(customer)) },
    Scenario { name: "two tabs", run: |customer| Box::pin(two_tabs(customer)) },
    Scenario { name: "a dispute", run: |customer| Box::pin(pay(customer, Method::Disputed)) },
    Scenario { name: "fulfilled, then refunded", run: |customer| Box::pin(refunds(customer, true, &[None])) },
    Scenario {
        name: "two refunds at once",
        run: |customer| Box::pin(refunds(customer, false, &[Some(500), Some(500)])),
    },
    Scenario {
        name: "more refunds than money",
        run: |customer| Box::pin(refunds(customer, false, &[Some(2000), None])),
    },
    Scenario { name: "never paid", run: |customer| Box::pin(async { drop(place(customer).await) }) },
    Scenario { name: "a refund in the dashboard", run: |customer| Box::pin(from_the_dashboard(customer)) },
    Scenario { name: "paid at the last moment", run: |customer| Box::pin(pay_at_the_last_moment(customer)) },
    Scenario { name: "money after the order expired", run: |customer| Box::pin(late_and_gone(customer)) },
    Scenario { name: "edited, then paid", run: |customer| Box::pin(edit_and_pay(customer)) },
    Scenario { name: "edited in one tab, paid in the other", run: |customer| Box::pin(edit_in_one_tab(customer)) },
    Scenario { name: "an invoice that is paid", run: |customer| Box::pin(invoiced(customer)) },
    Scenario { name: "an invoice that is edited and late", run: |customer| Box::pin(late_invoice(customer)) },
    Scenario { name: "a transfer of the former total", run: |customer| Box::pin(transfer_of_former_total(customer)) },
    Scenario { name: "a transfer that is returned", run: |customer| Box::pin(transferred_back(customer)) },
    Scenario { name: "a dispute that is won", run: |customer| Box::pin(disputed(customer, "won")) },
    Scenario { name: "a dispute that is lost", run: |customer| Box::pin(disputed(customer, "lost")) },
    Scenario { name: "cancelled when expired, then paid", run: |customer| Box::pin(cancel_when_expired(customer)) },
    Scenario {
        name: "refunded in the dashboard, then cancelled",
        run: |customer| Box::pin(cancel_after_the_dashboard(customer)),
    },
    Scenario { name: "cancelled beside a stuck void", run: |customer| Box::pin(cancel_beside_a_stuck_void(customer)) },
    Scenario { name: "money that does not fit", run: |customer| Box::pin(pay_twice(customer)) },
];

/// A customer places an order and pays.
pub static PLACE_AND_PAY: Scenario =
    Scenario { name: "place and pay", run: |customer| Box::pin(pay(customer, Method::Card)) };
/// A paid order is cancelled.
pub static CANCEL_PAID: Scenario =
    Scenario { name: "cancel after paying", run: |customer| Box::pin(cancel(customer, Some(Method::Card))) };
/// An order is cancelled whose money was paid more than a week ago.
pub static CANCEL_OLD: Scenario =
    Scenario { name: "cancel after a week", run: |customer| Box::pin(cancel_after_a_week(customer)) };
/// An order is cancelled after it expired, and then paid.
pub static CANCEL_EXPIRED: Scenario =
    Scenario { name: "cancel when expired", run: |customer| Box::pin(cancel_when_expired(customer)) };
/// An order is cancelled of which the dashboard has refunded a part.
pub static DASHBOARD_FIRST: Scenario =
    Scenario { name: "dashboard first", run: |customer| Box::pin(cancel_after_the_dashboard(customer)) };
/// A paid order is cancelled of which another intent cannot be voided.
pub static STUCK_VOID: Scenario =
    Scenario { name: "a stuck void", run: |customer| Box::pin(cancel_beside_a_stuck_void(customer)) };
/// Money is refunded in two parts.
pub static TWO_REFUNDS: Scenario = Scenario { name: "two refunds", run: |customer| Box::pin(two_refunds(customer)) };
/// Money is refunded in so many parts that Stripe's list of refunds has two pages.
pub static MANY_REFUNDS: Scenario = Scenario { name: "many refunds", run: |customer| Box::pin(many_refunds(customer)) };
/// Staff refund more than there is, in several parts at once.
pub static RIVAL_REFUNDS: Scenario = Scenario {
    name: "rival refunds",
    run: |customer| Box::pin(refunds(customer, false, &[Some(1900), Some(1900), None])),
};
/// Staff make two partial refunds at once.
pub static PART_REFUNDS: Scenario =
    Scenario { name: "part refunds", run: |customer| Box::pin(refunds(customer, false, &[Some(500), Some(500)])) };
/// The customer pays when the reservation is about to end.
pub static LAST_MOMENT: Scenario =
    Scenario { name: "the last moment", run: |customer| Box::pin(pay_at_the_last_moment(customer)) };
/// The payment arrives when others have bought the goods.
pub static LATE_AND_GONE: Scenario =
    Scenario { name: "late and gone", run: |customer| Box::pin(late_and_gone(customer)) };
/// The cart is edited in one tab and paid for in the other.
pub static EDIT_IN_ONE_TAB: Scenario =
    Scenario { name: "edit in one tab", run: |customer| Box::pin(edit_in_one_tab(customer)) };
/// Two staff members record the transfer that pays an invoice.
pub static INVOICED: Scenario = Scenario { name: "invoiced", run: |customer| Box::pin(invoiced(customer)) };
/// The transfer that pays an invoice is of the total before an edit.
pub static FORMER_TOTAL: Scenario =
    Scenario { name: "former total", run: |customer| Box::pin(transfer_of_former_total(customer)) };
/// Many customers want the last pieces at once.
pub static RUSH: Scenario = Scenario { name: "a rush", run: |customer| Box::pin(rush(customer)) };
/// A customer wants more than may wait for payment, in many orders at once.
pub static HOARD: Scenario = Scenario { name: "a hoard", run: |customer| Box::pin(hoard(customer)) };
/// The payment arrives before the order, or together with it.
pub static MONEY_FIRST: Scenario = Scenario { name: "money first", run: |customer| Box::pin(money_first(customer)) };

/// The customer pays and cancels while all providers are about to be down, or are.
pub static IN_AN_OUTAGE: Scenario =
    Scenario { name: "in an outage", run: |customer| Box::pin(cancel_in_an_outage(customer)) };
/// Messages that nobody can handle are in the queues.
pub static BESIDE_POISON: Scenario =
    Scenario { name: "beside poison", run: |customer| Box::pin(beside_poison(customer)) };

impl Scenario {
    /// Runs the scenario with the `n`-th customer of a run.
    pub async fn run(&self, world: &Rc<World>, n: u64) {
        if let Some(customer) = Customer::new(world, n) {
            (self.run)(&customer).await;
        }
    }
}
