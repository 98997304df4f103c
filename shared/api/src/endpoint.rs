//! What a function of the API accepts, said once: its callers, its rate limit, its parameters and media types.

use crate::Class;

/// A function of the API. Its module has one as `ENDPOINT`; [`respond`](crate::respond) checks every request against it
/// before the handler runs. Whatever it does not declare is refused: unknown callers, parameters, other media types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The rate limit class.
    pub class: Class,
    /// Who may call.
    pub callers: Callers,
    /// The accepted query parameters.
    pub query: Query,
    /// The media types of its responses, problems aside.
    pub media_types: &'static [&'static str],
    /// Whether a client may do without the response's body, with `Prefer: return=minimal`.
    pub body_is_optional: bool,
}

/// Who may call a function. What a known caller may do is up to the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callers {
    /// Callers with a token or key.
    Known,
    /// Everyone.
    Anyone,
}

/// The query parameters that a function accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Query {
    /// These, each at most once.
    Only(&'static [&'static str]),
    /// Any: a third party chooses them.
    Any,
}

impl Endpoint {
    /// A function for known callers.
    pub const fn guarded(class: Class) -> Self {
        Self {
            class,
            callers: Callers::Known,
            query: Query::Only(&[]),
            media_types: &["application/json"],
            body_is_optional: false,
        }
    }

    /// A function for everyone.
    pub const fn open(class: Class) -> Self {
        Self { callers: Callers::Anyone, ..Self::guarded(class) }
    }

    /// A function for a provider's signed messages.
    pub const fn webhook() -> Self {
        Self::open(Class::Webhook).with_any_query()
    }

    /// Accepts these query parameters.
    #[must_use]
    pub const fn with_query(self, names: &'static [&'static str]) -> Self {
        Self { query: Query::Only(names), ..self }
    }

    /// Accepts any query parameters: a third party chooses them.
    #[must_use]
    pub const fn with_any_query(self) -> Self {
        Self { query: Query::Any, ..self }
    }

    /// Responds with one of these media types; with none, any `Accept` header is fine, as for redirects.
    #[must_use]
    pub const fn answering(self, media_types: &'static [&'static str]) -> Self {
        Self { media_types, ..self }
    }

    /// Lets clients do without the response's body.
    #[must_use]
    pub const fn with_optional_body(self) -> Self {
        Self { body_is_optional: true, ..self }
    }
}
