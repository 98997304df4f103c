//! Many clients against one bucket, each over a connection of its own, and on the cloud stack against several processes of
//! one function: never more than the limit pass, others notice nothing, and `Retry-After` is kept.

mod counts;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use api::{Class, Subject};
use auth::Role;
use clap::Args;
use domain::{CustomerId, OrderId};
use futures::future::try_join_all;
use http::Method;
use resilience::{Ids as _, Limit, RandomIds};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;

use super::{DrillError, Findings};
use crate::accounts::Accounts;
use crate::http::{Answer, Http, HttpError};
use crate::stack::{Kind, Stack};

use counts::{AnswerCounts, REFUSED, wait_of};

/// The pause between the calls of an uninvolved client.
const PAUSE: Duration = Duration::from_millis(500);

/// What is drilled.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// How many clients call at once.
    #[arg(long, default_value_t = 20)]
    pub clients: usize,
    /// For how long, in seconds.
    #[arg(long, default_value_t = 10)]
    pub seconds: u64,
}

/// A customer who asks for the payment of an order that there is not: it costs a request, and changes nothing.
struct Customer {
    http: Http,
    url: String,
    authorization: String,
}

/// Runs the drill, bucket by bucket.
///
/// # Errors
///
/// A promise was broken, or the stack does not answer.
pub async fn run(options: &Options) -> Result<(), DrillError> {
    let stack = Stack::load()?.ok_or(DrillError::NoStack)?;
    let mut findings = Findings::default();
    principals(&stack, options, &mut findings).await?;
    if stack.kind == Kind::Embedded {
        addresses(&stack, options, &mut findings).await?;
    } else {
        println!("addresses: left out, since MiniStack gives every request the same one");
    }
    findings.end()
}

/// The bucket of one customer, who pays in many windows at once.
async fn principals(stack: &Stack, options: &Options, findings: &mut Findings) -> Result<(), DrillError> {
    let limit = limit(stack, Class::Pay, Subject::Principal)?;
    let token = token(&CustomerId::from_uuid(RandomIds.fresh()))?;
    let clients = (0..options.clients).map(|_| Customer::new(stack, &token)).collect::<Result<Vec<_>, _>>()?;
    let other = Customer::new(stack, &self::token(&CustomerId::from_uuid(RandomIds.fresh()))?)?;
    let (until, began) = (until(options), Instant::now());
    let hammering = try_join_all(clients.iter().map(|client| hammer(until, async || client.ask().await)));
    let (all_counts, undisturbed) = tokio::try_join!(hammering, every_so_often(until, async || other.ask().await))?;
    let took = began.elapsed();
    findings.of_bucket("one customer", limit, took, &AnswerCounts::sum(all_counts), &undisturbed);

    let wait = refused(&clients[0]).await?;
    tokio::time::sleep(Duration::from_secs(wait)).await;
    let after = clients[0].ask().await?.status;
    findings.expect(after != REFUSED, &format!("a request after the {wait} s of Retry-After passes"));
    Ok(())
}

/// The bucket of an address from which no caller signs in.
async fn addresses(stack: &Stack, options: &Options, findings: &mut Findings) -> Result<(), DrillError> {
    let limit = limit(stack, Class::Read, Subject::Address)?;
    let [here, elsewhere] = [(); 2].map(|()| unused_address());
    let (until, began) = (until(options), Instant::now());
    let hammering = (0..options.clients).map(|_| hammer(until, async || health(stack, here).await));
    let elsewhere = every_so_often(until, async || health(stack, elsewhere).await);
    let (all_counts, undisturbed) = tokio::try_join!(try_join_all(hammering), elsewhere)?;
    findings.of_bucket("one address", limit, began.elapsed(), &AnswerCounts::sum(all_counts), &undisturbed);
    Ok(())
}

fn limit(stack: &Stack, class: Class, subject: Subject) -> Result<Limit, DrillError> {
    let limit = class.limit(subject);
    let requests = limit.requests.saturating_mul(stack.rate_limit_scale);
    if requests == 0 { Err(DrillError::NoLimits) } else { Ok(Limit { requests, ..limit }) }
}

fn until(options: &Options) -> Instant {
    Instant::now() + Duration::from_secs(options.seconds)
}

fn token(customer: &CustomerId) -> Result<String, DrillError> {
    Ok(Accounts::load()?.token(Role::Customer, Some(&customer.to_string()), Duration::from_hours(1))?)
}

impl Customer {
    fn new(stack: &Stack, token: &str) -> Result<Self, DrillError> {
        let nobodys = OrderId::from_uuid(RandomIds.fresh());
        Ok(Self {
            http: Http::new()?,
            url: format!("{}/v1/orders/{nobodys}/payment-intent", stack.api_url),
            authorization: format!("Bearer {token}"),
        })
    }

    async fn ask(&self) -> Result<Answer, HttpError> {
        self.http.send(Method::POST, &self.url, &[("authorization", &self.authorization)], None).await
    }
}

/// Asks as fast as answers come.
async fn hammer(until: Instant, ask: impl AsyncFn() -> Result<Answer, HttpError>) -> Result<AnswerCounts, HttpError> {
    let mut counts = AnswerCounts::default();
    while Instant::now() < until {
        counts.record(&ask().await?);
    }
    Ok(counts)
}

/// Calls now and then, and counts the answers.
async fn every_so_often(
    until: Instant,
    ask: impl AsyncFn() -> Result<Answer, HttpError>,
) -> Result<AnswerCounts, HttpError> {
    let mut counts = AnswerCounts::default();
    while Instant::now() < until {
        counts.record(&ask().await?);
        tokio::time::sleep(PAUSE).await;
    }
    Ok(counts)
}

/// Asks until the bucket is empty; says how long to wait then, in seconds.
async fn refused(client: &Customer) -> Result<u64, HttpError> {
    loop {
        let answer = client.ask().await?;
        if answer.status == REFUSED {
            return Ok(wait_of(&answer));
        }
    }
}

/// An unused address of this machine: all of 127/8 are local.
fn unused_address() -> Ipv4Addr {
    let [a, b, c, ..] = RandomIds.fresh().into_bytes();
    Ipv4Addr::new(127, a.max(1), b, c.clamp(1, 254))
}

/// `GET /v1/health` from this address.
async fn health(stack: &Stack, from: Ipv4Addr) -> Result<Answer, HttpError> {
    let address = stack.api_url.trim_start_matches("http://");
    let asked = async {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((from, 0)))?;
        let mut stream = socket.connect(address.parse().map_err(std::io::Error::other)?).await?;
        let request = format!("GET /v1/health HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = asked.await.unwrap_or_default();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    Ok(Answer { status, headers: http::HeaderMap::new(), body: serde_json::Value::Null })
}
