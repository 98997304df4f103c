//! Edits an order that is awaiting payment: its lines and its contact.

use super::{Change, Contact, Order, OrderLine, Person};
use crate::{CartLine, Money, OrderStatus, Timestamp};

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

    /// The lines that it was placed with.
    pub(super) fn first_lines(&self) -> Vec<CartLine> {
        let now = self.lines.iter().map(|line| CartLine { sku: line.sku.clone(), quantity: line.quantity });
        self.placed_lines.clone().unwrap_or_else(|| now.collect())
    }
}
