//! The one home of key formats and index attributes.

use std::collections::HashMap;
use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    AccountEvent, AccountId, CustomerId, Due, EmailAddress, Identity, KeyId, LinkId, MailEffectId, OrderId,
    OrderStatus, SessionId, Sku, Timestamp,
};
use sha2::{Digest, Sha256};

/// An item, or any other set of named attributes.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The tables' partition key attribute.
pub(crate) const PK: &str = "pk";
/// The tables' sort key attribute.
pub(crate) const SK: &str = "sk";

/// Orders of one customer: by `customer`, then `sort_key`.
pub(crate) const BY_CUSTOMER: &str = "by_customer";
/// Partition key of [`BY_CUSTOMER`]: a field of the order itself.
pub(crate) const CUSTOMER_KEY: &str = "customer";
/// Orders with one status: by `status_key`, then `sort_key`.
pub(crate) const BY_STATUS: &str = "by_status";
/// Partition key of [`BY_STATUS`].
pub(crate) const STATUS_KEY: &str = "status_key";
/// Orders about which something has to be done by itself: by `due_key`, then `due_at`. No other order is in it.
pub(crate) const BY_DUE: &str = "by_due";
/// Partition key of [`BY_DUE`].
pub(crate) const DUE_KEY: &str = "due_key";
/// Sort key of [`BY_DUE`].
pub(crate) const DUE_AT: &str = "due_at";
/// Sort key of the indexes of orders and of API keys.
pub(crate) const SORT_KEY: &str = "sort_key";
/// All products, by `listing_key`, then `sku`; all API keys, by `listing_key`, then `sort_key`.
pub(crate) const BY_LISTING: &str = "by_listing";
/// Partition key of [`BY_LISTING`].
pub(crate) const LISTING_KEY: &str = "listing_key";
/// Sort key of [`BY_LISTING`].
pub(crate) const SKU: &str = "sku";
/// [`LISTING_KEY`] of products.
pub(crate) const LISTING: &str = "products";
/// [`LISTING_KEY`] of API keys.
pub(crate) const API_KEYS: &str = "api_keys";

/// When DynamoDB may delete an item of the identity or the guards table, in seconds since the epoch, as a number. Our
/// own `expires_at` beside it are texts, which TTL ignores.
pub(crate) const TTL: &str = "ttl";

/// The same for the orders table, where only parked facts expire.
pub(crate) const PARKED_TTL: &str = "expires_at";

/// The number of partitions that share the orders of one status, because each order passes through the same few
/// statuses.
pub(crate) const STATUS_SHARDS: u8 = 8;

/// The prefix of the sort keys of receipts.
pub(crate) const RECEIPT: &str = "receipt#";
/// The prefix of the sort keys of ledger entries.
pub(crate) const LEDGER: &str = "ledger#";
/// The prefix of the sort keys of mails.
pub(crate) const MAIL: &str = "mail#";
/// What the sort keys of an order's rows begin with.
pub(crate) const ROW: &str = "row#";

/// The primary key of an item.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pk: String,
    sk: String,
}

impl Key {
    fn new(pk: impl fmt::Display, sk: impl Into<String>) -> Self {
        Self { pk: pk.to_string(), sk: sk.into() }
    }

    /// As attributes of an item.
    pub(crate) fn attributes(&self) -> Item {
        HashMap::from([(PK.to_owned(), text(&self.pk)), (SK.to_owned(), text(&self.sk))])
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.pk, self.sk)
    }
}

/// The order.
pub(crate) fn order(id: OrderId) -> Key {
    Key::new(id, "order")
}

/// An order event.
pub(crate) fn event(id: OrderId, order_version: u64, index: usize) -> Key {
    Key::new(id, crate::orders::event_key(order_version, index))
}

/// The ledger entries of one version of an order: text order is their order.
pub(crate) fn ledger(id: OrderId, order_version: u64) -> Key {
    Key::new(id, format!("{LEDGER}{order_version:010}"))
}

/// A receipt of an order.
pub(crate) fn receipt(id: OrderId, stripe_event_id: &str) -> Key {
    Key::new(id, format!("{RECEIPT}{stripe_event_id}"))
}

