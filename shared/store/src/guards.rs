//! What guards the API from too much: rate limits that hold across environments, and addresses that are known.

use domain::Timestamp;
use resilience::{Decision, Limit};

use crate::StoreError;

/// The repository of guards. Everything in it expires.
pub trait Guards {
    /// Takes one request from a bucket, by one conditional write where the bucket is in use, two where it was idle; none
    /// where it is known to be empty. Of all who ask at once, in whatever process, no more get one than the limit has.
    async fn take(&self, bucket: &str, limit: Limit, now: Timestamp) -> Result<Decision, StoreError>;

    /// Remembers a fact, named by its key, until then.
    async fn remember(&self, key: &str, until: Timestamp) -> Result<(), StoreError>;

    /// Whether a fact is remembered now.
    async fn remembers(&self, key: &str, now: Timestamp) -> Result<bool, StoreError>;

    /// Where a job that takes many runs stands, as it wrote it down; none when it did not, or that is too long ago.
    async fn checkpoint(&self, job: &str, now: Timestamp) -> Result<Option<String>, StoreError>;

    /// Writes down where a job stands, until then. The last one to write is right: a job that runs twice at once must
    /// bear to do some of its work twice.
    async fn save_checkpoint(&self, job: &str, place: &str, until: Timestamp) -> Result<(), StoreError>;
}
