//! DynamoDB on a file of this machine, spoken to by the AWS SDK, with its stream.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use axum::serve::ListenerExt;
use domain::Timestamp;
use dynoxide::actions::describe_stream::DescribeStreamRequest;
use dynoxide::actions::get_records::{self, GetRecordsRequest};
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use dynoxide::actions::list_streams::ListStreamsRequest;
use dynoxide::{Database, DynoxideError};
use sandbox::server::LocalOnly;
use store::dynamo::{CreateTablesError, TableNames, create_tables};
use store::{
    Accounts, ApiKeys, Catalogue, DynamoAccounts, DynamoCatalogue, DynamoEffects, DynamoGuards, DynamoOrders,
    JobCheckpoints, KnownAddresses, MailEffects, Orders, RateLimiter, ReservationAttempts, Sessions, SheetRows,
};
use tokio::net::TcpListener;

use crate::ports::Stores;
use crate::stream::{ChangeStream, Record, StreamError};

/// Why the local DynamoDB cannot start.
#[derive(Debug, thiserror::Error)]
pub enum DynamoError {
    /// The file cannot be opened, or is something else.
    #[error("cannot open the database")]
    Open(#[source] DynoxideError),
    /// There is no port for it.
    #[error("cannot serve DynamoDB on 127.0.0.1")]
    Port(#[source] io::Error),
    /// The SDK cannot be configured.
    #[error(transparent)]
    Client(#[from] aws::ConfigError),
    /// The tables cannot be created.
    #[error(transparent)]
    Tables(#[from] CreateTablesError),
    /// A table has no stream.
    #[error("a table has no stream")]
    NoStream(#[source] Option<DynoxideError>),
}

/// A local DynamoDB with the suite's tables, and its repositories.
#[derive(Debug)]
pub struct LocalDynamo {
    database: OpenDatabase,
    endpoint_url: String,
    tables: TableNames,
    orders: DynamoOrders,
    catalogue: DynamoCatalogue,
    effects: DynamoEffects,
    accounts: DynamoAccounts,
    guards: DynamoGuards,
    changes: TableStream,
    account_changes: TableStream,
}

/// The tables' names.
pub fn table_names() -> TableNames {
    TableNames {
        orders: "orders".to_owned(),
        catalogue: "catalogue".to_owned(),
        effects: "effects".to_owned(),
        identity: "identity".to_owned(),
        guards: "guards".to_owned(),
    }
}

impl LocalDynamo {
    /// Opens the database in this file, or in memory for `None`, serves it to programs on a free port of 127.0.0.1 for
    /// as long as the Tokio runtime lives, and creates missing tables.
    ///
    /// # Errors
    ///
    /// [`DynamoError`].
    pub async fn open(file: Option<&Path>) -> Result<Self, DynamoError> {
        let opened = file.map_or_else(Database::memory, |file| Database::new(&file.to_string_lossy()));
        let database = OpenDatabase(opened.map_err(DynamoError::Open)?);
        let local = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener = TcpListener::bind(local).await.map_err(DynamoError::Port)?;
        let endpoint_url = format!("http://{}", listener.local_addr().map_err(DynamoError::Port)?);
        let routes = LocalOnly::programs().guard(dynamodb::router(database.0.clone()));
        let listener = ListenerExt::tap_io(listener, |stream| {
            // Without this, small answers wait for the peer's delayed ACK.
            stream.set_nodelay(true).ok();
        });
        tokio::spawn(async move { axum::serve(listener, routes).await });

        let client = aws_sdk_dynamodb::Client::new(aws::Config::new(aws::Settings::local(&endpoint_url))?.sdk());
        let tables = table_names();
        create_tables(&client, &tables).await?;
        Ok(Self {
            orders: DynamoOrders::new(&client, &tables.orders, &tables.catalogue),
            catalogue: DynamoCatalogue::new(&client, &tables.catalogue),
            effects: DynamoEffects::new(&client, &tables.effects),
            accounts: DynamoAccounts::new(&client, &tables.identity),
            guards: DynamoGuards::new(&client, &tables.guards),
            changes: TableStream::of(&database, &tables.orders)?,
            account_changes: TableStream::of(&database, &tables.identity)?,
            database,
            endpoint_url,
            tables,
        })
    }

    /// Where the AWS SDK finds it.
    pub fn endpoint_url(&self) -> &str {
        &self.endpoint_url
    }

    /// What its tables are called.
    pub const fn tables(&self) -> &TableNames {
        &self.tables
    }

    /// Deletes what is past its time; says how many items that were.
    ///
    /// # Errors
    ///
    /// The database cannot be written.
    pub fn sweep(&self) -> Result<usize, StreamError> {
        self.database.0.sweep_ttl().map_err(|error| unreadable(&error))
    }
}

#[allow(refining_impl_trait, reason = "whoever opened it knows what it is")]
impl Stores for LocalDynamo {
    fn orders(&self) -> &impl Orders {
        &self.orders
    }

    fn catalogue(&self) -> &impl Catalogue {
        &self.catalogue
    }

    fn mails(&self) -> &impl MailEffects {
        &self.effects
    }

    fn rows(&self) -> &impl SheetRows {
        &self.effects
    }

    fn accounts(&self) -> &impl Accounts {
        &self.accounts
    }

    fn sessions(&self) -> &impl Sessions {
        &self.accounts
    }

    fn api_keys(&self) -> &impl ApiKeys {
        &self.accounts
    }

    fn guards(&self) -> &(impl RateLimiter + KnownAddresses + JobCheckpoints) {
        &self.guards
    }

    fn reservation_attempts(&self) -> &impl ReservationAttempts {
        &self.guards
    }

    fn changes(&self) -> impl ChangeStream {
        &self.changes
    }

    fn account_changes(&self) -> impl ChangeStream {
        &self.account_changes
    }
}

/// The database shows nothing of itself.
#[derive(Clone)]
struct OpenDatabase(Database);

impl std::fmt::Debug for OpenDatabase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OpenDatabase")
    }
}

/// A table's stream. It has one shard.
#[derive(Debug)]
struct TableStream {
    database: OpenDatabase,
    stream_arn: String,
    shard_id: String,
}

impl TableStream {
    fn of(database: &OpenDatabase, table: &str) -> Result<Self, DynamoError> {
        let request = ListStreamsRequest { table_name: Some(table.to_owned()), ..ListStreamsRequest::default() };
        let streams = database.0.list_streams(request).map_err(|error| DynamoError::NoStream(Some(error)))?;
        let stream_arn = streams.streams.into_iter().next().ok_or(DynamoError::NoStream(None))?.stream_arn;
        let request = DescribeStreamRequest { stream_arn: stream_arn.clone(), ..DescribeStreamRequest::default() };
        let stream = database.0.describe_stream(request).map_err(|error| DynamoError::NoStream(Some(error)))?;
        let shard = stream.stream_description.shards.into_iter().next().ok_or(DynamoError::NoStream(None))?;
        Ok(Self { database: database.clone(), stream_arn, shard_id: shard.shard_id })
    }

    fn records(&self, after: Option<&str>, most: usize) -> dynoxide::Result<Vec<get_records::Record>> {
        let kind = if after.is_some() { "AFTER_SEQUENCE_NUMBER" } else { "TRIM_HORIZON" };
        let iterator = self.database.0.get_shard_iterator(GetShardIteratorRequest {
            stream_arn: self.stream_arn.clone(),
            shard_id: self.shard_id.clone(),
            shard_iterator_type: kind.to_owned(),
            sequence_number: after.map(str::to_owned),
        })?;
        let shard_iterator = iterator.shard_iterator.unwrap_or_default();
        Ok(self.database.0.get_records(GetRecordsRequest { shard_iterator, limit: Some(most) })?.records)
    }
}

impl ChangeStream for &TableStream {
    async fn read(&self, after: Option<&str>, most: usize) -> Result<Vec<Record>, StreamError> {
        let records = self.records(after, most).map_err(|error| unreadable(&error))?;
        let record = |record: get_records::Record| {
            let content = serde_json::to_value(&record).map_err(|error| StreamError(error.into()))?;
            let seconds = content["dynamodb"]["ApproximateCreationDateTime"].as_f64().unwrap_or_default();
            let at = Timestamp::from_millis(0).plus(std::time::Duration::from_secs_f64(seconds.max(0.0)));
            Ok(Record { sequence: record.dynamodb.sequence_number, at, content })
        };
        records.into_iter().map(record).collect()
    }
}

fn unreadable(error: &DynoxideError) -> StreamError {
    StreamError(error.to_string().into())
}

#[cfg(test)]
mod tests {
    use domain::{AccountChange, AccountEvent, AccountEventType, AccountId, CustomerId, EventId};
    use serde_json::{Value, json};
    use store::MemoryStore;
    use uuid::Uuid;

    use super::*;

    fn event(n: u128) -> AccountEvent {
        AccountEvent {
            event_id: EventId::from_uuid(Uuid::from_u128(n)),
            event_type: AccountEventType::Registered,
            schema_version: 1,
            account_id: AccountId::Customer(CustomerId::from_uuid(Uuid::from_u128(1))),
            link_id: None,
            key_id: None,
            provider: None,
            at: Timestamp::from_seconds(1_790_000_000),
            correlation_id: "corr".into(),
        }
    }

    /// What a function reads of the records of three events, in two reads.
    async fn records(stores: &impl Stores) -> Vec<Value> {
        for n in 1..=3 {
            let told = AccountChange { before: None, after: None, events: vec![event(n)], link: None, uses: None };
            stores.accounts().save_account(&told).await.unwrap();
        }
        let stream = stores.account_changes();
        let first = stream.read(None, 2).await.unwrap();
        let rest = stream.read(first.last().map(|record| record.sequence.as_str()), 10).await.unwrap();
        assert_eq!((first.len(), rest.len()), (2, 1));
        assert!(first.iter().chain(&rest).map(|record| &record.sequence).is_sorted());
        let read = |record: Record| {
            let (name, change) = (&record.content["eventName"], &record.content["dynamodb"]);
            json!([name, change["Keys"], change["NewImage"]])
        };
        first.into_iter().chain(rest).map(read).collect()
    }

    #[tokio::test]
    async fn both_stores_show_the_same_stream_of_account_events() {
        let (memory, dynamo) = (MemoryStore::new(), LocalDynamo::open(None).await.unwrap());
        let shown = records(&memory).await;
        assert_eq!(shown, records(&dynamo).await);
        assert_eq!(shown[0][0], "INSERT");
        let text = shown[2][2]["event"]["S"].as_str().unwrap();
        assert_eq!(serde_json::from_str::<AccountEvent>(text).unwrap(), event(3));
        assert_eq!(memory.changes().read(None, 10).await.unwrap(), [], "nothing of it is in the orders' stream");
        assert_eq!(dynamo.changes().read(None, 10).await.unwrap(), []);
    }
}
