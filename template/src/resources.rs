//! A function's resources: what its passport comes to in the terms of `CloudFormation`.

use std::collections::BTreeMap;

use askama::Template;

use crate::frame::{Frame, Kind};
use crate::passport::{Access, Passport, Queue, Schedule, Stream};
use crate::{Located, TemplateError};

/// A queue hides a message for so many times the function's timeout, so that a throttled batch is not handed out twice.
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html>)
const TIMEOUTS_HIDDEN: u32 = 6;
/// How often a message is handed out before it is a dead letter. What is waited in between is the consumer's to say:
/// together hours for an outage, minutes for a message that cannot be handled (`events::Failure`).
const RECEIVES: u32 = 100;

/// A function and what belongs to it, ready to be written.
#[derive(Debug)]
pub struct Function<'a> {
    pub name: &'a str,
    pub id: String,
    pub package: &'a str,
    /// What the logical ids of its service begin with.
    pub service: String,
    pub passport: &'a Passport,
    /// Names and values of its variables.
    pub variables: Vec<(String, String)>,
    pub statements: Vec<Statement>,
    pub routes: Vec<Route<'a>>,
    pub queue: Option<QueueResource<'a>>,
    pub stream: Option<StreamResource<'a>>,
    pub schedule: Option<&'a Schedule>,
}

/// A statement of its role's policy.
#[derive(Debug, PartialEq, Eq)]
pub struct Statement {
    pub actions: Vec<String>,
    pub resources: Vec<String>,
    /// Patterns of the partition keys that it is confined to.
    pub keys: Vec<String>,
}

/// A route of the API.
#[derive(Debug)]
pub struct Route<'a> {
    pub id: String,
    pub key: &'a str,
    pub is_public: bool,
}

#[derive(Debug)]
pub struct QueueResource<'a> {
    pub queue: &'a Queue,
    pub visibility: u32,
    pub receives: u32,
}

#[derive(Debug)]
pub struct StreamResource<'a> {
    pub table: &'a str,
    pub changes: String,
    pub prefix: &'a str,
}

/// The text of what the functions share.
#[derive(Template)]
#[template(path = "shared.yaml", escape = "none")]
pub struct Shared<'a> {
    services: Vec<Service<'a>>,
    called: Vec<&'a str>,
}

/// A service, for its log group.
struct Service<'a> {
    id: &'a str,
    name: &'a str,
}

impl<'a> Shared<'a> {
    /// Of these functions, which are in the template's order.
    pub fn of(functions: &'a [Function<'a>]) -> Self {
        let by_name: BTreeMap<_, _> = functions.iter().map(|it| (it.package, it.service.as_str())).collect();
        let is_called = |it: &&Function<'_>| it.passport.has_routes() || it.passport.authorizer;
        Self {
            services: by_name.into_iter().map(|(name, id)| Service { id, name }).collect(),
            called: functions.iter().filter(is_called).map(|it| it.id.as_str()).collect(),
        }
    }
}

/// The text of a function's part of the template.
#[derive(Template)]
#[template(path = "function.yaml", escape = "none")]
pub struct Resources<'a> {
    function: &'a Function<'a>,
}

impl<'a> Resources<'a> {
    pub const fn of(function: &'a Function<'a>) -> Self {
        Self { function }
    }
}

impl<'a> Function<'a> {
    pub fn new(name: &'a str, located: &'a Located, frame: &'a Frame) -> Result<Self, TemplateError> {
        let passport = &located.passport;
        let id = passport.id.clone().unwrap_or_else(|| pascal_case(name));
        check_trigger(name, passport)?;
        let timeout = passport.timeout.unwrap_or_else(|| frame.timeout());
        let queue = passport.queue.as_ref();
        let queue =
            queue.map(|queue| QueueResource { queue, visibility: TIMEOUTS_HIDDEN * timeout, receives: RECEIVES });
        let mut function = Self {
            routes: routes(&id, passport),
            stream: passport.stream.as_ref().map(|stream| stream_resource(name, stream, frame)).transpose()?,
            variables: Vec::new(),
            statements: Vec::new(),
            schedule: passport.schedule.as_ref(),
            package: &located.package,
            service: pascal_case(&located.package),
            name,
            id,
            passport,
            queue,
        };
        function.read_its_source();
        for (what, access) in &passport.may {
            function.allow(what, access, frame)?;
        }
        for variable in &passport.env {
            let value = frame.parameter(variable).ok_or_else(|| unknown(name, variable))?;
            function.variables.push((variable.clone(), value));
        }
        Ok(function)
    }

    /// What goes to the outputs: where its messages and its dead letters are.
    pub fn outputs(&self) -> String {
        let (id, name) = (&self.id, self.name);
        let queue = self.queue.is_some().then(|| {
            format!("  {id}QueueUrl:\n    Description: Events that {name} consumes.\n    Value: !Ref {id}Queue\n")
        });
        let has_dead_letters = self.queue.is_some() || self.stream.is_some();
        let dead = has_dead_letters
            .then(|| format!("  {id}DlqUrl:\n    Description: Dead letters of {name}.\n    Value: !Ref {id}Dlq\n"));
        let undelivered = self.queue.is_some().then(|| {
            format!(
                "  {id}UndeliveredUrl:\n    Description: Events that could not be delivered to {name}.\n    \
                 Value: !Ref {id}UndeliveredDlq\n"
            )
        });
        [queue, dead, undelivered].into_iter().flatten().collect()
    }

