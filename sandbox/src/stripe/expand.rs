//! `expand[]`: objects in place of their ids (`docs.stripe.com/api/expanding_objects`).

use serde_json::{Value, json};

use super::{Stripe, collection::Resource, errors::ApiError};

impl Stripe {
    /// Puts objects in place of ids along each path, as in `latest_charge` or `data.charge.refunds`.
    pub(super) fn expand(&self, view: &mut Value, paths: &[&str]) -> Result<(), ApiError> {
        for path in paths {
            let segments: Vec<&str> = path.split('.').collect();
            self.expand_path(view, &segments, path)?;
        }
        Ok(())
    }

    fn expand_path(&self, view: &mut Value, segments: &[&str], whole: &str) -> Result<(), ApiError> {
        let Some((first, rest)) = segments.split_first() else { return Ok(()) };
        if let Value::Array(items) = view {
            return items.iter_mut().try_for_each(|item| self.expand_path(item, segments, whole));
        }
        if *first == "refunds" && view["object"] == "charge" && view["refunds"].is_null() {
            view["refunds"] = self.refunds_of(view["id"].as_str().unwrap_or_default());
        }
        let Some(field) = view.as_object_mut().and_then(|object| object.get_mut(*first)) else {
            let message = format!("This property cannot be expanded ({whole}).");
            return Err(ApiError::invalid("expand", message));
        };
        if let Some(id) = field.as_str() {
            let Some(object) = self.object(id) else {
                return Err(ApiError::invalid("expand", format!("This property cannot be expanded ({whole}).")));
            };
            *field = object;
        }
        if field.is_null() { Ok(()) } else { self.expand_path(field, rest, whole) }
    }

    fn object(&self, id: &str) -> Option<Value> {
        match id.split('_').next()? {
            "pi" => self.intents.find(id).map(Resource::view),
            "ch" => self.charges.find(id).map(Resource::view),
            "re" => self.refunds.find(id).map(Resource::view),
            "pm" => self.methods.find(id).map(Resource::view),
            _ => None,
        }
    }

    fn refunds_of(&self, charge: &str) -> Value {
        let data: Vec<Value> = self.refunds.of(charge).map(Resource::view).collect();
        json!({ "object": "list", "data": data, "has_more": false, "url": format!("/v1/charges/{charge}/refunds") })
    }
}
