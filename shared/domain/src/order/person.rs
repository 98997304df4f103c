//! The person whom an order is for, and how an order is erased.

use serde::{Deserialize, Serialize};

use super::{CancelReason, Cancellation, Change, Order};
use crate::{Address, EmailAddress, OrderStatus, Timestamp};

/// Shipping address and email address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The email address.
    pub email: EmailAddress,
    /// The shipping address.
    pub shipping_address: Address,
}

/// The person whom an order is for, as far as it is still stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredPerson", into = "StoredPerson")]
pub enum Person {
    /// The customer who placed it.
    Known(Contact),
    /// The customer asked for erasure, which happens once the order no longer needs the data.
    Leaving {
        /// Still needed to deliver and settle the order.
        contact: Contact,
        /// When the customer asked.
        since: Timestamp,
    },
    /// Erased: only the customer's id is left.
    Erased {
        /// When.
        at: Timestamp,
    },
}

impl Person {
    /// Shipping address and email address, while they are stored.
    pub const fn contact(&self) -> Option<&Contact> {
        match self {
            Self::Known(contact) | Self::Leaving { contact, .. } => Some(contact),
            Self::Erased { .. } => None,
        }
    }
}

/// The stored form: fields of the order itself, `email` and `shipping_address`.
#[derive(Serialize, Deserialize)]
struct StoredPerson {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<EmailAddress>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shipping_address: Option<Address>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    leaving_since: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    erased_at: Option<Timestamp>,
}

impl From<Person> for StoredPerson {
    fn from(person: Person) -> Self {
        let (contact, leaving_since, erased_at) = match person {
            Person::Known(contact) => (Some(contact), None, None),
            Person::Leaving { contact, since } => (Some(contact), Some(since), None),
            Person::Erased { at } => (None, None, Some(at)),
        };
        let (email, shipping_address) = contact.map(|contact| (contact.email, contact.shipping_address)).unzip();
        Self { email, shipping_address, leaving_since, erased_at }
    }
}

/// Part of a person's data is missing.
#[derive(Debug, thiserror::Error)]
#[error("an order for half a person")]
struct IncompletePerson;

impl TryFrom<StoredPerson> for Person {
    type Error = IncompletePerson;

    fn try_from(stored: StoredPerson) -> Result<Self, IncompletePerson> {
        let contact = stored.email.zip(stored.shipping_address);
        let contact = contact.map(|(email, shipping_address)| Contact { email, shipping_address });
        match (contact, stored.leaving_since, stored.erased_at) {
            (Some(contact), None, None) => Ok(Self::Known(contact)),
            (Some(contact), Some(since), None) => Ok(Self::Leaving { contact, since }),
            (None, None, Some(at)) => Ok(Self::Erased { at }),
            _ => Err(IncompletePerson),
        }
    }
}

impl Order {
    /// Erases the person: at once, or with the change that completes delivery and payment. Lines, payments and refunds
    /// stay. An order that is awaiting payment is cancelled, since its customer can no longer sign in to pay it. `None`
    /// when this was requested before.
    pub fn erase_person(&self, correlation_id: &str, now: Timestamp) -> Option<Change> {
        let Person::Known(contact) = &self.person else { return None };
        self.change(correlation_id, now, |order| {
            order.person = Person::Leaving { contact: contact.clone(), since: now };
            if self.status == OrderStatus::PendingPayment {
                order.cancellation = Some(Cancellation::new(now, CancelReason::Requested));
            }
        })
    }

    /// The person after a change: erased if the customer asked for it and nothing is left to deliver or settle.
    pub(super) fn person_after_change(&self) -> Person {
        match &self.person {
            Person::Leaving { .. } if !self.needs_person() => Person::Erased { at: self.updated_at },
            person => person.clone(),
        }
    }

    /// Whether something is still to be delivered, charged, disputed or refunded.
    fn needs_person(&self) -> bool {
        match self.status {
            OrderStatus::PendingPayment
            | OrderStatus::PaymentProcessing
            | OrderStatus::Invoiced
            | OrderStatus::Paid
            | OrderStatus::Disputed
            | OrderStatus::NeedsReview => true,
            OrderStatus::PartiallyRefunded => self.fulfilled_at.is_none(),
            OrderStatus::Cancelled => self.payment.facts.captured() > 0 || self.intents_to_void().next().is_some(),
            // A loss that is appealed may be turned, and the order go on.
            OrderStatus::ChargedBack => self.payment.facts.disputes().any(|dispute| dispute.status.is_appealed()),
            OrderStatus::Fulfilled | OrderStatus::Refunded => false,
        }
    }
}
