//! What was measured, as a table.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sandbox::Provider;
use suite::Wiring;

use super::meter::{Expense, OutboundRequest, Span, TableRequest};
use super::orders::WHOLE_ORDER;

/// Calls that belong together.
#[derive(Clone, Debug)]
pub struct Section {
    /// What they are about.
    pub title: String,
    /// One after the other.
    pub rows: Vec<Row>,
}

/// One call.
#[derive(Clone, Debug)]
pub struct Row {
    /// The route, or the function.
    pub call: String,
    /// What distinguishes it from others of its route or function.
    pub variant: String,
    /// Status and bytes of the answer's body; the bytes are not known where a provider's webhook was answered.
    pub answer: Option<(u16, Option<usize>)>,
    /// What it asked for.
    pub spent: Vec<Expense>,
}

/// Units of some requests.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Units {
    /// Read capacity units.
    pub reads: f64,
    /// Write capacity units.
    pub writes: f64,
}

/// Whom a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The guards table: rate limits, known addresses and checkpoints.
    Guards,
    /// The authorizer.
    Authorizer,
    /// The function's own work.
    Work,
}

const NOTES: &str = "\
RCU and WCU are all that DynamoDB says it consumed (ReturnConsumedCapacity), indexes included; of which in the table of
limits (guards) and by the authorizer, as RCU/WCU. Trips are the round trips that wait for one another, to DynamoDB and to
providers: requests that are under way at the same time are one. Requests are the others, with their number of items where there are
several; ! was refused by a condition. Each call finds its bucket idle, which costs one UpdateItem; a bucket in use costs
one that is refused and one that is not. DynamoDB charges for what it refuses and does not say how much:
counted is the price of items of up to 1 KB. The authorizer's answer is kept for a minute; here it is asked each time.
Not counted: reading streams (free to Lambda), SNS, SQS, EventBridge, Secrets Manager. Consumers get one message at a
time here; several share a batch when there is more to do.";

/// The table, with each request below its call if `requests`.
pub fn print(sections: &[Section], guards: &str, requests: bool) -> String {
    let mut text = format!(
        "{:<62} {:<11} {:>5} {:>5} {:>5}  {:<8} {:<10} {:<66} {}\n",
        "call", "answer", "RCU", "WCU", "trips", "guards", "authorizer", "requests", "providers"
    );
    for section in sections {
        writeln!(text, "\n{}", section.title).ok();
        for row in &section.rows {
            writeln!(text, "{}", line(row, guards)).ok();
            if requests {
                row.spent.iter().for_each(|spent| writeln!(text, "        {}", request(spent)).unwrap_or_default());
            }
        }
    }
    let whole = sections.iter().find(|section| section.title == WHOLE_ORDER);
    let whole = whole.map(|section| format!("\n{}\n", summary(section))).unwrap_or_default();
    format!("{text}{whole}\n{NOTES}")
}

/// The template's routes and functions that were not called.
pub fn not_measured(sections: &[Section], wiring: &Wiring) -> Vec<String> {
    let called = |name: &str| sections.iter().flat_map(|section| &section.rows).any(|row| row.call == name);
    let routes = wiring.routes.iter().map(|route| &route.key);
    let streams = wiring.stream_mappings.iter().map(|mapping| &mapping.function);
    let queues = wiring.queue_mappings.iter().map(|mapping| &mapping.function);
    let schedules = wiring.schedules.iter().map(|schedule| &schedule.function);
    routes.chain(streams).chain(queues).chain(schedules).filter(|name| !called(name)).cloned().collect()
}

impl Row {
    /// Its requests to DynamoDB for a part of it.
    pub fn table_requests(&self, part: Part, guards: &str) -> Vec<&TableRequest> {
        let tables = self.spent.iter().filter_map(|spent| Some((&spent.function, spent.table()?)));
        tables.filter(|(function, request)| part == part_of(function, request, guards)).map(|(_, one)| one).collect()
    }

    /// How many round trips wait for one another: the most requests of which each began after the one before had ended.
    pub fn round_trips(&self) -> usize {
        let mut spans: Vec<Span> = self.spent.iter().map(|spent| spent.span).collect();
        spans.sort_by_key(|span| span.to);
        let (mut trips, mut until) = (0, None);
        for span in spans {
            if until.is_none_or(|until| span.from > until) {
                (trips, until) = (trips + 1, Some(span.to));
            }
        }
        trips
    }

