//! Effects outside of the system: mails and rows of the sheet.

use domain::{MailEffect, MailEffectId, OrderId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::StoreError;

/// The repository of mail effects.
pub trait MailEffects {
    /// The mail as it is now (a consistent read).
    async fn mail(&self, id: MailEffectId) -> Result<Option<MailEffect>, StoreError>;

    /// Stores a mail's next version.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] when the stored version is not the one before. A write that took effect although its
    /// answer was lost is recognised and is no conflict.
    async fn save_mail(&self, effect: &MailEffect) -> Result<(), StoreError>;

    /// All mails about an order.
    async fn mails_about(&self, order: OrderId) -> Result<Vec<MailEffect>, StoreError>;
}

/// An order's row in a spreadsheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetRow {
    /// The spreadsheet.
    pub spreadsheet_id: String,
    /// Row number, from 1; 1 is the header.
    pub row: u32,
    /// The order's version that was last seen in the row; 0 for none yet.
    pub written_version: u64,
    /// When it was seen there.
    pub written_at: Timestamp,
}

/// An order that has a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowClaim {
    /// The order.
    pub order_id: OrderId,
    /// The row number, from 2: below the header.
    pub row: u32,
}

/// The repository of the sheet's rows. A row of a spreadsheet belongs to one order for ever, and an order has one row in
/// each spreadsheet that it was ever written to.
pub trait SheetRows {
    /// The rows of these orders in a spreadsheet. Orders without a row get the next free numbers, once, in the given
    /// order. At most 40 orders, each once.
    async fn rows(&self, spreadsheet_id: &str, orders: &[OrderId]) -> Result<Vec<RowClaim>, StoreError>;

    /// Records that the row shows this version of the order. An older version than the recorded one changes nothing.
    async fn row_written(
        &self,
        spreadsheet_id: &str,
        order: OrderId,
        version: u64,
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// The rows of one order, by the id of the spreadsheet.
    async fn rows_of(&self, order: OrderId) -> Result<Vec<SheetRow>, StoreError>;
}
