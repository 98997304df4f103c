//! The validated patch.

use domain::{Address, CartLine, Contact, EmailAddress, FieldError, LineRequest, Order};
use serde::Deserialize;
use utoipa::ToSchema;

/// The body as it was sent; fields that are absent stay as they are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderPatchBody {
    /// The new lines, all of them; each sku once, at current prices.
    #[schema(min_items = 1, max_items = 50)]
    lines: Option<Vec<LineRequest>>,
    /// The shipping address.
    shipping_address: Option<Address>,
    /// The email address for mails about the order.
    #[schema(value_type = Option<EmailAddress>)]
    email: Option<String>,
}

/// A patch whose values are all valid.
#[derive(Debug)]
pub(crate) struct OrderPatch {
    pub lines: Option<Vec<CartLine>>,
    address: Option<Address>,
    email: Option<EmailAddress>,
}

impl TryFrom<OrderPatchBody> for OrderPatch {
    type Error = FieldError;

    fn try_from(patch: OrderPatchBody) -> Result<Self, FieldError> {
        let lines = patch.lines.map(|lines| CartLine::read_all(&lines)).transpose()?;
        if let Some((field, message)) = patch.shipping_address.as_ref().and_then(Address::fault) {
            return Err(FieldError::new(format!("shipping_address.{field}"), message));
        }
        let email = patch.email.map(|email| email.parse()).transpose();
        let email = email.map_err(|_| FieldError::new("email", "must be an email address"))?;
        Ok(Self { lines, address: patch.shipping_address, email })
    }
}

impl OrderPatch {
    /// The new contact; `None` when the contact stays, or was erased.
    pub(crate) fn contact(&self, order: &Order) -> Option<Contact> {
        let Contact { email, shipping_address } = order.person.contact()?.clone();
        Some(Contact {
            email: self.email.clone().unwrap_or(email),
            shipping_address: self.address.clone().unwrap_or(shipping_address),
        })
    }
}