/// The facts parked for an order.
pub(crate) fn parked(id: OrderId) -> Key {
    Key::new(id, "parked")
}

/// A product.
pub(crate) fn product(sku: &Sku) -> Key {
    Key::new(format_args!("product#{sku}"), "product")
}

/// A mail.
pub(crate) fn mail(id: MailEffectId) -> Key {
    Key::new(id.subject, format!("{MAIL}{}#{}", id.kind.as_str(), id.event_id))
}

/// An order's row in a spreadsheet.
pub(crate) fn row(id: OrderId, spreadsheet_id: &str) -> Key {
    Key::new(id, format!("{ROW}{spreadsheet_id}"))
}

/// The last row number assigned in a sheet.
pub(crate) fn counter(spreadsheet_id: &str) -> Key {
    Key::new(format_args!("sheet#{spreadsheet_id}"), "counter")
}

/// An account.
pub(crate) fn account(id: AccountId) -> Key {
    Key::new(id, "account")
}

/// The owner of an email address.
pub(crate) fn email(email: &EmailAddress) -> Key {
    Key::new(format_args!("email#{}", email.lower_case()), "email")
}

/// The owner of an OpenID identity.
pub(crate) fn identity(identity: &Identity) -> Key {
    let issuer_and_subject = format!("{}\n{}", identity.issuer, identity.subject);
    Key::new(format_args!("identity#{}", hex::encode(Sha256::digest(issuer_and_subject))), "identity")
}

/// An account event.
pub(crate) fn account_event(event: &AccountEvent) -> Key {
    let [pk, sk] = crate::accounts::account_event_key(event);
    Key { pk, sk }
}

/// The partition of an account's sessions: not the account's own, so that whoever may end one may not delete accounts.
pub(crate) fn sessions(account: AccountId) -> String {
    format!("sessions#{account}")
}

/// What the sort keys of sessions begin with.
pub(crate) const SESSION: &str = "ses_";

/// A session of an account.
pub(crate) fn session(account: AccountId, id: SessionId) -> Key {
    Key::new(sessions(account), id.to_string())
}

/// A mailed link.
pub(crate) fn link(id: LinkId) -> Key {
    Key::new(format_args!("link#{id}"), "link")
}

/// A sign-in that was redirected to an OpenID provider.
pub(crate) fn flow(state_hash: &str) -> Key {
    Key::new(format_args!("flow#{state_hash}"), "flow")
}

/// An API key.
pub(crate) fn api_key(id: KeyId) -> Key {
    Key::new(format_args!("key#{id}"), "key")
}

/// A rate limiter's bucket.
pub(crate) fn bucket(name: &str) -> Key {
    Key::new(format_args!("bucket#{name}"), "bucket")
}

/// A job's checkpoint. Its stored key keeps its first name, "bookmark".
pub(crate) fn checkpoint(job: &str) -> Key {
    Key::new(format_args!("bookmark#{job}"), "bookmark")
}

/// A known address.
pub(crate) fn fact(name: &str) -> Key {
    Key::new(format_args!("fact#{name}"), "fact")
}

/// What a customer is placing or editing at this moment.
pub(crate) fn placing(customer: CustomerId) -> Key {
    Key::new(format_args!("placing#{customer}"), "placing")
}

/// The status partition of an order: the same in every status.
pub(crate) fn shard(id: OrderId) -> u8 {
    id.uuid().as_bytes()[15] % STATUS_SHARDS
}

/// Value of [`STATUS_KEY`].
pub(crate) fn status_key(status: OrderStatus, shard: u8) -> String {
    format!("{status}#{shard}")
}

/// Value of [`DUE_KEY`].
pub(crate) fn due_key(due: Due, shard: u8) -> String {
    format!("{due}#{shard}")
}

/// Value of [`CUSTOMER_KEY`].
pub(crate) fn customer_key(customer: CustomerId) -> String {
    customer.to_string()
}

/// A text attribute.
pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number attribute.
pub(crate) fn number(value: impl Into<u64>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}

