//! Products on DynamoDB.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use domain::{Product, Sku};
use resilience::{Ids, RandomIds};
use serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value;
use uuid::Uuid;

use super::failure::{Failure, settle};
use super::item::{self, WRITE_ID};
use super::keys::{self, BY_LISTING, Item, LISTING, LISTING_KEY, SKU, number, text};
use super::table::{Table, names, read};
use crate::{Catalogue, Cursor, Page, PageRequest, ProductEdit, StoreError};

/// Stores an edit. It touches the stock only when the edit names one, and then as one more movement of it.
const EDIT: &str = "SET #sku = :sku, #listing = :listing, #name = :name, #prices = :prices, #active = :active, \
    #updated_at = :at, #updated_by = :by, #write_id = :write_id, #version = if_not_exists(#version, :zero) + :one, #stock = ";

/// Products with their stock.
#[derive(Clone, Debug)]
pub struct DynamoCatalogue {
    table: Table,
}

impl DynamoCatalogue {
    /// Uses the catalogue table with this name.
    pub fn new(client: &Client, catalogue_table: impl Into<String>) -> Self {
        Self { table: Table::new(client, catalogue_table) }
    }

    /// The existing ones of these, by sku.
    async fn by_sku(&self, skus: &BTreeSet<Sku>) -> Result<BTreeMap<Sku, Product>, StoreError> {
        let found = self.table.get_all(skus.iter().map(keys::product)).await?;
        let products = found.into_iter().map(item::read::<Product>);
        products.map(|product| product.map(|product| (product.sku.clone(), product))).collect()
    }

    /// One attempt to store an edit. A repetition must not set the stock again: goods that were sold between a write
    /// and its repetition would be on sale again.
    async fn put_once(&self, edit: &ProductEdit, values: &Item, write_id: Uuid) -> Result<Put, Failure> {
        let stock = if edit.stock.is_some() { ":stock" } else { "if_not_exists(#stock, :zero)" };
        let update = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
            .set_key(Some(keys::product(&edit.sku).attributes()))
            .update_expression(format!("{EDIT}{stock}"))
            .condition_expression(condition(edit))
            .set_expression_attribute_names(Some(edited_names()))
            .set_expression_attribute_values(Some(values.clone()))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match update.send().await {
            Ok(answer) => Ok(Put::Stored(answer.attributes.unwrap_or_default())),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refusal)) => Ok(match refusal.item() {
                    Some(stored) if item::was_written_by(stored, write_id) => Put::Stored(stored.clone()),
                    stored => Put::StockConflict(stored.cloned()),
                }),
                _ => Err(error.into()),
            },
        }
    }
}

/// The outcome of an attempt to store an edit.
enum Put {
    /// The product as it is now.
    Stored(Item),
    /// The stored product, unchanged; `None` when there is none.
    StockConflict(Option<Item>),
}

/// Requires that this write was not made before, and that the stock is the expected one.
fn condition(edit: &ProductEdit) -> String {
    let is_new = "(attribute_not_exists(#write_id) OR #write_id <> :write_id)";
    match edit.stock.and_then(|stock| stock.expected) {
        None => is_new.to_owned(),
        Some(0) => format!("{is_new} AND (attribute_not_exists(#stock) OR #stock IN (:was, :stock))"),
        Some(_) => format!("{is_new} AND #stock IN (:was, :stock)"),
    }
}

fn edited_names() -> HashMap<String, String> {
    names(&[
        ("#sku", SKU),
        ("#listing", LISTING_KEY),
        ("#name", "name"),
        ("#prices", "prices"),
        ("#active", "active"),
        ("#updated_at", "updated_at"),
        ("#updated_by", "updated_by"),
        ("#write_id", WRITE_ID),
        ("#version", "version"),
        ("#stock", "stock"),
    ])
}

fn edited_values(edit: &ProductEdit, write_id: Uuid) -> Result<Item, StoreError> {
    let prices = to_attribute_value(&edit.prices).map_err(|_| item::corrupt(&keys::product(&edit.sku)))?;
    let mut values = vec![
        (":sku", text(edit.sku.as_str())),
        (":listing", text(LISTING)),
        (":name", text(&edit.name)),
        (":prices", prices),
        (":active", AttributeValue::Bool(edit.active)),
        (":at", text(edit.at.to_string())),
        (":by", edit.by.map_or(AttributeValue::Null(true), |by| text(by.to_string()))),
        (":write_id", item::mark(write_id)),
        (":zero", number(0_u32)),
        (":one", number(1_u32)),
    ];
    values.extend(edit.stock.map(|stock| (":stock", number(stock.pieces))));
    values.extend(edit.stock.and_then(|stock| stock.expected).map(|was| (":was", number(was))));
    Ok(values.into_iter().map(|(placeholder, value)| (placeholder.to_owned(), value)).collect())
}

impl Catalogue for DynamoCatalogue {
    async fn products(&self, skus: &[Sku]) -> Result<Vec<Product>, StoreError> {
        let wanted = skus.iter().cloned().collect();
        Ok(self.by_sku(&wanted).await?.into_values().collect())
    }

    async fn put(&self, edit: &ProductEdit) -> Result<Product, StoreError> {
        let write_id = RandomIds.fresh();
        let values = edited_values(edit, write_id)?;
        match settle(async || self.put_once(edit, &values, write_id).await).await? {
            Put::Stored(stored) => item::read(stored),
            Put::StockConflict(None) => Err(StoreError::StockConflict(0)),
            Put::StockConflict(Some(stored)) => Err(StoreError::StockConflict(item::read::<Product>(stored)?.stock)),
        }
    }

    async fn list(&self, page: &PageRequest) -> Result<Page<Product>, StoreError> {
        let limit = i32::try_from(page.limit + 1).unwrap_or(i32::MAX);
        let query = self.table.query().index_name(BY_LISTING).limit(limit);
        let query = query.expression_attribute_names("#listing", LISTING_KEY);
        let query = query.expression_attribute_values(":listing", text(LISTING));
        let query = match page.after.as_ref().map(Cursor::sort_key) {
            None => query.key_condition_expression("#listing = :listing"),
            Some(after) => query
                .key_condition_expression("#listing = :listing AND #sku > :after")
                .expression_attribute_names("#sku", SKU)
                .expression_attribute_values(":after", text(after)),
        };
        let keys = read(query, page.limit + 1, usize::MAX).await?.items;
        let skus = keys.iter().map(|key| item::text_of(key, SKU)?.parse().map_err(|_| item::corrupt(&"products")));
        let skus: Page<Sku> = Page::cut(skus.collect::<Result<_, _>>()?, page.limit, Sku::to_string);
        let products = self.by_sku(&skus.items.iter().cloned().collect()).await?;
        Ok(Page { items: products.into_values().collect(), next: skus.next })
    }
}
