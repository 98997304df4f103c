//! `template.yaml` as plain JSON, with the short forms (`!Ref`, `!GetAtt`, `!Sub`) written out.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Map, Value, json};
use serde_yaml_ng::Value as Yaml;

/// The template's resources by logical id.
pub struct Template {
    pub resources: BTreeMap<String, Value>,
    pub parameters: Map<String, Value>,
    globals: Value,
}

impl Template {
    pub fn parse(text: &str) -> Self {
        let root = plain(serde_yaml_ng::from_str(text).expect("template.yaml is YAML"));
        let resources = root["Resources"].as_object().expect("Resources is a map").clone();
        Self {
            resources: resources.into_iter().collect(),
            parameters: root["Parameters"].as_object().cloned().unwrap_or_default(),
            globals: root["Globals"]["Function"].clone(),
        }
    }

    /// Logical id and properties of every resource of a type.
    pub fn of_type<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.resources
            .iter()
            .filter(move |(_, resource)| resource["Type"] == kind)
            .map(|(id, resource)| (id.as_str(), &resource["Properties"]))
    }

    pub fn functions(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.of_type("AWS::Serverless::Function")
    }

    pub fn properties(&self, id: &str) -> &Value {
        &self.resources.get(id).unwrap_or_else(|| panic!("{id} is not in the template"))["Properties"]
    }

    pub fn is(&self, id: &str, kind: &str) -> bool {
        self.resources.get(id).is_some_and(|resource| resource["Type"] == kind)
    }

    /// Seconds that one invocation may take.
    pub fn timeout(&self, function: &str) -> u64 {
        let own = self.properties(function)["Timeout"].as_u64();
        own.or_else(|| self.globals["Timeout"].as_u64()).expect("a timeout, its own or the globals'")
    }

    /// A number that stands in a property, or the default of the parameter it refers to.
    pub fn number(&self, value: &Value) -> Option<u64> {
        let parameter = value["Ref"].as_str().map(|name| &self.parameters[name]["Default"]);
        parameter.unwrap_or(value).as_u64()
    }

    /// The policy statements of a function's role.
    pub fn statements(&self, function: &str) -> Vec<&Value> {
        let role = target(&self.properties(function)["Role"]).expect("the function names its role");
        list(&self.properties(&role)["Policies"])
            .into_iter()
            .flat_map(|policy| list(&policy["PolicyDocument"]["Statement"]))
            .collect()
    }

    /// Resources of the template that a value refers to, at any depth.
    pub fn references(&self, value: &Value) -> Vec<String> {
        let mut found = Vec::new();
        collect_references(value, &mut found);
        found.retain(|id| self.resources.contains_key(id));
        found.sort();
        found.dedup();
        found
    }
}

/// The template's text.
pub fn text() -> String {
    std::fs::read_to_string(root().join("template.yaml")).expect("template.yaml can be read")
}

/// The repository's root.
pub fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// A value that may be one or a list, as a list.
pub fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    }
}

/// The resource that a `!Ref` or a `!GetAtt` names.
pub fn target(value: &Value) -> Option<String> {
    let name = value["Ref"].as_str().or_else(|| value["Fn::GetAtt"].as_str())?;
    Some(name.split('.').next().unwrap_or(name).to_owned())
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    if let Some(id) = target(value) {
        found.push(id);
    }
    if let Some(text) = value["Fn::Sub"].as_str() {
        let names = text.split("${").skip(1).filter_map(|rest| rest.split(['}', '.']).next());
        found.extend(names.map(str::to_owned));
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| collect_references(field, found)),
        _ => {}
    }
}

fn plain(yaml: Yaml) -> Value {
    match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => json!(value),
        Yaml::Number(value) => serde_json::to_value(value).expect("a YAML number is a JSON number"),
        Yaml::String(value) => json!(value),
        Yaml::Sequence(items) => items.into_iter().map(plain).collect(),
        Yaml::Mapping(fields) => fields.into_iter().map(|(key, value)| (name(&key), plain(value))).collect(),
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let tag = tag.trim_start_matches('!');
            let key = if tag == "Ref" { tag.to_owned() } else { format!("Fn::{tag}") };
            json!({ key: plain(tagged.value) })
        }
    }
}

fn name(key: &Yaml) -> String {
    key.as_str().expect("keys are text").to_owned()
}
