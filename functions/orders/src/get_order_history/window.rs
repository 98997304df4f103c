//! The time window of a page of history.
//!
//! The table pages the events alone. So the cursor of a history also has the end of the last page's window, and each
//! entry that is not an event stands on exactly one page.

use domain::Timestamp;
use store::{Cursor, PageRequest};

/// Separates an event's sort key from the time.
const SEPARATOR: char = '@';

/// After one time, up to and including another; `None` for no bound on that side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

/// The page of events to read, and the time after which the window begins.
pub(crate) fn open(page: PageRequest) -> (PageRequest, Option<Timestamp>) {
    let split = page.after.as_ref().and_then(|cursor| cursor.sort_key().split_once(SEPARATOR));
    let Some((sort_key, moment)) = split else { return (page, None) };
    let since = Timestamp::parse(moment).ok();
    (PageRequest { after: Some(Cursor::after(sort_key)), ..page }, since)
}

impl Window {
    /// The cursor of the page after this one.
    pub(crate) fn close(self, events: &Cursor) -> Cursor {
        match self.until {
            Some(until) => Cursor::after(format!("{}{SEPARATOR}{until}", events.sort_key())),
            None => events.clone(),
        }
    }

    pub(crate) fn contains(self, moment: Timestamp) -> bool {
        self.since.is_none_or(|since| moment > since) && self.until.is_none_or(|until| moment <= until)
    }
}