    /// Its calls to providers.
    pub fn provider_calls(&self) -> Vec<(Provider, &str)> {
        self.spent.iter().filter_map(Expense::provider).collect()
    }
}

fn part_of(function: &str, request: &TableRequest, guards: &str) -> Part {
    match function {
        "authorizer" => Part::Authorizer,
        _ if request.table == guards => Part::Guards,
        _ => Part::Work,
    }
}

fn line(row: &Row, guards: &str) -> String {
    let name = if row.variant.is_empty() { row.call.clone() } else { format!("{}, {}", row.call, row.variant) };
    let answer = match row.answer {
        Some((status, Some(bytes))) => format!("{status} {bytes} B"),
        Some((status, None)) => status.to_string(),
        None => String::new(),
    };
    let all = units(row.spent.iter().filter_map(Expense::table));
    let of = |part| {
        let requests = row.table_requests(part, guards);
        let Units { reads, writes } = units(requests.iter().copied());
        if requests.is_empty() { String::new() } else { format!("{reads}/{writes}") }
    };
    let work = in_short(&row.table_requests(Part::Work, guards));
    let line = format!(
        "{name:<62} {answer:<11} {:>5} {:>5} {:>5}  {:<8} {:<10} {work:<66} {}",
        all.reads,
        all.writes,
        row.round_trips(),
        of(Part::Guards),
        of(Part::Authorizer),
        providers(&row.provider_calls())
    );
    line.trim_end().to_owned()
}

/// One after the other, those that are alike counted.
fn in_short(requests: &[&TableRequest]) -> String {
    let names: Vec<String> = requests.iter().map(|request| short(request)).collect();
    let alike = names.chunk_by(|one, next| one == next).filter_map(|alike| Some((alike.first()?, alike.len())));
    let texts = alike.map(|(name, count)| if count == 1 { name.clone() } else { format!("{count} {name}") });
    texts.collect::<Vec<_>>().join(", ")
}

/// As in `TransactWriteItems(6)`; with `!` where a condition refused it.
fn short(request: &TableRequest) -> String {
    let refused = if request.refused { "!" } else { "" };
    let count = if request.items == 1 { String::new() } else { format!("({})", request.items) };
    format!("{}{count}{refused}", request.operation)
}

/// As in `Stripe 2, Google 1`.
fn providers(calls: &[(Provider, &str)]) -> String {
    let mut counts = BTreeMap::new();
    for (provider, _) in calls {
        *counts.entry(called(*provider)).or_insert(0) += 1;
    }
    counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
}

const fn called(provider: Provider) -> &'static str {
    match provider {
        Provider::Stripe => "Stripe",
        Provider::Sendgrid => "SendGrid",
        Provider::Sheets => "Google",
        Provider::Oidc => "OpenID",
    }
}

fn request(spent: &Expense) -> String {
    match &spent.asked {
        OutboundRequest::Provider(provider, call) => format!("{} {call}", called(*provider)),
        OutboundRequest::Table(request) => {
            let TableRequest { table, reads, writes, .. } = request;
            let refused = if request.refused { ", refused" } else { "" };
            format!("{} {table} {}: {reads} RCU, {writes} WCU{refused}", spent.function, short(request))
        }
    }
}

fn summary(section: &Section) -> String {
    let spent = || section.rows.iter().flat_map(|row| &row.spent);
    let Units { reads, writes } = units(spent().filter_map(Expense::table));
    let (requests, calls) = (spent().filter_map(Expense::table).count(), spent().filter_map(Expense::provider));
    let (invocations, providers) = (section.rows.len(), providers(&calls.collect::<Vec<_>>()));
    let (title, trips) = (&section.title, section.rows.iter().map(Row::round_trips).sum::<usize>());
    format!(
        "{title}: {invocations} invocations, {requests} requests to DynamoDB, {reads} RCU, {writes} WCU, {providers}; \
         {trips} round trips in all"
    )
}

fn units<'a>(requests: impl Iterator<Item = &'a TableRequest>) -> Units {
    requests.fold(Units::default(), |sum, request| Units {
        reads: sum.reads + request.reads,
        writes: sum.writes + request.writes,
    })
}
