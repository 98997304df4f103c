//! A page for people, made from an OpenAPI document alone. Must not know the API.

mod markup;
mod schema;

use askama::Template;
use serde_json::{Map, Value};

use markup::{html, inline};
use schema::{Field, Kind, fields, kind};

/// The document as one HTML page, without a script and without anything to load.
///
/// # Errors
///
/// The template cannot be filled in.
pub fn page(document: &Value) -> Result<String, askama::Error> {
    Page::of(document).render()
}

#[derive(Template)]
#[template(path = "reference.html")]
struct Page<'a> {
    title: &'a str,
    version: &'a str,
    about: String,
    groups: Vec<Group<'a>>,
    schemas: Vec<NamedSchema<'a>>,
}

struct Group<'a> {
    name: &'a str,
    about: String,
    operations: Vec<Entry<'a>>,
}

struct Entry<'a> {
    id: &'a str,
    method: &'a str,
    path: &'a str,
    summary: String,
    about: String,
    parameters: Vec<Field>,
    request: Option<Media<'a>>,
    answers: Vec<Answer<'a>>,
}

struct Answer<'a> {
    status: &'a str,
    about: String,
    headers: Vec<&'a str>,
    media: Vec<Media<'a>>,
}

struct Media<'a> {
    essence: &'a str,
    kind: Kind,
    examples: Vec<Example<'a>>,
}

struct Example<'a> {
    name: &'a str,
    text: String,
}

struct NamedSchema<'a> {
    name: &'a str,
    about: String,
    kind: Kind,
    fields: Vec<Field>,
}

impl<'a> Page<'a> {
    fn of(document: &'a Value) -> Self {
        let tags = document["tags"].as_array().into_iter().flatten();
        let schemas = entries(&document["components"]["schemas"]);
        Self {
            title: text(&document["info"]["title"]),
            version: text(&document["info"]["version"]),
            about: html(text(&document["info"]["description"])),
            groups: tags.map(|tag| Group::of(document, tag)).collect(),
            schemas: schemas.map(|(name, schema)| NamedSchema::of(name, schema)).collect(),
        }
    }
}

impl<'a> Group<'a> {
    fn of(document: &'a Value, tag: &'a Value) -> Self {
        let all = entries(&document["paths"])
            .flat_map(|(path, item)| entries(item).map(move |(method, operation)| (path, method, operation)));
        let own = all.filter(|(_, _, operation)| operation["tags"][0] == tag["name"]);
        Self {
            name: text(&tag["name"]),
            about: inline(text(&tag["description"])),
            operations: own.map(|(path, method, operation)| Entry::of(path, method, operation)).collect(),
        }
    }
}

impl<'a> Entry<'a> {
    fn of(path: &'a str, method: &'a str, operation: &'a Value) -> Self {
        let content = entries(&operation["requestBody"]["content"]).next();
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        Self {
            id: text(&operation["operationId"]),
            method,
            path,
            summary: inline(text(&operation["summary"])),
            about: html(text(&operation["description"])),
            parameters: parameters.map(Field::of_parameter).collect(),
            request: content.map(|(media_type, media)| Media::of(media_type, media)),
            answers: entries(&operation["responses"]).map(|(status, answer)| Answer::of(status, answer)).collect(),
        }
    }
}

impl<'a> Answer<'a> {
    fn of(status: &'a str, answer: &'a Value) -> Self {
        Self {
            status,
            about: inline(text(&answer["description"])),
            headers: entries(&answer["headers"]).map(|(name, _)| name).collect(),
            media: entries(&answer["content"]).map(|(media_type, media)| Media::of(media_type, media)).collect(),
        }
    }

    /// The first digit, which decides the colour.
    fn class(&self) -> &str {
        &self.status[..1]
    }
}

impl<'a> Media<'a> {
    fn of(media_type: &'a str, media: &'a Value) -> Self {
        let examples = entries(&media["examples"]);
        Self {
            essence: media_type,
            kind: kind(&media["schema"]),
            examples: examples
                .map(|(name, example)| Example { name, text: format!("{:#}", example["value"]) })
                .collect(),
        }
    }
}

impl<'a> NamedSchema<'a> {
    fn of(name: &'a str, schema: &'a Value) -> Self {
        Self { name, about: html(text(&schema["description"])), kind: kind(schema), fields: fields(schema) }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter).map(|(name, value)| (name.as_str(), value))
}
