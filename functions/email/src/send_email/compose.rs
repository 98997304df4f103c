//! Composes the mail about an event, from the state at the time of sending.

use domain::{
    AccountEvent, AccountId, AccountNotice, Link, MailEffectId, MailKind, MailSubject, Order, OrderEvent, OrderMail,
    Recipient, StaffAlert,
};
use events::Event;
use mail::{Content, Mailbox, Shop};
use resilience::Clock;
use store::{Accounts, ApiKeys, Orders};

use crate::send_email::{Mailer, Needs, SendError};

/// A mail that is ready to be sent.
pub(crate) struct OutgoingMail {
    pub(crate) to: Mailbox,
    pub(crate) content: Content,
    pub(crate) recipient: Recipient,
}

/// The mail that an event causes, if any.
pub(crate) fn effect_id(event: &Event) -> Option<MailEffectId> {
    let (subject, kind, event_id) = match event {
        Event::Order(event) => {
            (MailSubject::Order(event.order_id), MailKind::for_order_event(event.event_type)?, event.event_id)
        }
        Event::Account(event) => {
            let kind = MailKind::for_account_event(event.event_type)?;
            (MailSubject::Account(event.account_id), kind, event.event_id)
        }
    };
    Some(MailEffectId { subject, kind, event_id })
}

impl<E: Needs> Mailer<'_, E> {
    /// The mail about an event; `None` when it is outdated, or the recipient is gone.
    pub(crate) async fn compose(&self, event: &Event) -> Result<Option<OutgoingMail>, SendError> {
        match event {
            Event::Order(event) => self.about_order(event).await,
            Event::Account(event) => self.about_account(event).await,
        }
    }

    async fn about_order(&self, event: &OrderEvent) -> Result<Option<OutgoingMail>, SendError> {
        let order = self.env.orders().find(event.order_id).await?.ok_or(SendError::NoOrder)?;
        let (settings, shop) = (self.env.mail_settings(), self.shop());
        if let Some(alert) = StaffAlert::for_event(event.event_type) {
            let content = Content::alert(alert, event, &order, shop)?;
            return Ok(Some(OutgoingMail { to: settings.alerts_to.clone(), content, recipient: Recipient::Customer }));
        }
        let Some(mail) = OrderMail::for_event(event.event_type) else { return Ok(None) };
        let Some(contact) = order.person.contact() else { return Ok(None) };
        let recipient = self.recipient(&order).await?;
        let shown = Some(contact).filter(|_| recipient == Recipient::Customer);
        let content = Content::compose(mail, event, &order, shown, shop)?;
        let name = shown.map(|contact| contact.shipping_address.name.clone());
        Ok(Some(OutgoingMail { to: Mailbox { email: contact.email.clone(), name }, content, recipient }))
    }

    async fn recipient(&self, order: &Order) -> Result<Recipient, SendError> {
        if let Some(recipient) = Recipient::of_order(order) {
            return Ok(recipient);
        }
        let account = self.env.accounts().account(AccountId::Customer(order.customer)).await?;
        Ok(Recipient::of(order, account.as_ref()))
    }

    async fn about_account(&self, event: &AccountEvent) -> Result<Option<OutgoingMail>, SendError> {
        let accounts = self.env.accounts();
        let account = accounts.account(event.account_id).await?;
        let link = match event.link_id {
            Some(id) => accounts.link(id).await?,
            None => None,
        };
        let key = match event.key_id {
            Some(id) => self.env.api_keys().api_key(id).await?,
            None => None,
        };
        let notice =
            AccountNotice::decide(event, account.as_ref(), link.as_ref(), key.as_ref(), self.env.clock().now());
        let Some((notice, account)) = notice.zip(account.as_ref()) else { return Ok(None) };
        let keys = self.env.link_keys().await?;
        let sign = |link: &Link| keys.sign(link.kind, link.id);
        let content = Content::about_account(notice, self.shop(), sign)?;
        Ok(Some(OutgoingMail { to: account.email.clone().into(), content, recipient: Recipient::Customer }))
    }

    fn shop(&self) -> Shop<'_> {
        let settings = self.env.mail_settings();
        Shop::of(&settings.from, &settings.web_app)
    }
}
