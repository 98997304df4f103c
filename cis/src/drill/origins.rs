//! What a web page in the developer's browser can do to the stack: with another host's name (DNS rebinding), from
//! another origin, without an origin. Every listener of the stack's processes is tried, those that no file names too.

mod files;
mod listeners;

use http::Method;

use super::{DrillError, Findings};
use crate::accounts::origins;
use crate::cloud::services::Services;
use crate::http::{Answer, Http};
use crate::paths;
use crate::stack::{Kind, Stack};

/// Headers of a request.
type Headers<'a> = &'a [(&'a str, &'a str)];

const FOREIGN: &str = "https://evil.example";
/// Hosts that may lead to 127.0.0.1 and are not this machine's names.
const REBOUND: [&str; 4] = ["rebound.evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "0.0.0.0"];
/// Origins of no page of the stack: another site, a sandboxed frame, another server on this machine.
const ORIGINS: [&str; 3] = [FOREIGN, "null", "http://127.0.0.1:9"];
/// What a page sends without asking first: the content types of forms, and no body at all.
const SIMPLE: [&str; 3] = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"];

/// Tries every listener.
pub async fn run() -> Result<(), DrillError> {
    let stack = Stack::load()?.ok_or(DrillError::NoStack)?;
    let (http, mut findings) = (Http::new()?, Findings::default());
    let listening = listeners::of(&stack)?;
    let elsewhere: Vec<_> = listening.iter().filter(|address| !address.ip().is_loopback()).collect();
    findings.expect(elsewhere.is_empty(), &format!("{} listeners, all on 127.0.0.1 {elsewhere:?}", listening.len()));
    for (name, url) in addresses(&stack, &listening) {
        let passed = trespasses(&http, &url).await?;
        findings.expect(passed.is_empty(), &format!("{name}: pages of other sites are refused {passed:?}"));
    }
    own_ways(&stack, &http, &mut findings).await?;
    let open = files::open_to_others(&paths::state())?;
    findings.expect(open.is_empty(), &format!("keys and tables are this user's own {open:?}"));
    findings.end()
}

/// What can be called, with a path that does something: the known servers, then the listeners that none of them is.
fn addresses(stack: &Stack, listening: &[std::net::SocketAddr]) -> Vec<(String, String)> {
    let mut addresses = vec![
        ("the API".to_owned(), format!("{}/v1/products", stack.api_url)),
        ("the API's document".to_owned(), format!("{}/openapi.json", stack.api_url)),
        ("the mailbox".to_owned(), format!("{}/_sandbox/mailbox", stack.sandbox_url)),
        ("the sandbox's control".to_owned(), format!("{}/_sandbox/webhooks/hurry", stack.sandbox_url)),
        ("Stripe's stand-in".to_owned(), format!("{}/v1/refunds", stack.sandbox_url)),
        ("the services of AWS".to_owned(), format!("{}/", stack.endpoint_url)),
    ];
    if stack.kind == Kind::Cloud {
        let url = format!("{}/?Action=ListUsers&Version=2010-05-08", stack.endpoint_url);
        addresses.push(("a service's GET".to_owned(), url));
        addresses.push(("MiniStack's control".to_owned(), format!("{}/_ministack/config", stack.endpoint_url)));
    }
    let known = |port: u16| {
        let urls = [&stack.api_url, &stack.sandbox_url, &stack.endpoint_url];
        urls.iter().any(|url| url.parse::<http::Uri>().is_ok_and(|url| url.port_u16() == Some(port)))
    };
    let others = listening.iter().filter(|address| !known(address.port()));
    addresses.extend(others.map(|address| (format!("the listener {address}"), format!("http://{address}/"))));
    addresses
}

/// The requests of foreign pages that were not refused.
async fn trespasses(http: &Http, url: &str) -> Result<Vec<String>, DrillError> {
    let mut passed = Vec::new();
    let mut tried = async |what: String, method: Method, headers: Headers<'_>, body: Option<&str>| {
        let body = body.map(|content_type| (content_type, "a=b".to_owned()));
        let answer = http.send(method, url, headers, body).await?;
        if !is_refusal(&answer) {
            passed.push(format!("{what}: {}", answer.status));
        }
        Ok::<_, DrillError>(())
    };
    for host in REBOUND {
        tried(format!("GET as {host}"), Method::GET, &[("host", host)], None).await?;
        tried(format!("POST as {host}"), Method::POST, &[("host", host)], Some("application/json")).await?;
    }
    for origin in ORIGINS {
        tried(format!("GET from {origin}"), Method::GET, &[("origin", origin)], None).await?;
        for content_type in SIMPLE {
            let what = format!("POST of {content_type} from {origin}");
            tried(what, Method::POST, &[("origin", origin)], Some(content_type)).await?;
        }
        let asking = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization,content-type,x-amz-target"),
        ];
        tried(format!("preflight from {origin}"), Method::OPTIONS, &asking, None).await?;
    }
    for site in ["cross-site", "same-site"] {
        for (mode, target) in [("no-cors", "image"), ("no-cors", "script"), ("navigate", "iframe")] {
            let fetch = [("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", target)];
            tried(format!("{site} {target}"), Method::GET, &fetch, None).await?;
        }
    }
    Ok(passed)
}

fn is_refusal(answer: &Answer) -> bool {
    answer.status == 403 && !answer.headers.keys().any(|name| name.as_str().starts_with("access-control-"))
}

/// The app's calls, the sandbox's pages and the SDK's requests go on as before.
async fn own_ways(stack: &Stack, http: &Http, findings: &mut Findings) -> Result<(), DrillError> {
    let products = format!("{}/v1/products", stack.api_url);
    for origin in origins() {
        let asking = [("origin", &*origin), ("access-control-request-method", "GET")];
        let preflight = http.send(Method::OPTIONS, &products, &asking, None).await?;
        let answer = http.get(&products, &[("origin", &origin)]).await?;
        let shared =
            |answer: &Answer| answer.headers.get("access-control-allow-origin").is_some_and(|to| *to == origin);
        let both = preflight.status < 300 && shared(&preflight) && answer.status == 200 && shared(&answer);
        findings
            .expect(both, &format!("the app at {origin} may ask and read ({}, {})", preflight.status, answer.status));
    }
    let hurry = format!("{}/_sandbox/webhooks/hurry", stack.sandbox_url);
    let answer = http.send(Method::POST, &hurry, &[("origin", &stack.sandbox_url)], None).await?;
    findings.expect(answer.status == 200, "the sandbox's own pages may post to it");
    let link = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    let answer = http.get(&format!("{}/_sandbox/mailbox", stack.sandbox_url), &link).await?;
    findings.expect(answer.status == 200, "a link to the mailbox may be followed");
    for host in ["localhost", "shop.localhost:80", "[::1]:1"] {
        let answer = http.get(&format!("{}/_sandbox/health", stack.sandbox_url), &[("host", host)]).await?;
        findings.expect(answer.status == 200, &format!("{host} is this machine"));
    }
    let services = Services::new(&stack.endpoint_url)?;
    let table = serde_json::json!({ "TableName": stack.tables.orders });
    let described = services.call("dynamodb", "DynamoDB_20120810.DescribeTable", &table).await;
    findings.expect(described.is_ok(), "programs may use the tables");
    Ok(())
}
