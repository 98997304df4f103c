//! Rate limits, known addresses, job checkpoints and attempts to reserve goods in memory.

use std::time::Duration;

use domain::{CustomerId, ReservationAttempt, Timestamp};
use resilience::{Decision, Limit};
use uuid::Uuid;

use super::MemoryStore;
use crate::{Announcement, JobCheckpoints, KnownAddresses, MAX_PAGE, RateLimiter, ReservationAttempts, StoreError};

impl RateLimiter for MemoryStore {
    async fn take(&self, bucket: &str, limit: Limit, now: Timestamp) -> Result<Decision, StoreError> {
        let mut state = self.state.borrow_mut();
        let (next, taken) = limit.take(state.buckets.get(bucket).copied(), now);
        if let Some(next) = next {
            state.buckets.insert(bucket.to_owned(), next);
        }
        Ok(taken)
    }

    async fn give_back(&self, bucket: &str, limit: Limit, _: Timestamp) -> Result<(), StoreError> {
        if let Some(arrival) = self.state.borrow_mut().buckets.get_mut(bucket) {
            *arrival = limit.give_back(*arrival);
        }
        Ok(())
    }
}

impl KnownAddresses for MemoryStore {
    async fn remember(&self, key: &str, until: Timestamp) -> Result<(), StoreError> {
        self.state.borrow_mut().facts.insert(key.to_owned(), until);
        Ok(())
    }

    async fn remembers(&self, key: &str, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.state.borrow().facts.get(key).is_some_and(|until| now < *until))
    }
}

impl JobCheckpoints for MemoryStore {
    async fn checkpoint(&self, job: &str, now: Timestamp) -> Result<Option<String>, StoreError> {
        let state = self.state.borrow();
        Ok(state.checkpoints.get(job).filter(|(_, until)| now < *until).map(|(place, _)| place.clone()))
    }

    async fn save_checkpoint(&self, job: &str, place: &str, until: Timestamp) -> Result<(), StoreError> {
        self.state.borrow_mut().checkpoints.insert(job.to_owned(), (place.to_owned(), until));
        Ok(())
    }
}

impl ReservationAttempts for MemoryStore {
    async fn announce(
        &self,
        customer: CustomerId,
        attempt: &ReservationAttempt,
        window: Duration,
        now: Timestamp,
    ) -> Result<Announcement, StoreError> {
        let state = &mut *self.state.borrow_mut();
        let announced = state.attempts.entry(customer).or_default();
        announced.retain(|_, (_, at)| *at >= now.minus(window));
        if announced.len() >= MAX_PAGE {
            return Ok(Announcement::TooMany);
        }
        state.announcements += 1;
        let id = Uuid::from_u128(state.announcements);
        announced.insert(id, (attempt.clone(), now));
        let others = announced.values().map(|(other, _)| other).filter(|other| other.order != attempt.order);
        Ok(Announcement::Made { id, others: others.cloned().collect() })
    }

    async fn withdraw(&self, customer: CustomerId, id: Uuid) -> Result<(), StoreError> {
        if let Some(announced) = self.state.borrow_mut().attempts.get_mut(&customer) {
            announced.remove(&id);
        }
        Ok(())
    }
}
