//! Products: edited by staff while customers buy.

use domain::Sku;
use futures::future::{join, join_all};
use store::{Catalogue, Orders, PlaceOutcome, ProductEdit, StockEdit, StoreError};

use crate::fixtures::{all_pages, at, edit, mug_order, sku, stock};
use crate::promises;
use crate::sides::Stores;

async fn a_product_is_stored_as_it_was_said<O, E>(stores: &Stores<O, impl Catalogue, E>) {
    let product = stores.catalogue.put(&edit("MUG", Some(7))).await.unwrap();
    assert_eq!((product.stock, product.version, product.active), (7, 1, true));
    assert_eq!(product.prices, edit("MUG", None).prices);
    assert_eq!(stores.catalogue.products(&[sku("MUG")]).await.unwrap(), [product]);
}

async fn an_edit_without_a_stock_leaves_it_alone<O, E>(stores: &Stores<O, impl Catalogue, E>) {
    assert_eq!(stores.catalogue.put(&edit("MUG", None)).await.unwrap().stock, 0);
    stock(stores, "MUG", 7).await;
    let by: Option<domain::Actor> = "usr_0000000000000000000000000000000b".parse().ok();
    let renamed = ProductEdit { name: "Cup".into(), active: false, at: at(9), by, ..edit("MUG", None) };
    let product = stores.catalogue.put(&renamed).await.unwrap();
    assert_eq!((product.name.as_str(), product.stock, product.version), ("Cup", 7, 3));
    assert_eq!((product.active, product.updated_at, product.updated_by), (false, at(9), by));
    assert_eq!(stores.catalogue.products(&[sku("MUG")]).await.unwrap(), [product]);
}

async fn edits_and_orders_at_once_lose_no_piece<E>(stores: &Stores<impl Orders, impl Catalogue, E>) {
    stock(stores, "MUG", 30).await;
    let placements: Vec<_> = (0..20).map(mug_order).collect();
    let unchanged = edit("MUG", None);
    let edits = join_all((0..10).map(|_| stores.catalogue.put(&unchanged)));
    let (placed, edited) = join(join_all(placements.iter().map(|order| stores.orders.place(order))), edits).await;
    assert!(placed.iter().all(|placed| matches!(placed, Ok(PlaceOutcome::New(_)))));
    assert!(edited.iter().all(Result::is_ok));
    let product = stores.catalogue.products(&[sku("MUG")]).await.unwrap().remove(0);
    assert_eq!((product.stock, product.version), (10, 11));
}

async fn only_products_that_exist_are_answered<O, E>(stores: &Stores<O, impl Catalogue, E>) {
    stock(stores, "MUG", 1).await;
    stock(stores, "TEA", 1).await;
    let found = stores.catalogue.products(&[sku("NO-SUCH"), sku("TEA")]).await.unwrap();
    assert_eq!(found.iter().map(|product| &product.sku).collect::<Vec<_>>(), [&sku("TEA")]);
    assert_eq!(stores.catalogue.products(&[]).await.unwrap(), []);
}

async fn all_products_come_by_sku_page_by_page<O, E>(stores: &Stores<O, impl Catalogue, E>) {
    let mut codes: Vec<Sku> = (0..25).map(|n| sku(&format!("P-{}", n * 7 % 25))).collect();
    for code in &codes {
        stock(stores, code.as_str(), 1).await;
    }
    codes.sort();
    for limit in [1, 4, 25, 100] {
        let list = async |page| stores.catalogue.list(&page).await.unwrap();
        let newcomers = async |pages| stock(stores, &format!("A-{pages}"), 1).await;
        let listed = all_pages(limit, list, newcomers).await;
        let listed: Vec<_> = listed.into_iter().map(|product| product.sku).filter(|sku| codes.contains(sku)).collect();
        assert_eq!(listed, codes, "pages of {limit}");
    }
}

async fn a_stock_that_is_not_what_the_edit_says_stays<O, E>(stores: &Stores<O, impl Catalogue, E>) {
    let to = async |expected, stock| {
        let edit =
            ProductEdit { stock: Some(StockEdit { pieces: stock, expected: Some(expected) }), ..edit("MUG", None) };
        stores.catalogue.put(&edit).await.map(|product| (product.stock, product.version))
    };
    assert!(matches!(to(3, 5).await, Err(StoreError::StockConflict(0))), "it is not there");
    assert_eq!(stores.catalogue.products(&[sku("MUG")]).await.unwrap(), []);
    assert_eq!(to(0, 5).await.unwrap(), (5, 1));
    assert_eq!(to(0, 5).await.unwrap(), (5, 2), "said once more");
    assert!(matches!(to(0, 6).await, Err(StoreError::StockConflict(5))));
    assert_eq!(to(5, 9).await.unwrap(), (9, 3));
    assert_eq!(stores.catalogue.products(&[sku("MUG")]).await.unwrap()[0].stock, 9);
}

async fn a_repeated_edit_does_not_put_up_again_what_was_sold<E>(stores: &Stores<impl Orders, impl Catalogue, E>) {
    stock(stores, "MUG", 2).await;
    let restocked = ProductEdit { stock: Some(StockEdit { pieces: 10, expected: Some(2) }), ..edit("MUG", None) };
    stores.catalogue.put(&restocked).await.unwrap();
    assert!(matches!(stores.orders.place(&mug_order(1)).await, Ok(PlaceOutcome::New(_))));
    assert!(matches!(stores.catalogue.put(&restocked).await, Err(StoreError::StockConflict(9))));
    assert_eq!(stores.catalogue.products(&[sku("MUG")]).await.unwrap()[0].stock, 9);
}

promises! {
    a_product_is_stored_as_it_was_said,
    an_edit_without_a_stock_leaves_it_alone,
    edits_and_orders_at_once_lose_no_piece,
    a_stock_that_is_not_what_the_edit_says_stays,
    a_repeated_edit_does_not_put_up_again_what_was_sold,
    only_products_that_exist_are_answered,
    all_products_come_by_sku_page_by_page,
}
