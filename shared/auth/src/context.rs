//! The caller in the authorizer's context, which API Gateway passes to the function. Clients cannot add anything to it.

use domain::{Role, Timestamp};

use crate::{Caller, Service, Who};

const PRINCIPAL: &str = "principal";
const ROLE: &str = "role";
const TOKEN_ID: &str = "token_id";
/// In seconds since the epoch.
const AUTH_TIME: &str = "auth_time";
const SCOPES: &str = "scopes";
const CUSTOMER: &str = "customer";
const REFUSED: &str = "refused";

/// The value of [`ROLE`] for a service.
const SERVICE: &str = "service";

/// The authorizer's context names no caller.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoCaller {
    /// The token or key was refused.
    #[error("the token is not valid")]
    Refused,
    /// There is no context: the route was deployed without its authorizer.
    #[error("the authorizer's context names no caller")]
    Missing,
}

/// The context's entries for a refused token or key. The authorizer lets the request through to its function, which
/// answers with a problem; API Gateway's own refusal would be a bare 403.
pub const fn refused_context() -> [(&'static str, &'static str); 1] {
    [(REFUSED, "true")]
}

impl Caller {
    /// The context's entries.
    pub fn to_context(&self) -> Vec<(&'static str, String)> {
        let mut entries = vec![(PRINCIPAL, self.who.to_string()), (TOKEN_ID, self.token_id.clone())];
        entries.extend(self.auth_time.map(|at| (AUTH_TIME, at.seconds().to_string())));
        match self.who {
            Who::Service(service) => entries.extend([
                (ROLE, SERVICE.to_owned()),
                (SCOPES, service.scopes.to_string()),
                (CUSTOMER, service.customer.to_string()),
            ]),
            Who::Customer(_) | Who::Staff(_) | Who::Admin(_) => {
                entries.extend(self.who.role().map(|role| (ROLE, role.to_string())));
            }
        }
        entries
    }

    /// Reads the caller from the context's entries, looked up by name.
    ///
    /// # Errors
    ///
    /// When an entry is missing or the entries contradict each other, or the authorizer refused the token.
    pub fn from_context<'a>(entry: impl Fn(&str) -> Option<&'a str>) -> Result<Self, NoCaller> {
        if entry(REFUSED).is_some() {
            return Err(NoCaller::Refused);
        }
        let who = who(&entry).ok_or(NoCaller::Missing)?;
        let token_id = entry(TOKEN_ID).ok_or(NoCaller::Missing)?.to_owned();
        let auth_time = entry(AUTH_TIME).and_then(|text| text.parse().ok()).map(Timestamp::from_seconds);
        Ok(Self { who, token_id, auth_time })
    }
}

fn who<'a>(entry: impl Fn(&str) -> Option<&'a str>) -> Option<Who> {
    let (role, id) = (entry(ROLE)?, entry(PRINCIPAL)?);
    if role == SERVICE {
        let (customer, scopes) = (entry(CUSTOMER)?.parse().ok()?, entry(SCOPES)?.parse().ok()?);
        return Some(Who::Service(Service { key: id.parse().ok()?, customer, scopes }));
    }
    Who::new(role.parse::<Role>().ok()?, id)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use domain::{CustomerId, KeyId, Scope, UserId};
    use uuid::Uuid;

    use super::*;

    fn callers() -> [Caller; 4] {
        let id = Uuid::from_u128(7);
        let scopes = [Scope::OrdersPlace, Scope::OrdersRead].into_iter().collect();
        let service = Service { key: KeyId::from_uuid(id), customer: CustomerId::from_uuid(id), scopes };
        [
            Who::Customer(CustomerId::from_uuid(id)),
            Who::Staff(UserId::from_uuid(id)),
            Who::Admin(UserId::from_uuid(id)),
            Who::Service(service),
        ]
        .map(|who| Caller { who, token_id: "token-1".to_owned(), auth_time: None })
    }

    fn context(caller: &Caller) -> HashMap<&'static str, String> {
        caller.to_context().into_iter().collect()
    }

    fn read(context: &HashMap<&str, String>) -> Result<Caller, NoCaller> {
        Caller::from_context(|name| context.get(name).map(String::as_str))
    }

    #[test]
    fn a_caller_arrives_as_it_was_sent() {
        for caller in callers() {
            assert_eq!(read(&context(&caller)), Ok(caller.clone()));
            let signed_in = Caller { auth_time: Some(Timestamp::from_seconds(1_790_000_000)), ..caller };
            assert_eq!(read(&context(&signed_in)), Ok(signed_in));
        }
    }

    #[test]
    fn a_context_with_a_part_missing_or_out_of_place_names_nobody() {
        for caller in callers() {
            for missing in context(&caller).into_keys() {
                let mut context = context(&caller);
                context.remove(missing);
                assert_eq!(read(&context), Err(NoCaller::Missing), "{missing}");
            }
        }
        let [customer, staff, _, service] = callers();
        for (caller, entry, value) in [
            (&customer, ROLE, "admin"),
            (&customer, ROLE, SERVICE),
            (&staff, ROLE, "root"),
            (&service, ROLE, "admin"),
            (&service, SCOPES, "everything"),
        ] {
            let mut context = context(caller);
            context.insert(entry, value.to_owned());
            assert_eq!(read(&context), Err(NoCaller::Missing), "{entry} {value}");
        }
    }

    #[test]
    fn a_refused_token_is_told_from_a_route_without_authorizer() {
        let mut context: HashMap<_, _> = context(&callers()[2]);
        assert_eq!(read(&HashMap::new()), Err(NoCaller::Missing));
        context.extend(refused_context().map(|(name, value)| (name, value.to_owned())));
        assert_eq!(read(&context), Err(NoCaller::Refused), "whatever else it says");
    }
}
