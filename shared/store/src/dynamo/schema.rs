//! The tables' schema as in `template.yaml`, for tests and for the local stack, and comparable with it.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::operation::update_time_to_live::UpdateTimeToLiveError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, StreamSpecification, StreamViewType, TimeToLiveSpecification,
};

use super::keys::{
    BY_CUSTOMER, BY_DUE, BY_LISTING, BY_STATUS, CUSTOMER_KEY, DUE_AT, DUE_KEY, LISTING_KEY, PARKED_TTL, PK, SK, SKU,
    SORT_KEY, STATUS_KEY, TTL,
};

/// The names of the tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableNames {
    /// Orders, their events, receipts and parked facts.
    pub orders: String,
    /// Products and their stock.
    pub catalogue: String,
    /// Mails and sheet rows.
    pub effects: String,
    /// Accounts with their events, sessions, links and API keys.
    pub identity: String,
    /// Rate limits, known addresses and job checkpoints.
    pub guards: String,
}

impl TableNames {
    /// In the order of [`schemas`].
    fn in_order(&self) -> [&str; 5] {
        [&self.orders, &self.catalogue, &self.effects, &self.identity, &self.guards]
    }
}

/// The schema of a table. All key attributes are strings; billing is on demand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSchema {
    /// The template's logical id.
    pub logical_id: &'static str,
    /// Partition and sort key.
    pub key: (&'static str, &'static str),
    /// Global secondary indexes.
    pub indexes: Vec<IndexSchema>,
    /// Whether changes are streamed with their new image.
    pub streamed: bool,
    /// The attribute for TTL.
    pub ttl: Option<&'static str>,
}

/// The schema of a global secondary index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexSchema {
    /// Its name.
    pub name: &'static str,
    /// Partition and sort key.
    pub key: (&'static str, &'static str),
    /// `ALL` or `KEYS_ONLY`.
    pub projection: &'static str,
}

/// A table could not be created.
#[derive(Debug, thiserror::Error)]
pub enum CreateTablesError {
    /// DynamoDB refused it, or cannot be reached.
    #[error("cannot create a table")]
    Create(#[from] Box<SdkError<CreateTableError>>),
    /// The table exists, but its TTL is not set.
    #[error("cannot switch a table's TTL on")]
    TimeToLive(#[from] Box<SdkError<UpdateTimeToLiveError>>),
    /// The schema lacks something that DynamoDB needs.
    #[error("cannot describe a table")]
    Schema(#[from] BuildError),
}

/// The tables: orders, catalogue, effects, identity, guards.
pub fn schemas() -> [TableSchema; 5] {
    let index = |name, key, projection| IndexSchema { name, key, projection };
    [
        TableSchema {
            logical_id: "OrdersTable",
            key: (PK, SK),
            indexes: vec![
                index(BY_CUSTOMER, (CUSTOMER_KEY, SORT_KEY), "KEYS_ONLY"),
                index(BY_STATUS, (STATUS_KEY, SORT_KEY), "KEYS_ONLY"),
                index(BY_DUE, (DUE_KEY, DUE_AT), "KEYS_ONLY"),
            ],
            streamed: true,
            ttl: Some(PARKED_TTL),
        },
        TableSchema {
            logical_id: "CatalogueTable",
            key: (PK, SK),
            indexes: vec![index(BY_LISTING, (LISTING_KEY, SKU), "KEYS_ONLY")],
            streamed: false,
            ttl: None,
        },
        TableSchema {
            logical_id: "EffectsTable",
            key: (PK, SK),
            indexes: vec![],
            streamed: false,
            ttl: Some("expires_at"),
        },
        TableSchema {
            logical_id: "IdentityTable",
            key: (PK, SK),
            indexes: vec![index(BY_LISTING, (LISTING_KEY, SORT_KEY), "ALL")],
            streamed: true,
            ttl: Some(TTL),
        },
        TableSchema { logical_id: "GuardsTable", key: (PK, SK), indexes: vec![], streamed: false, ttl: Some(TTL) },
    ]
}

/// Creates those of the tables that do not exist, for tests and for the local stack. On AWS the template does it.
pub async fn create_tables(client: &Client, names: &TableNames) -> Result<(), CreateTablesError> {
    for (schema, name) in schemas().iter().zip(names.in_order()) {
        if create(client, schema, name).await? {
            switch_ttl_on(client, schema, name).await?;
        }
    }
    Ok(())
}

/// Creates a table. Returns false when it existed.
async fn create(client: &Client, schema: &TableSchema, name: &str) -> Result<bool, CreateTablesError> {
    let indexes = schema.indexes.iter().map(IndexSchema::build).collect::<Result<Vec<_>, _>>()?;
    let stream = StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::NewImage);
    let stream = if schema.streamed { Some(stream.build()?) } else { None };
    let request = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(schema.attributes()?))
        .set_key_schema(Some(key_schema(schema.key)?))
        .set_global_secondary_indexes(Some(indexes).filter(|indexes| !indexes.is_empty()))
        .set_stream_specification(stream);
    match request.send().await {
        Ok(_) => Ok(true),
        Err(error) => match error.as_service_error() {
            Some(CreateTableError::ResourceInUseException(_)) => Ok(false),
            _ => Err(Box::new(error).into()),
        },
    }
}

async fn switch_ttl_on(client: &Client, schema: &TableSchema, name: &str) -> Result<(), CreateTablesError> {
    let Some(attribute) = schema.ttl else { return Ok(()) };
    let ttl = TimeToLiveSpecification::builder().attribute_name(attribute).enabled(true).build()?;
    let request = client.update_time_to_live().table_name(name).time_to_live_specification(ttl);
    request.send().await.map(drop).map_err(|error| Box::new(error).into())
}

impl TableSchema {
    /// Every key attribute, once.
    fn attributes(&self) -> Result<Vec<AttributeDefinition>, BuildError> {
        let keys = [self.key].into_iter().chain(self.indexes.iter().map(|index| index.key));
        let names: BTreeSet<_> = keys.flat_map(|(hash, range)| [hash, range]).collect();
        let definition = |name: &str| {
            AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build()
        };
        names.into_iter().map(definition).collect()
    }
}

impl IndexSchema {
    fn build(&self) -> Result<GlobalSecondaryIndex, BuildError> {
        let projection = Projection::builder().projection_type(ProjectionType::from(self.projection)).build();
        GlobalSecondaryIndex::builder()
            .index_name(self.name)
            .set_key_schema(Some(key_schema(self.key)?))
            .projection(projection)
            .build()
    }
}

fn key_schema((hash, range): (&str, &str)) -> Result<Vec<KeySchemaElement>, BuildError> {
    let element = |name, key_type| KeySchemaElement::builder().attribute_name(name).key_type(key_type).build();
    Ok(vec![element(hash, KeyType::Hash)?, element(range, KeyType::Range)?])
}
