//! Canonical stories of one order, always the same: what crash points are walked on.

use std::fmt;
use std::rc::Rc;

use futures::future::LocalBoxFuture;

use super::customer::Customer;
use super::plays::{
    cancel, disputed, edit_and_pay, edit_in_one_tab, from_the_dashboard, invoiced, late_and_gone, late_invoice,
    late_money, many_refunds, money_first, pay, pay_at_the_last_moment, pay_twice, place, refunds, rush,
    transfer_of_former_total, transferred_back, two_refunds, two_tabs,
};
use super::wishes::Method;
use crate::world::World;

/// A story of one order.
pub struct Script {
    /// What it is called.
    pub name: &'static str,
    play: for<'a> fn(&'a Customer) -> LocalBoxFuture<'a, ()>,
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// All of them.
pub const SCRIPTS: &[Script] = &[
    Script { name: "place and pay", play: |customer| Box::pin(pay(customer, Method::Card)) },
    Script { name: "declined, then paid", play: |customer| Box::pin(pay(customer, Method::Declined)) },
    Script { name: "3-D Secure", play: |customer| Box::pin(pay(customer, Method::Secure)) },
    Script { name: "a debit that comes through", play: |customer| Box::pin(pay(customer, Method::Debit)) },
    Script { name: "cancel before paying", play: |customer| Box::pin(cancel(customer, None)) },
    Script { name: "cancel after paying", play: |customer| Box::pin(cancel(customer, Some(Method::Card))) },
    Script {
        name: "cancel while the bank is at work",
        play: |customer| Box::pin(cancel(customer, Some(Method::Debit))),
    },
    Script { name: "a refund that fails", play: |customer| Box::pin(cancel(customer, Some(Method::RefundFails))) },
    Script { name: "late money", play: |customer| Box::pin(late_money(customer)) },
    Script { name: "two tabs", play: |customer| Box::pin(two_tabs(customer)) },
    Script { name: "a dispute", play: |customer| Box::pin(pay(customer, Method::Disputed)) },
    Script { name: "fulfilled, then refunded", play: |customer| Box::pin(refunds(customer, true, &[None])) },
    Script {
        name: "two refunds at once",
        play: |customer| Box::pin(refunds(customer, false, &[Some(500), Some(500)])),
    },
    Script {
        name: "more refunds than money",
        play: |customer| Box::pin(refunds(customer, false, &[Some(2000), None])),
    },
    Script { name: "never paid", play: |customer| Box::pin(async { drop(place(customer).await) }) },
    Script { name: "a refund in the dashboard", play: |customer| Box::pin(from_the_dashboard(customer)) },
    Script { name: "paid at the last moment", play: |customer| Box::pin(pay_at_the_last_moment(customer)) },
    Script { name: "money after the order expired", play: |customer| Box::pin(late_and_gone(customer)) },
    Script { name: "edited, then paid", play: |customer| Box::pin(edit_and_pay(customer)) },
    Script { name: "edited in one tab, paid in the other", play: |customer| Box::pin(edit_in_one_tab(customer)) },
    Script { name: "an invoice that is paid", play: |customer| Box::pin(invoiced(customer)) },
    Script { name: "an invoice that is edited and late", play: |customer| Box::pin(late_invoice(customer)) },
    Script { name: "a transfer of the former total", play: |customer| Box::pin(transfer_of_former_total(customer)) },
    Script { name: "a transfer that goes back", play: |customer| Box::pin(transferred_back(customer)) },
    Script { name: "a dispute that is won", play: |customer| Box::pin(disputed(customer, "won")) },
    Script { name: "a dispute that is lost", play: |customer| Box::pin(disputed(customer, "lost")) },
    Script { name: "money that does not fit", play: |customer| Box::pin(pay_twice(customer)) },
];

/// Nothing but that.
pub static PLACE_AND_PAY: Script =
    Script { name: "place and pay", play: |customer| Box::pin(pay(customer, Method::Card)) };
/// Money goes back in two parts.
pub static TWO_REFUNDS: Script = Script { name: "two refunds", play: |customer| Box::pin(two_refunds(customer)) };
/// Money goes back in so many parts that Stripe's list of them has two pages.
pub static MANY_REFUNDS: Script = Script { name: "many refunds", play: |customer| Box::pin(many_refunds(customer)) };
/// Staff give more back than there is, in several parts at once.
pub static RIVAL_REFUNDS: Script = Script {
    name: "rival refunds",
    play: |customer| Box::pin(refunds(customer, false, &[Some(1900), Some(1900), None])),
};
/// Staff give two parts back at once.
pub static PART_REFUNDS: Script =
    Script { name: "part refunds", play: |customer| Box::pin(refunds(customer, false, &[Some(500), Some(500)])) };
/// The customer comes to pay when the goods are about to go back.
pub static LAST_MOMENT: Script =
    Script { name: "the last moment", play: |customer| Box::pin(pay_at_the_last_moment(customer)) };
/// The money comes when others have the goods.
pub static LATE_AND_GONE: Script = Script { name: "late and gone", play: |customer| Box::pin(late_and_gone(customer)) };
/// The cart is changed in one tab and paid for in the other.
pub static EDIT_IN_ONE_TAB: Script =
    Script { name: "edit in one tab", play: |customer| Box::pin(edit_in_one_tab(customer)) };
/// Two of the staff see the transfer that pays an invoice.
pub static INVOICED: Script = Script { name: "invoiced", play: |customer| Box::pin(invoiced(customer)) };
/// The transfer that pays an invoice is of what the cart came to before.
pub static FORMER_TOTAL: Script =
    Script { name: "former total", play: |customer| Box::pin(transfer_of_former_total(customer)) };
/// Everybody wants the last pieces at once.
pub static RUSH: Script = Script { name: "a rush", play: |customer| Box::pin(rush(customer)) };
/// The money comes before the order, or with it.
pub static MONEY_FIRST: Script = Script { name: "money first", play: |customer| Box::pin(money_first(customer)) };

impl Script {
    /// Plays it with the `n`-th customer of a run.
    pub async fn play(&self, world: &Rc<World>, n: u64) {
        if let Some(customer) = Customer::new(world, n) {
            (self.play)(&customer).await;
        }
    }
}
