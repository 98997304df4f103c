//! The two sides that the promises are put to.

use store::dynamo::{TableNames, create_tables};
use store::{DynamoCatalogue, DynamoEffects, DynamoOrders, MemoryStore};

use crate::local::LocalDynamo;

/// All repositories of one side.
pub struct Stores<O, C, E> {
    pub orders: O,
    pub catalogue: C,
    pub effects: E,
}

/// DynamoDB's side, with the database behind it.
pub struct Dynamo {
    pub stores: Stores<DynamoOrders, DynamoCatalogue, DynamoEffects>,
    pub client: aws_sdk_dynamodb::Client,
    pub local: LocalDynamo,
}

pub fn memory() -> Stores<MemoryStore, MemoryStore, MemoryStore> {
    let store = MemoryStore::new();
    Stores { orders: store.clone(), catalogue: store.clone(), effects: store }
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
    local.forget_requests();
    Dynamo { stores, client, local }
}

pub fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
