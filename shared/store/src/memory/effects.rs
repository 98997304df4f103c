//! Effects in memory.

use domain::{MailEffect, MailEffectId, MailSubject, OrderId, Timestamp};

use super::MemoryStore;
use crate::{MailEffects, RowClaim, SheetRow, SheetRows, StoreError};

impl MailEffects for MemoryStore {
    async fn mail(&self, id: MailEffectId) -> Result<Option<MailEffect>, StoreError> {
        Ok(self.state.borrow().mails.get(&id).cloned())
    }

    async fn save_mail(&self, effect: &MailEffect) -> Result<(), StoreError> {
        let mut state = self.state.borrow_mut();
        if state.mails.get(&effect.id).map_or(0, |stored| stored.version) + 1 != effect.version {
            return Err(StoreError::Conflict);
        }
        state.mails.insert(effect.id, effect.clone());
        Ok(())
    }

    async fn mails_about(&self, order: OrderId) -> Result<Vec<MailEffect>, StoreError> {
        Ok(self
            .state
            .borrow()
            .mails
            .values()
            .filter(|effect| effect.id.subject == MailSubject::Order(order))
            .cloned()
            .collect())
    }
}

impl SheetRows for MemoryStore {
    async fn rows(&self, spreadsheet_id: &str, orders: &[OrderId]) -> Result<Vec<RowClaim>, StoreError> {
        let mut state = self.state.borrow_mut();
        let mut last = state.last_row.get(spreadsheet_id).copied().unwrap_or(1);
        let mut claims = Vec::with_capacity(orders.len());
        for order_id in orders {
            let known = state.rows.entry((*order_id, spreadsheet_id.to_owned())).or_insert_with(|| {
                last += 1;
                let (spreadsheet_id, written_at) = (spreadsheet_id.to_owned(), Timestamp::default());
                SheetRow { spreadsheet_id, row: last, written_version: 0, written_at }
            });
            claims.push(RowClaim { order_id: *order_id, row: known.row });
        }
        state.last_row.insert(spreadsheet_id.to_owned(), last);
        Ok(claims)
    }

    async fn row_written(
        &self,
        spreadsheet_id: &str,
        order: OrderId,
        version: u64,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        if let Some(row) = self.state.borrow_mut().rows.get_mut(&(order, spreadsheet_id.to_owned()))
            && row.written_version < version
        {
            (row.written_version, row.written_at) = (version, at);
        }
        Ok(())
    }

    async fn rows_of(&self, order: OrderId) -> Result<Vec<SheetRow>, StoreError> {
        let state = self.state.borrow();
        let from = (order, String::new());
        Ok(state.rows.range(from..).take_while(|((id, _), _)| *id == order).map(|(_, row)| row.clone()).collect())
    }
}
