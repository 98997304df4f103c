//! Edits an order that is awaiting payment: its lines and its contact.

use std::collections::BTreeMap;

use super::{Change, Contact, MAX_ATTEMPTS, Order, OrderLine, PaymentMethod, Person};
use crate::{CartLine, Money, OrderStatus, Sku, Timestamp};

/// The most products whose stock one edit moves. With the order and its events they are one transaction, which has room for
/// a hundred writes.
pub const MAX_MOVED_PRODUCTS: usize = 96;

/// The edited fields; those that are `None` stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderEdit {
    /// The lines at current prices, and their total.
    pub lines: Option<(Vec<OrderLine>, Money)>,
    /// The shipping address and the email address.
    pub contact: Option<Contact>,
}

/// Why an order cannot be edited.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditRefused {
    /// It is not awaiting payment, or not only.
    #[error("an order in status {0} cannot be edited")]
    TooLate(OrderStatus),
    /// More products change than one transaction can move.
    #[error("at most {MAX_MOVED_PRODUCTS} products can change at once")]
    TooManyProducts,
    /// The total changes, and the order has had as many attempts to pay as it may.
    #[error("an order has at most {MAX_ATTEMPTS} attempts to pay")]
    TooManyAttempts,
    /// The total changes, and an intent for the former total could still be paid: it must be cancelled first.
    #[error("an intent for the former total is live")]
    IntentLive,
}

impl Order {
    /// Changes lines or contact. The reservation follows the new lines; when the total changes, so does the attempt to
    /// pay. `None` when nothing changes.
    ///
    /// # Errors
    ///
    /// [`EditRefused`].
    pub fn edit(&self, edit: OrderEdit, correlation_id: &str, now: Timestamp) -> Result<Option<Change>, EditRefused> {
        let Person::Known(contact) = &self.person else { return Err(EditRefused::TooLate(self.status)) };
        if !self.status.can_be_edited() || self.fulfilled_at.is_some() {
            return Err(EditRefused::TooLate(self.status));
        }
        let contact = edit.contact.unwrap_or_else(|| contact.clone());
        let (lines, total) = edit.lines.unwrap_or_else(|| (self.lines.clone(), self.total));
        if self.products_moved_by(&lines) > MAX_MOVED_PRODUCTS {
            return Err(EditRefused::TooManyProducts);
        }
        if total != self.total && self.payment.method == PaymentMethod::Stripe && !self.payment.has_attempts_left() {
            return Err(EditRefused::TooManyAttempts);
        }
        let is_payable = self.payment.facts.live().next().is_some();
        if total != self.total && is_payable {
            return Err(EditRefused::IntentLive);
        }
        let is_another = lines != self.lines || self.person.contact() != Some(&contact);
        Ok(self.change(correlation_id, now, |order| {
            if total != order.total {
                order.payment.attempt += 1;
                order.payment.intent = None;
            }
            if is_another {
                order.placed_lines = Some(self.first_lines());
            }
            order.lines = lines;
            order.total = total;
            order.person = Person::Known(contact);
        }))
    }

    /// How many products' stock another list of lines would move.
    fn products_moved_by(&self, lines: &[OrderLine]) -> usize {
        let mut moved: BTreeMap<&Sku, i64> = BTreeMap::new();
        for (lines, sign) in [(self.lines.as_slice(), -1), (lines, 1)] {
            for line in lines {
                *moved.entry(&line.sku).or_insert(0) += sign * i64::from(line.quantity);
            }
        }
        moved.into_values().filter(|pieces| *pieces != 0).count()
    }

    /// The lines that it was placed with.
    pub(super) fn first_lines(&self) -> Vec<CartLine> {
        let now = self.lines.iter().map(|line| CartLine { sku: line.sku.clone(), quantity: line.quantity });
        self.placed_lines.clone().unwrap_or_else(|| now.collect())
    }
}
