//! What a function of the API is, said once: who may call it, how often, and what of a request it understands.

use crate::Class;

/// A function of the API. Its `lib.rs` has one as `ENDPOINT`; [`respond`](crate::respond) holds every request to it
/// before the handler sees it. What is not said is refused: callers that nobody knows, parameters, other media types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Which limit it has.
    pub class: Class,
    /// Who may call.
    pub callers: Callers,
    /// Which query parameters it knows.
    pub query: Query,
    /// Media types of what it answers, problems aside.
    pub media_types: &'static [&'static str],
    /// Whether a client can do without its body, and say so with `Prefer: return=minimal`.
    pub body_is_optional: bool,
}

/// Who may call a function. What a known caller may do is for the policy to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callers {
    /// Somebody with a token or key.
    Known,
    /// Everybody.
    Anyone,
}

/// The query parameters that a function knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Query {
    /// These, each at most once.
    Only(&'static [&'static str]),
    /// Whatever an outside party sends.
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

    /// A function for everybody.
    pub const fn open(class: Class) -> Self {
        Self { callers: Callers::Anyone, ..Self::guarded(class) }
    }

    /// A function for a provider's signed messages.
    pub const fn webhook() -> Self {
        Self::open(Class::Webhook).with_any_query()
    }

    /// Knows these query parameters.
    #[must_use]
    pub const fn with_query(self, names: &'static [&'static str]) -> Self {
        Self { query: Query::Only(names), ..self }
    }

    /// Takes whatever query parameters come: others than our clients write them.
    #[must_use]
    pub const fn with_any_query(self) -> Self {
        Self { query: Query::Any, ..self }
    }

    /// Answers with one of these media types; none: whatever the caller accepts is right, as for redirects.
    #[must_use]
    pub const fn answering(self, media_types: &'static [&'static str]) -> Self {
        Self { media_types, ..self }
    }

    /// Its body can be left out.
    #[must_use]
    pub const fn with_optional_body(self) -> Self {
        Self { body_is_optional: true, ..self }
    }
}
