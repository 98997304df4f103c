//! The caller on its way from the authorizer to the function: API Gateway hands the authorizer's context on, and puts
//! nothing there that a client sent.

use crate::{Caller, Who};

const PRINCIPAL: &str = "principal";
const ROLE: &str = "role";
const TOKEN_ID: &str = "token_id";

/// The authorizer's context is not there, or names no caller: the route was deployed without its authorizer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the authorizer's context names no caller")]
pub struct InvalidContext;

impl Caller {
    /// The context's entries.
    pub fn to_context(&self) -> [(&'static str, String); 3] {
        [(PRINCIPAL, self.who.to_string()), (ROLE, self.who.role().to_string()), (TOKEN_ID, self.token_id.clone())]
    }

    /// From the context's entries, looked up by name.
    ///
    /// # Errors
    ///
    /// When an entry is missing or the entries don't fit together.
    pub fn from_context<'a>(entry: impl Fn(&str) -> Option<&'a str>) -> Result<Self, InvalidContext> {
        let role = entry(ROLE).and_then(|text| text.parse().ok()).ok_or(InvalidContext)?;
        let who = entry(PRINCIPAL).and_then(|id| Who::new(role, id)).ok_or(InvalidContext)?;
        let token_id = entry(TOKEN_ID).ok_or(InvalidContext)?.to_owned();
        Ok(Self { who, token_id })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use domain::{CustomerId, UserId};
    use uuid::Uuid;

    use super::*;

    fn callers() -> [Caller; 3] {
        let id = Uuid::from_u128(7);
        [Who::Customer(CustomerId::from_uuid(id)), Who::Staff(UserId::from_uuid(id)), Who::Admin(UserId::from_uuid(id))]
            .map(|who| Caller { who, token_id: "token-1".to_owned() })
    }

    fn read(context: &HashMap<&str, String>) -> Result<Caller, InvalidContext> {
        Caller::from_context(|name| context.get(name).map(String::as_str))
    }

    #[test]
    fn a_caller_arrives_as_it_was_sent() {
        for caller in callers() {
            assert_eq!(read(&caller.to_context().into()), Ok(caller));
        }
    }

    #[test]
    fn a_context_with_a_part_missing_or_out_of_place_names_nobody() {
        for caller in callers() {
            for missing in [PRINCIPAL, ROLE, TOKEN_ID] {
                let mut context = HashMap::from(caller.to_context());
                context.remove(missing);
                assert_eq!(read(&context), Err(InvalidContext));
            }
        }
        let [customer, staff, _] = callers();
        let mut context = HashMap::from(customer.to_context());
        context.insert(ROLE, "admin".to_owned());
        assert_eq!(read(&context), Err(InvalidContext), "a customer's id with another role");
        let mut context = HashMap::from(staff.to_context());
        context.insert(ROLE, "root".to_owned());
        assert_eq!(read(&context), Err(InvalidContext), "a role that does not exist");
    }
}
