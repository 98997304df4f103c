//! Tables, topic and queues, named by the environment.
#![allow(refining_impl_trait, reason = "the environment of Lambda is concrete")]

use capabilities::{
    ApiKeys, Bus, Catalogue, Effects, Guards, Identity, Orders, ProductPages, Queue, ReservationAttempts, Time as _,
    product_pages,
};
use domain::Product;
use events::{SnsPublisher, SqsDeadLetters, SqsVisibility};
use resilience::{Cache, SystemClock};
use store::{DynamoAccounts, DynamoCatalogue, DynamoEffects, DynamoGuards, DynamoOrders, Page, PageRequest};

use crate::Lambda;
use crate::env::once;
use crate::fatal::{or_end, required};

impl Orders for Lambda {
    /// With the stock, where the function may touch that.
    fn orders(&self) -> &DynamoOrders {
        once(&self.orders, || {
            let catalogue = or_end(settings::or_default("CATALOGUE_TABLE", String::new()));
            let orders = required::<String>("ORDERS_TABLE");
            if catalogue.is_empty() {
                DynamoOrders::without_stock(self.dynamodb(), orders)
            } else {
                DynamoOrders::new(self.dynamodb(), orders, catalogue)
            }
        })
    }
}

impl Catalogue for Lambda {
    fn catalogue(&self) -> &DynamoCatalogue {
        once(&self.catalogue, || DynamoCatalogue::new(self.dynamodb(), required::<String>("CATALOGUE_TABLE")))
    }
}

impl ProductPages for Lambda {
    fn product_pages(&self) -> &Cache<PageRequest, Page<Product>, SystemClock> {
        once(&self.product_pages, || product_pages(*self.clock()))
    }
}

impl Effects for Lambda {
    fn mails(&self) -> &DynamoEffects {
        once(&self.effects, || DynamoEffects::new(self.dynamodb(), required::<String>("EFFECTS_TABLE")))
    }

    fn rows(&self) -> &DynamoEffects {
        self.mails()
    }
}

impl Identity for Lambda {
    fn accounts(&self) -> &DynamoAccounts {
        once(&self.accounts, || DynamoAccounts::new(self.dynamodb(), required::<String>("IDENTITY_TABLE")))
    }
}

impl ApiKeys for Lambda {
    fn api_keys(&self) -> &DynamoAccounts {
        self.accounts()
    }
}

impl Guards for Lambda {
    fn guards(&self) -> &DynamoGuards {
        once(&self.guards, || DynamoGuards::new(self.dynamodb(), required::<String>("GUARDS_TABLE")))
    }
}

impl ReservationAttempts for Lambda {
    fn reservation_attempts(&self) -> &DynamoGuards {
        self.guards()
    }
}

impl Bus for Lambda {
    fn publisher(&self) -> &SnsPublisher {
        once(&self.publisher, || {
            let client = aws_sdk_sns::Client::new(self.config.sdk());
            SnsPublisher::new(client, required::<String>("ORDER_EVENTS_TOPIC_ARN"))
        })
    }

    fn dead_letters(&self) -> &SqsDeadLetters {
        once(&self.dead_letters, || {
            let client = aws_sdk_sqs::Client::new(self.config.sdk());
            SqsDeadLetters::new(client, required::<String>("STREAM_DLQ_URL"))
        })
    }
}

impl Queue for Lambda {
    /// A function that is run by hand has no queue: then no message is hidden, and the log says so.
    fn queue(&self) -> &SqsVisibility {
        once(&self.queue, || {
            let client = aws_sdk_sqs::Client::new(self.config.sdk());
            SqsVisibility::new(client, or_end(settings::or_default("QUEUE_URL", String::new())))
        })
    }
}