/// A time as a number of milliseconds since the epoch.
pub(crate) fn millis(at: Timestamp) -> AttributeValue {
    AttributeValue::N(at.millis().to_string())
}

/// The value of [`TTL`]: the item expires then.
pub(crate) fn ttl(until: Timestamp) -> AttributeValue {
    AttributeValue::N((until.seconds() + 1).to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::{AccountEventType, EventId, MailKind, MailSubject};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn keys_are_written_as_the_other_functions_and_tools_expect_them() {
        let id = OrderId::from_uuid(Uuid::from_u128(0xa));
        let ord = "ord_0000000000000000000000000000000a";
        let event_id = EventId::from_uuid(Uuid::from_u128(0xb));
        let mug = "MUG-1".parse().unwrap();
        let (cus, anna) = ("cus_0000000000000000000000000000000c", Uuid::from_u128(0xc));
        let anna = AccountId::Customer(CustomerId::from_uuid(anna));
        let told = AccountEvent {
            event_id,
            event_type: AccountEventType::Registered,
            schema_version: 1,
            account_id: anna,
            link_id: None,
            key_id: None,
            provider: None,
            at: Timestamp::from_seconds(7),
            correlation_id: "corr".into(),
        };
        for (key, written) in [
            (order(id), format!("{ord} order")),
            (event(id, 12, 3), format!("{ord} event#0000000012#03")),
            (receipt(id, "evt_1"), format!("{ord} receipt#evt_1")),
            (parked(id), format!("{ord} parked")),
            (product(&mug), "product#MUG-1 product".to_owned()),
            (ledger(id, 12), format!("{ord} ledger#0000000012")),
            (
                mail(MailEffectId { subject: MailSubject::Order(id), kind: MailKind::OrderConfirmation, event_id }),
                format!("{ord} mail#order_confirmation#evt_0000000000000000000000000000000b"),
            ),
            (row(id, "abc"), format!("{ord} row#abc")),
            (counter("abc"), "sheet#abc counter".to_owned()),
            (account(anna), format!("{cus} account")),
            (email(&"Anna@Example.com".parse().unwrap()), "email#anna@example.com email".to_owned()),
            (account_event(&told), format!("events#{cus} event#1970-01-01T00:00:07.000Z#{event_id}")),
            (session(anna, SessionId::from_uuid(Uuid::nil())), format!("sessions#{cus} ses_{}", Uuid::nil().simple())),
            (link(LinkId::from_uuid(Uuid::nil())), format!("link#lnk_{} link", Uuid::nil().simple())),
            (flow("ab12"), "flow#ab12 flow".to_owned()),
            (api_key(KeyId::from_uuid(Uuid::nil())), format!("key#key_{} key", Uuid::nil().simple())),
            (bucket("read#1"), "bucket#read#1 bucket".to_owned()),
            (fact("known#1"), "fact#known#1 fact".to_owned()),
            (checkpoint("reconcile"), "bookmark#reconcile bookmark".to_owned()),
            (placing(CustomerId::from_uuid(Uuid::from_u128(0xc))), format!("placing#{cus} placing")),
        ] {
            assert_eq!(key.to_string(), written);
        }
        assert_eq!(status_key(OrderStatus::PaymentProcessing, 7), "payment_processing#7");
    }

    #[test]
    fn an_openid_identity_is_known_by_issuer_and_subject_together() {
        let key = |issuer: &str, subject: &str| identity(&Identity { issuer: issuer.into(), subject: subject.into() });
        // printf 'https://id.example\n42' | sha256sum
        let digest = "8d17518fed1cb78f29609a87860c1945d96465e85217e16c2ca0f75f58b05bc6";
        assert_eq!(key("https://id.example", "42").to_string(), format!("identity#{digest} identity"));
        assert_ne!(key("https://id.example", "42"), key("https://id.example4", "2"));
    }

    #[test]
    fn orders_spread_over_all_shards_of_a_status() {
        let ids = (0..200).map(|n| OrderId::from_uuid(Uuid::new_v5(&Uuid::nil(), &[n])));
        let used: BTreeSet<u8> = ids.map(shard).collect();
        assert_eq!(used, (0..STATUS_SHARDS).collect());
    }
}
