//! The functions have one list: their passports. What calls each of them by its name is made from it.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use template::Passport;

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("..");
    println!("cargo:rerun-if-changed={}", root.join("functions").display());
    let [mut names, mut endpoints, mut requests, mut events, mut reserves] = [const { Vec::new() }; 5];
    for (name, located) in template::passports(&root)? {
        let module = format!("{}::{}", located.package, name.replace('-', "_"));
        let handle = |arguments: &str| format!("Box::pin({module}::handle(env, {arguments})).await");
        names.push(format!("    {name:?},\n"));
        let call = match trigger(&located.passport) {
            Trigger::Route => {
                endpoints.push(format!("    ({name:?}, {module}::ENDPOINT),\n"));
                requests.push(format!("        {name:?} => {},\n", handle("request")));
                continue;
            }
            Trigger::Queue => {
                reserves.push(format!("        {name:?} => {module}::RESERVE,\n"));
                format!("result(&{}.map_err(start)?)", handle("deadline, read(event)?"))
            }
            Trigger::Schedule => {
                reserves.push(format!("        {name:?} => {module}::RESERVE,\n"));
                format!("result(&{}.map_err(start)?)", handle("deadline"))
            }
            Trigger::Stream => format!("result(&{})", handle("&event")),
            Trigger::Authorizer => format!("result(&{}.map_err(start)?)", handle("read(event)?")),
        };
        events.push(format!("        {name:?} => {call},\n"));
    }
    let [names, endpoints, requests, events, reserves] =
        [names, endpoints, requests, events, reserves].map(|lines: Vec<String>| lines.concat());
    let code = format!(
        "/// Every function that the suite can call, by name.
pub const FUNCTIONS: &[&str] = &[
{names}];

/// What each function of the API allows, by name.
pub const ENDPOINTS: &[(&str, Endpoint)] = &[
{endpoints}];

/// What a function leaves of its invocation's time.
fn reserve(function: &str) -> Duration {{
    match function {{
{reserves}        _ => Duration::ZERO,
    }}
}}

/// Answers a request of the API with a function's handler. What the endpoint allows is looked at by `api::respond`.
///
/// # Errors
///
/// Those of the handler; 404 when no such function answers requests.
pub async fn request<E: Environment>(function: &str, env: &E, request: Request) -> Result<api::Response, ApiError> {{
    match function {{
{requests}        _ => Err(ApiError::NotFound(\"function\")),
    }}
}}

/// Works on any other event.
async fn event<E: Environment>(function: &str, env: &E, event: Value, deadline: Deadline) -> Result<Value, CallError> {{
    match function {{
{events}        _ => Err(CallError::Unknown(function.to_owned())),
    }}
}}
"
    );
    fs::write(Path::new(&env::var("OUT_DIR")?).join("functions.rs"), code)?;
    Ok(())
}

enum Trigger {
    Route,
    Queue,
    Stream,
    Schedule,
    Authorizer,
}

fn trigger(passport: &Passport) -> Trigger {
    if passport.queue.is_some() {
        Trigger::Queue
    } else if passport.stream.is_some() {
        Trigger::Stream
    } else if passport.schedule.is_some() {
        Trigger::Schedule
    } else if passport.authorizer {
        Trigger::Authorizer
    } else {
        Trigger::Route
    }
}
