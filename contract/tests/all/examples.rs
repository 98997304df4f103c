//! Every example in the document fits its schema, and says nothing that the schema does not know.

use boon::{Compiler, SchemaIndex};
use contract::{document, operations};
use serde_json::{Value, json};

const PLACE: &str = "https://document.test/openapi.json";

/// The schemas of a document, by their JSON pointer.
pub struct Schemas {
    document: Value,
}

impl Schemas {
    pub fn new(document: &Value) -> Self {
        Self { document: document.clone() }
    }

    pub fn fits(&self, pointer: &str, value: &Value) -> bool {
        self.fault(pointer, value).is_none()
    }

    /// What is wrong with the value.
    pub fn fault(&self, pointer: &str, value: &Value) -> Option<String> {
        let (schemas, index) = self.compile(pointer);
        schemas.validate(value, index).err().map(|error| format!("{error:#}"))
    }

    fn compile(&self, pointer: &str) -> (boon::Schemas, SchemaIndex) {
        let (mut schemas, mut compiler) = (boon::Schemas::new(), Compiler::new());
        compiler.add_resource(PLACE, self.document.clone()).unwrap();
        let index = compiler.compile(&format!("{PLACE}#{pointer}"), &mut schemas).unwrap();
        (schemas, index)
    }
}

/// Lets no object of an answer have a field that is not described.
fn closed(mut document: Value) -> Value {
    let schemas = document["components"]["schemas"].as_object_mut().unwrap();
    // What others are put together from stays open; they are closed themselves.
    let parts: Vec<String> = schemas.values().flat_map(parts).collect();
    for (name, schema) in schemas {
        if !parts.contains(name) && schema["properties"].is_object() || schema["allOf"].is_array() {
            schema["unevaluatedProperties"] = json!(false);
        }
    }
    document
}

fn parts(schema: &Value) -> Vec<String> {
    let references = schema["allOf"].as_array().into_iter().flatten().filter_map(|part| part["$ref"].as_str());
    references.filter_map(|reference| reference.rsplit('/').next()).map(str::to_owned).collect()
}

fn escaped(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1").replace('{', "%7B").replace('}', "%7D")
}

#[test]
fn every_example_fits_its_schema() {
    let document = closed(document());
    let schemas = Schemas::new(&document);
    let mut count = 0;
    for operation in operations(&document) {
        let place = format!("/paths/{}/{}", escaped(&operation.path), operation.method);
        let value = &document["paths"][&operation.path][&operation.method];
        let mut media: Vec<(String, &Value)> = Vec::new();
        for (status, answer) in value["responses"].as_object().unwrap() {
            let content = answer["content"].as_object().into_iter().flatten();
            media.extend(
                content.map(|(kind, media)| {
                    (format!("{place}/responses/{status}/content/{}/schema", escaped(kind)), media)
                }),
            );
        }
        let content = value["requestBody"]["content"].as_object().into_iter().flatten();
        media.extend(
            content.map(|(kind, media)| (format!("{place}/requestBody/content/{}/schema", escaped(kind)), media)),
        );
        for (pointer, media) in media {
            for (name, example) in media["examples"].as_object().into_iter().flatten() {
                count += 1;
                assert_eq!(schemas.fault(&pointer, &example["value"]), None, "{} {name}", operation.id);
            }
        }
    }
    assert!(count > 40, "only {count} examples");
}

#[test]
fn every_operation_that_has_samples_shows_a_good_one() {
    let document = document();
    for operation in operations(&document) {
        let responses = document["paths"][&operation.path][&operation.method]["responses"].as_object().unwrap();
        let good = responses.iter().filter(|(status, _)| status.starts_with('2'));
        // One that says everything by its status has nothing to show.
        if good.clone().all(|(_, answer)| answer["content"].is_null()) {
            continue;
        }
        let media: Vec<_> = good.flat_map(|(_, answer)| answer["content"].as_object().into_iter().flatten()).collect();
        let shown = media.iter().filter(|(_, media)| media["examples"].is_object()).count();
        // Signatures are made anew for each delivery, and the document shows itself.
        let has_none =
            operation.id.ends_with("-webhook") || ["/openapi.json", "/reference"].contains(&&*operation.path);
        assert!(shown > 0 || media.is_empty() || has_none, "{} has no sample that went well", operation.id);
    }
}
