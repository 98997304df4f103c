//! Errors of repositories.

use domain::Sku;
use resilience::Verdict;

/// Why a read or write failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A concurrent write came first: read again, decide again, write again.
    #[error("changed by a concurrent write")]
    Conflict,
    /// There is not enough of this product, or it is no longer for sale. Nothing was written.
    #[error("out of stock: {0}")]
    OutOfStock(Sku),
    /// The stock is this, not what the edit expected. Nothing was written.
    #[error("the stock is {0}")]
    StockConflict(u32),
    /// The table is throttled, down or unreachable. A write may have taken effect; each may be repeated.
    #[error("the table is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The table refuses the write itself, such as an item that is too large: no retry helps. Nothing was written.
    #[error("the table refuses the write: {0}")]
    Rejected(String),
    /// A stored value is malformed: no retry helps.
    #[error("stored item cannot be read: {0}")]
    Corrupt(String),
}

impl StoreError {
    /// Whether it concerns this one item alone: others can be read and written.
    pub const fn is_about_one(&self) -> bool {
        matches!(self, Self::Rejected(_) | Self::Corrupt(_))
    }

    /// For the loop of read, decide, write: a conflict is retried, everything else is left to the caller.
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Conflict => Verdict::RETRY,
            Self::OutOfStock(_)
            | Self::StockConflict(_)
            | Self::Unavailable(_)
            | Self::Rejected(_)
            | Self::Corrupt(_) => Verdict::GiveUp,
        }
    }
}
