//! The template as plain JSON, with the short forms (`!Ref`, `!GetAtt`, `!Sub`) written out.

use serde_json::{Map, Value, json};
use serde_yaml_ng::Value as Yaml;

use super::TemplateError;

/// Resources, parameters and defaults of a template.
pub struct Document {
    resources: Map<String, Value>,
    parameters: Map<String, Value>,
    defaults: Value,
}

impl Document {
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut root = plain(serde_yaml_ng::from_str(text)?)?;
        let (resources, parameters) = (take_map(&mut root, "Resources"), take_map(&mut root, "Parameters"));
        Ok(Self { resources, parameters, defaults: root["Globals"]["Function"].clone() })
    }

    /// Logical id and properties of every resource of a type.
    pub fn of_type<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let wanted = move |(_, resource): &(&String, &Value)| resource["Type"] == kind;
        self.resources.iter().filter(wanted).map(|(id, resource)| (id.as_str(), &resource["Properties"]))
    }

    /// The properties of one resource, if it is of this type.
    pub fn one(&self, id: &str, kind: &str) -> Option<&Value> {
        self.resources.get(id).filter(|resource| resource["Type"] == kind).map(|resource| &resource["Properties"])
    }

    /// What `Globals` say of every function.
    pub const fn defaults(&self) -> &Value {
        &self.defaults
    }

    /// A whole number, or the default of the parameter that it refers to.
    pub fn number(&self, value: &Value) -> Option<u64> {
        let value = value["Ref"].as_str().map_or(value, |name| &self.parameters[name]["Default"]);
        value.as_u64().or_else(|| value.as_str()?.parse().ok())
    }

    /// A list of texts, or the default of the parameter that it refers to.
    pub fn list(&self, value: &Value) -> Option<Vec<String>> {
        let parameter = value["Ref"].as_str().map(|name| &self.parameters[name]["Default"]);
        match parameter {
            Some(default) => Some(default.as_str()?.split(',').map(str::to_owned).collect()),
            None => value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        }
    }
}

/// The resource that a `!Ref`, a `!GetAtt` or the first variable of a `!Sub` names.
pub fn target(value: &Value) -> Option<&str> {
    let name = value["Ref"].as_str().or_else(|| value["Fn::GetAtt"].as_str());
    let name = name.or_else(|| value["Fn::Sub"].as_str()?.split_once("${")?.1.split('}').next());
    name.map(|name| name.split('.').next().unwrap_or(name))
}

/// The attribute that a `!GetAtt` asks for.
pub fn attribute(value: &Value) -> Option<&str> {
    value["Fn::GetAtt"].as_str()?.split_once('.').map(|(_, attribute)| attribute)
}

/// A name that the template prefixes with the stack's: `send-email` of `${AWS::StackName}-send-email`.
pub fn short_name(value: &Value) -> Option<&str> {
    value["Fn::Sub"].as_str().or_else(|| value.as_str())?.strip_prefix("${AWS::StackName}-")
}

fn take_map(root: &mut Value, key: &str) -> Map<String, Value> {
    match root.get_mut(key).map(Value::take) {
        Some(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

fn plain(yaml: Yaml) -> Result<Value, TemplateError> {
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => json!(value),
        Yaml::Number(value) => serde_json::to_value(value).map_err(|_| TemplateError::Number)?,
        Yaml::String(value) => json!(value),
        Yaml::Sequence(items) => items.into_iter().map(plain).collect::<Result<_, _>>()?,
        Yaml::Mapping(fields) => {
            let pairs = fields.into_iter().map(|(key, value)| Ok((name(&key)?, plain(value)?)));
            Value::Object(pairs.collect::<Result<_, TemplateError>>()?)
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let tag = tag.trim_start_matches('!');
            let key = if tag == "Ref" { tag.to_owned() } else { format!("Fn::{tag}") };
            json!({ key: plain(tagged.value)? })
        }
    })
}

fn name(key: &Yaml) -> Result<String, TemplateError> {
    key.as_str().map(str::to_owned).ok_or(TemplateError::Key)
}
