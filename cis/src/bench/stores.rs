//! The repositories over an AWS SDK client whose requests are counted.

use aws_sdk_dynamodb::Client;
use store::{DynamoAccounts, DynamoCatalogue, DynamoEffects, DynamoGuards, DynamoOrders};
use suite::{ChangeStream, DynamoError, LocalDynamo, Stores};

use super::meter::Meter;

/// A local DynamoDB in memory with counted repositories.
#[derive(Debug)]
pub struct MeteredStores {
    local: LocalDynamo,
    orders: DynamoOrders,
    catalogue: DynamoCatalogue,
    effects: DynamoEffects,
    accounts: DynamoAccounts,
    guards: DynamoGuards,
}

impl MeteredStores {
    /// Opens an empty one.
    ///
    /// # Errors
    ///
    /// [`DynamoError`].
    pub async fn open(meter: &Meter) -> Result<Self, DynamoError> {
        let local = LocalDynamo::open(None).await?;
        let (client, tables) = (client(&local, meter)?, local.tables());
        Ok(Self {
            orders: DynamoOrders::new(&client, &tables.orders, &tables.catalogue),
            catalogue: DynamoCatalogue::new(&client, &tables.catalogue),
            effects: DynamoEffects::new(&client, &tables.effects),
            accounts: DynamoAccounts::new(&client, &tables.identity),
            guards: DynamoGuards::new(&client, &tables.guards),
            local,
        })
    }

    /// What the guards' table is called.
    pub fn guards_table(&self) -> &str {
        &self.local.tables().guards
    }
}

/// The SDK's client as functions have it, with each request counted.
///
/// # Errors
///
/// The SDK cannot be configured.
pub fn client(local: &LocalDynamo, meter: &Meter) -> Result<Client, aws::ConfigError> {
    let plain = aws_sdk_dynamodb::Client::new(aws::Config::new(aws::Settings::local(local.endpoint_url()))?.sdk());
    Ok(Client::from_conf(plain.config().to_builder().interceptor(meter.clone()).build()))
}

#[allow(refining_impl_trait, reason = "callers may know the concrete type")]
impl Stores for MeteredStores {
    fn orders(&self) -> &DynamoOrders {
        &self.orders
    }

    fn catalogue(&self) -> &DynamoCatalogue {
        &self.catalogue
    }

    fn mails(&self) -> &DynamoEffects {
        &self.effects
    }

    fn rows(&self) -> &DynamoEffects {
        &self.effects
    }

    fn accounts(&self) -> &DynamoAccounts {
        &self.accounts
    }

    fn sessions(&self) -> &DynamoAccounts {
        &self.accounts
    }

    fn api_keys(&self) -> &DynamoAccounts {
        &self.accounts
    }

    fn guards(&self) -> &DynamoGuards {
        &self.guards
    }

    fn reservation_attempts(&self) -> &DynamoGuards {
        &self.guards
    }

    fn changes(&self) -> impl ChangeStream {
        self.local.changes()
    }

    fn account_changes(&self) -> impl ChangeStream {
        self.local.account_changes()
    }
}
