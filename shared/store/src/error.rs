//! What a repository can answer instead of a result.

use domain::Sku;
use resilience::Verdict;

/// Why something was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else wrote first: read again, decide again, write again.
    #[error("changed by somebody else")]
    Conflict,
    /// There is not enough of this product, or it is no longer for sale. Nothing was written.
    #[error("out of stock: {0}")]
    OutOfStock(Sku),
    /// The stock is this one, and not what was to be replaced. Nothing was written.
    #[error("the stock is {0}")]
    StockConflict(u32),
    /// The table is throttled, down or out of reach. Whether a write took effect is not known; each may be repeated.
    #[error("the table cannot be reached")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What is stored cannot be understood: no retry mends it.
    #[error("stored item cannot be read: {0}")]
    Corrupt(String),
}

impl StoreError {
    /// For the loop of read, decide, write: a lost race is run again, everything else is left to the caller.
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Conflict => Verdict::RETRY,
            Self::OutOfStock(_) | Self::StockConflict(_) | Self::Unavailable(_) | Self::Corrupt(_) => Verdict::GiveUp,
        }
    }
}
