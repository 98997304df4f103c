//! What the guards table holds: rate limits across environments, addresses known for an account, and checkpoints of jobs.
//! All of it expires.

use domain::Timestamp;
use resilience::{Decision, Limit};

use crate::StoreError;

/// Rate limits that hold across all environments of all functions.
pub trait RateLimiter {
    /// Takes one request from a bucket: one conditional write when the bucket is in use, two when it was idle, none when it
    /// is known to be empty. Of all concurrent callers, in whatever process, no more succeed than the limit allows.
    async fn take(&self, bucket: &str, limit: Limit, now: Timestamp) -> Result<Decision, StoreError>;

    /// Gives back a request that was just taken from a bucket and turned out not to count: one conditional write. Another
    /// environment that found the bucket empty meanwhile may refuse one request that it could take, for as long as it was
    /// told to wait.
    async fn give_back(&self, bucket: &str, limit: Limit, now: Timestamp) -> Result<(), StoreError>;
}

/// The network addresses from which owners of accounts have signed in.
pub trait KnownAddresses {
    /// Remembers a key until then.
    async fn remember(&self, key: &str, until: Timestamp) -> Result<(), StoreError>;

    /// Whether a key is remembered now.
    async fn remembers(&self, key: &str, now: Timestamp) -> Result<bool, StoreError>;
}

/// Where jobs that take many runs left off.
pub trait JobCheckpoints {
    /// The job's checkpoint, as it was saved; `None` when there is none or it has expired.
    async fn checkpoint(&self, job: &str, now: Timestamp) -> Result<Option<String>, StoreError>;

    /// Saves the job's checkpoint until then. The last write wins: a job that runs twice at once must tolerate doing some
    /// of its work twice.
    async fn save_checkpoint(&self, job: &str, checkpoint: &str, until: Timestamp) -> Result<(), StoreError>;
}