    /// A consumer may read the queue or stream that triggers it. A queue's consumer says when a message comes again, a
    /// stream's writes dead letters itself.
    fn read_its_source(&mut self) {
        let id = &self.id;
        if self.queue.is_some() {
            let actions = ["ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "ReceiveMessage"];
            self.statements.push(Statement::new("sqs", actions, format!("!GetAtt {id}Queue.Arn")));
            self.variables.push(("QUEUE_URL".to_owned(), format!("!Ref {id}Queue")));
        }
        if let Some(stream) = &self.stream {
            let actions = ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"];
            let source = format!("!GetAtt {}.StreamArn", stream.table);
            self.statements.push(Statement::new("dynamodb", actions, source));
            self.statements.push(Statement::new("sqs", ["SendMessage"], format!("!GetAtt {id}Dlq.Arn")));
            self.variables.push(("STREAM_DLQ_URL".to_owned(), format!("!Ref {id}Dlq")));
        }
    }

    /// Grants the access, and names the resource in the function's environment.
    fn allow(&mut self, what: &str, access: &Access, frame: &Frame) -> Result<(), TemplateError> {
        let (name, index) = what.split_once('/').map_or((what, None), |(name, index)| (name, Some(index)));
        let (kind, id) = frame.resource(name).ok_or_else(|| unknown(self.name, what))?;
        let arn = index.map_or_else(|| kind.arn(id), |index| format!("!Sub \"${{{id}.Arn}}/index/{index}\""));
        for grant in access.grants() {
            // A table's policies are by key, so that a new kind of item is nobody's until a passport names it.
            if grant.keys.is_empty() == (kind == Kind::Table) {
                return Err(TemplateError::Keys(self.name.to_owned(), what.to_owned()));
            }
            let keys = grant.keys.into_iter().map(str::to_owned).collect();
            self.add(kind, Statement { keys, ..Statement::new(kind.service(), grant.actions, arn.clone()) });
        }
        let variable = format!("{}_{}", name.to_uppercase().replace('-', "_"), kind.variable());
        let named = (variable, format!("!Ref {id}"));
        if !self.variables.contains(&named) {
            self.variables.push(named);
        }
        Ok(())
    }

    /// Secrets share one statement.
    fn add(&mut self, kind: Kind, statement: Statement) {
        let same = |it: &&mut Statement| kind == Kind::Secret && it.actions == statement.actions;
        match self.statements.iter_mut().find(same) {
            Some(secrets) => secrets.resources.extend(statement.resources),
            None => self.statements.push(statement),
        }
    }
}

impl Statement {
    fn new<'s>(service: &str, actions: impl IntoIterator<Item = &'s str>, resource: String) -> Self {
        let actions = actions.into_iter().map(|action| format!("{service}:{action}")).collect();
        Self { actions, resources: vec![resource], keys: Vec::new() }
    }

    /// Its actions: one alone, or a list.
    pub fn action(&self) -> String {
        one_or_list(&self.actions)
    }

    /// What they are allowed on.
    pub fn resource(&self) -> String {
        one_or_list(&self.resources)
    }

    /// The patterns, as a JSON list.
    pub fn key_list(&self) -> String {
        let quoted: Vec<_> = self.keys.iter().map(|key| format!("\"{key}\"")).collect();
        format!("[{}]", quoted.join(", "))
    }
}

fn one_or_list(items: &[String]) -> String {
    match items {
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    }
}

/// A function's first route has its name; the ones after it are named by method and path.
fn routes<'a>(id: &str, passport: &'a Passport) -> Vec<Route<'a>> {
    let public = passport.public_routes.iter().map(|key| (key, true));
    let keys = public.chain(passport.routes.iter().map(|key| (key, false)));
    let name = |index: usize, key: &str| if index == 0 { id.to_owned() } else { pascal_case(key) };
    keys.enumerate().map(|(index, (key, is_public))| Route { id: name(index, key), key, is_public }).collect()
}

fn stream_resource<'a>(name: &str, stream: &'a Stream, frame: &'a Frame) -> Result<StreamResource<'a>, TemplateError> {
    let (_, table) = frame.resource(&stream.table).ok_or_else(|| unknown(name, &stream.table))?;
    let changes: Vec<_> = stream.changes.iter().map(|change| format!("\"{change}\"")).collect();
    Ok(StreamResource { table, changes: changes.join(","), prefix: stream.sort_keys.trim_end_matches('*') })
}

/// A function is reached in one way, so that one set of rules holds for it.
fn check_trigger(name: &str, passport: &Passport) -> Result<(), TemplateError> {
    let Passport { queue, stream, schedule, authorizer, .. } = passport;
    let own = [passport.has_routes(), queue.is_some(), stream.is_some(), schedule.is_some(), *authorizer];
    let triggers = own.into_iter().filter(|it| *it).count();
    if triggers == 1 { Ok(()) } else { Err(TemplateError::Trigger(name.to_owned(), triggers)) }
}

fn unknown(function: &str, name: &str) -> TemplateError {
    TemplateError::Unknown { function: function.to_owned(), name: name.to_owned() }
}

/// `CreateOrder` for `create-order`, `GetReference` for `GET /reference`.
fn pascal_case(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| [word[..1].to_ascii_uppercase(), word[1..].to_ascii_lowercase()].concat()).collect()
}
