//! The document and the rest of the world: template, the API's page, problem types.

use std::collections::BTreeSet;
use std::path::Path;

use api::ProblemType;
use contract::{document, operations};

fn text(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)).unwrap()
}

#[test]
fn every_route_of_the_template_is_described_and_nothing_else() {
    let template = text("template.yaml");
    let routes: BTreeSet<String> = template
        .lines()
        .filter_map(|line| line.trim().strip_prefix("RouteKey: "))
        .map(|key| key.trim_matches(['"', '\'']).to_owned())
        .filter(|key| key != "$default")
        .collect();
    assert!(routes.len() > 10, "{routes:?}");
    let described: BTreeSet<_> = operations(&document()).iter().map(contract::Operation::route).collect();
    assert_eq!(described, routes);
}

#[test]
fn an_operation_asks_for_a_caller_where_the_route_has_the_authorizer() {
    let template = text("template.yaml");
    for operation in operations(&document()) {
        let key = format!("RouteKey: {}\n", operation.route());
        let route = template.split_once(&key).unwrap().1.split("\n\n").next().unwrap();
        assert_eq!(operation.is_protected(), route.contains("AuthorizationType: CUSTOM"), "{}", operation.route());
    }
}

#[test]
fn the_api_page_lists_every_problem_type_with_its_status() {
    let page = text("docs/api.md");
    let table = page.split_once("| status | `type`").unwrap().1.split_once("\n\n").unwrap().0;
    let mut listed = BTreeSet::new();
    for row in table.lines().skip(2) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let slugs = cells[2].split(", ").map(|slug| format!("/problems/{}", slug.trim_matches('`')));
        listed.extend(slugs.map(|uri| (uri, cells[1].to_owned())));
    }
    let known: BTreeSet<_> =
        ProblemType::ALL.map(|kind| (kind.uri().to_owned(), kind.status().as_u16().to_string())).into();
    assert_eq!(listed, known);
}
