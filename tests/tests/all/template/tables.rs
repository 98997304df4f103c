//! The tables as the template makes them, and as the stores expect them.

use serde_json::Value;
use store::dynamo::{TableSchema, schemas};

use super::model::{Template, list};

const TABLE: &str = "AWS::DynamoDB::Table";

/// Keys, indexes, stream and TTL of every table are what the stores are written and tested against.
pub fn tables_as_the_stores_expect(template: &Template) -> Vec<String> {
    let expected = schemas();
    let unknown = template.of_type(TABLE).filter(|(id, _)| expected.iter().all(|schema| schema.logical_id != *id));
    let mut findings: Vec<_> = unknown.map(|(id, _)| format!("{id}: no store knows it")).collect();
    for schema in &expected {
        let table = template.properties(schema.logical_id);
        let (wanted, is) = (described(schema), description(table));
        if wanted != is {
            findings.push(format!("{}: the stores expect {wanted:?}, the template has {is:?}", schema.logical_id));
        }
        let typed = list(&table["AttributeDefinitions"]);
        findings.extend(
            typed
                .iter()
                .filter(|it| it["AttributeType"] != "S")
                .map(|it| format!("{}: {} is no string", schema.logical_id, it["AttributeName"])),
        );
    }
    findings
}

fn described(schema: &TableSchema) -> Vec<String> {
    let mut lines = vec![format!("key {} {}", schema.key.0, schema.key.1)];
    lines.extend(schema.indexes.iter().map(|it| format!("{} {} {} {}", it.name, it.key.0, it.key.1, it.projection)));
    lines.extend(schema.streamed.then(|| "stream NEW_IMAGE".to_owned()));
    lines.extend(schema.ttl.map(|attribute| format!("ttl {attribute}")));
    lines
}

fn description(table: &Value) -> Vec<String> {
    let mut lines = vec![format!("key {}", key(table))];
    for index in list(&table["GlobalSecondaryIndexes"]) {
        let projection = text(&index["Projection"]["ProjectionType"]);
        lines.push(format!("{} {} {projection}", text(&index["IndexName"]), key(index)));
    }
    let view = table["StreamSpecification"]["StreamViewType"].as_str();
    lines.extend(view.map(|view| format!("stream {view}")));
    let ttl = &table["TimeToLiveSpecification"];
    lines.extend((ttl["Enabled"] == true).then(|| format!("ttl {}", text(&ttl["AttributeName"]))));
    lines
}

fn key(of: &Value) -> String {
    let name = |kind: &str| {
        let element = list(&of["KeySchema"]).into_iter().find(|element| element["KeyType"] == kind);
        element.map_or("?", |element| text(&element["AttributeName"]))
    };
    format!("{} {}", name("HASH"), name("RANGE"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}
