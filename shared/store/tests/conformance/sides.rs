//! The two implementations under test.

use domain::AccountEvent;
use serde_json::json;
use store::dynamo::{TableNames, create_tables};
use store::{DynamoAccounts, DynamoCatalogue, DynamoEffects, DynamoGuards, DynamoOrders, MemoryStore};

use crate::local::LocalDynamo;

/// The shop's repositories of one implementation.
pub struct Stores<O, C, E> {
    pub orders: O,
    pub catalogue: C,
    pub effects: E,
}

/// The repositories of accounts and guards of one implementation.
pub struct People<A, G, S> {
    pub accounts: A,
    pub guards: G,
    pub stream: S,
}

/// A side in memory.
pub struct Memory {
    pub stores: Stores<MemoryStore, MemoryStore, MemoryStore>,
    pub people: People<MemoryStore, MemoryStore, MemoryStore>,
}

/// DynamoDB's side, with the database behind it.
pub struct Dynamo {
    pub stores: Stores<DynamoOrders, DynamoCatalogue, DynamoEffects>,
    pub people: People<DynamoAccounts, DynamoGuards, LocalDynamo>,
    pub client: aws_sdk_dynamodb::Client,
    pub local: LocalDynamo,
}

impl Dynamo {
    /// The operations that were requested since the last call.
    pub fn spent(&self) -> String {
        let requests = self.local.requests().join(" ");
        self.local.forget_requests();
        requests
    }

    /// This many requests of this operation were made.
    pub fn requests(&self, operation: &str) -> usize {
        self.local.requests().iter().filter(|request| *request == operation).count()
    }
}

/// The stream of the identity table.
pub trait AccountStream {
    /// The events, in the order of their writing.
    fn told(&self) -> Vec<AccountEvent>;
}

impl AccountStream for MemoryStore {
    fn told(&self) -> Vec<AccountEvent> {
        self.account_stream_since(0).0
    }
}

impl AccountStream for LocalDynamo {
    fn told(&self) -> Vec<AccountEvent> {
        let streams = self.ask("ListStreams", json!({"TableName": "identity"}));
        let arn = &streams["Streams"][0]["StreamArn"];
        let stream = self.ask("DescribeStream", json!({"StreamArn": arn}));
        let shard = &stream["StreamDescription"]["Shards"][0]["ShardId"];
        let from = json!({"StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"});
        let iterator = self.ask("GetShardIterator", from);
        let records = self.ask("GetRecords", json!({"ShardIterator": iterator["ShardIterator"]}));
        let texts = records["Records"].as_array().unwrap().iter();
        let texts = texts.filter_map(|record| record["dynamodb"]["NewImage"]["event"]["S"].as_str());
        texts.map(|text| serde_json::from_str(text).unwrap()).collect()
    }
}

pub fn memory() -> Memory {
    let store = MemoryStore::new();
    Memory {
        people: People { accounts: store.clone(), guards: store.clone(), stream: store.clone() },
        stores: Stores { orders: store.clone(), catalogue: store.clone(), effects: store },
    }
}

pub async fn dynamo() -> Dynamo {
    let local = LocalDynamo::new();
    let client = local.client();
    let names = TableNames {
        orders: "orders".into(),
        catalogue: "catalogue".into(),
        effects: "effects".into(),
        identity: "identity".into(),
        guards: "guards".into(),
    };
    create_tables(&client, &names).await.unwrap();
    let stores = Stores {
        orders: DynamoOrders::new(&client, &names.orders, &names.catalogue),
        catalogue: DynamoCatalogue::new(&client, &names.catalogue),
        effects: DynamoEffects::new(&client, &names.effects),
    };
    let people = People {
        accounts: DynamoAccounts::new(&client, &names.identity),
        guards: DynamoGuards::new(&client, &names.guards),
        stream: local.clone(),
    };
    local.forget_requests();
    Dynamo { stores, people, client, local }
}

pub fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
