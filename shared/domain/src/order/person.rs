//! Whom an order is for, and how it forgets them.

use serde::{Deserialize, Serialize};

use super::{CancelReason, Cancellation, Change, Order};
use crate::{Address, EmailAddress, OrderStatus, Timestamp};

/// Where goods and mails go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Where the mails go.
    pub email: EmailAddress,
    /// Where the goods go.
    pub shipping_address: Address,
}

/// Whom an order is for, as far as it still says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredPerson", into = "StoredPerson")]
pub enum Person {
    /// Whoever placed it.
    Known(Contact),
    /// They asked to be forgotten, and will be once the order needs them no longer.
    Leaving {
        /// Still needed to deliver and settle the order.
        contact: Contact,
        /// When they asked.
        since: Timestamp,
    },
    /// Forgotten: only the customer's id is left.
    Erased {
        /// When.
        at: Timestamp,
    },
}

impl Person {
    /// Where goods and mails go, as long as the order says.
    pub const fn contact(&self) -> Option<&Contact> {
        match self {
            Self::Known(contact) | Self::Leaving { contact, .. } => Some(contact),
            Self::Erased { .. } => None,
        }
    }
}

/// The stored form: fields of the order itself, `email` and `shipping_address` as they always were.
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

/// Neither a whole person nor none.
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
    /// Forgets whom the order is for: at once, or as soon as it is delivered and settled, by the change that brings it
    /// there. What was ordered, paid and given back stays. An order that waits for money is called off: nobody can sign
    /// in any more to pay it. None when it was asked before.
    pub fn erase_person(&self, correlation_id: &str, now: Timestamp) -> Option<Change> {
        let Person::Known(contact) = &self.person else { return None };
        self.change(correlation_id, now, |order| {
            order.person = Person::Leaving { contact: contact.clone(), since: now };
            if self.status == OrderStatus::PendingPayment {
                order.cancellation = Some(Cancellation { at: now, reason: CancelReason::Requested });
            }
        })
    }

    /// The person after a change: forgotten, if they asked for it and nothing is left to deliver or settle.
    pub(super) fn person_after_change(&self) -> Person {
        match &self.person {
            Person::Leaving { .. } if !self.needs_person() => Person::Erased { at: self.updated_at },
            person => person.clone(),
        }
    }

    /// Whether something is still to be sent, or money to be asked for, contested or given back.
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
            OrderStatus::Fulfilled | OrderStatus::Refunded | OrderStatus::ChargedBack => false,
        }
    }
}
