//! The quotas: requests per minute, per user and per project, refilled each minute.
//! Source: developers.google.com/workspace/sheets/api/limits.

use std::collections::BTreeMap;

use domain::Timestamp;
use serde::{Deserialize, Serialize};

use super::error::GoogleError;
use super::token::Access;

/// Requests per minute, and the largest request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quotas {
    /// Reads per minute of one user.
    pub reads_per_user: u32,
    /// Writes per minute of one user.
    pub writes_per_user: u32,
    /// Reads per minute of the whole project.
    pub reads_per_project: u32,
    /// Writes per minute of the whole project.
    pub writes_per_project: u32,
    /// Largest request body. Google recommends 2 MB; the stand-in insists on it.
    pub payload_bytes: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            reads_per_user: 60,
            writes_per_user: 60,
            reads_per_project: 300,
            writes_per_project: 300,
            payload_bytes: 2 * 1024 * 1024,
        }
    }
}

/// What was used in the present minute.
#[derive(Debug, Default)]
pub struct Usage {
    minute: i64,
    by_user: BTreeMap<(bool, String), u32>,
    by_project: [u32; 2],
}

impl Usage {
    /// Counts one request, or refuses it; a refused one does not count.
    pub fn take(&mut self, now: Timestamp, quotas: &Quotas, access: Access, user: &str) -> Result<(), GoogleError> {
        let minute = now.seconds().div_euclid(60);
        if minute != self.minute {
            *self = Self { minute, ..Self::default() };
        }
        let (kind, user_limit, project_limit) = match access {
            Access::Read => ("Read", quotas.reads_per_user, quotas.reads_per_project),
            Access::Write => ("Write", quotas.writes_per_user, quotas.writes_per_project),
        };
        let writes = access == Access::Write;
        let by_user = self.by_user.entry((writes, user.to_owned())).or_default();
        let by_project = &mut self.by_project[usize::from(writes)];
        if *by_user >= user_limit {
            return Err(GoogleError::quota(kind, true, user_limit));
        }
        if *by_project >= project_limit {
            return Err(GoogleError::quota(kind, false, project_limit));
        }
        *by_user += 1;
        *by_project += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn reads_and_writes_count_apart_and_refill_each_minute() {
        let (mut usage, quotas) = (Usage::default(), Quotas::default());
        for _ in 0..60 {
            usage.take(at(0), &quotas, Access::Write, "a").unwrap();
        }
        let refused = usage.take(at(59), &quotas, Access::Write, "a").unwrap_err();
        assert_eq!(refused.code(), 429);
        assert!(refused.message().contains("limit 'Write requests per minute per user'"));
        usage.take(at(59), &quotas, Access::Read, "a").unwrap();
        usage.take(at(60), &quotas, Access::Write, "a").unwrap();
    }

    #[test]
    fn five_users_use_up_the_project() {
        let (mut usage, quotas) = (Usage::default(), Quotas::default());
        for user in ["a", "b", "c", "d", "e"] {
            for _ in 0..60 {
                usage.take(at(0), &quotas, Access::Read, user).unwrap();
            }
        }
        let refused = usage.take(at(0), &quotas, Access::Read, "f").unwrap_err();
        assert!(refused.message().contains("limit 'Read requests per minute' of"));
    }
}
