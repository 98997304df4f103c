//! API keys as administrators see them: without the secret and its hash.

use domain::{Actor, ApiKey, CustomerId, KeyId, Scope, Timestamp, UserId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Array, ArrayBuilder, ObjectBuilder, Type};

/// An API key.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub struct KeyAnswer<'a> {
    /// `key_…`; the key's text begins with `cis_live_` and the same hex digits.
    pub key_id: KeyId,
    /// The name that its creator gave it.
    pub name: &'a str,
    /// The scopes.
    #[schema(schema_with = scopes_schema)]
    pub scopes: Vec<&'static str>,
    /// The customer in whose name it places orders.
    pub customer_id: CustomerId,
    /// Who created it, and is notified before it expires.
    pub created_by: UserId,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub revoked_at: Option<Timestamp>,
    /// Who revoked it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub revoked_by: Option<Actor>,
    /// When it was last used, to within an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_used_at: Option<Timestamp>,
}

/// A list of scopes in the API's contract.
pub fn scopes_schema() -> Array {
    let scope = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(Scope::ALL.map(Scope::as_str)));
    let scopes = ArrayBuilder::new().items(scope).min_items(Some(1));
    scopes.description(Some("What the key may do.")).build()
}

impl<'a> From<&'a ApiKey> for KeyAnswer<'a> {
    fn from(key: &'a ApiKey) -> Self {
        Self {
            key_id: key.id,
            name: &key.name,
            scopes: key.scopes.iter().map(Scope::as_str).collect(),
            customer_id: key.customer,
            created_by: key.created_by,
            created_at: key.created_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
            revoked_by: key.revoked_by,
            last_used_at: key.last_used_at,
        }
    }
}
