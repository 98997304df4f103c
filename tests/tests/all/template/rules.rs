//! What has to hold in the template and no linter checks. A rule answers with its findings, one line each.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

use super::model::{Template, list, root, target};

const MAPPING: &str = "AWS::Lambda::EventSourceMapping";
const QUEUE: &str = "AWS::SQS::Queue";
const TABLE: &str = "AWS::DynamoDB::Table";
/// Tables whose items pass by themselves and are missed by nobody.
const PASSING_TABLES: [&str; 1] = ["GuardsTable"];

/// Routes that anyone may call: the shop window, health, and the webhooks, which check signatures themselves.
const PUBLIC_ROUTES: [&str; 17] = [
    "$default",
    "GET /.well-known/jwks.json",
    "GET /openapi.json",
    "GET /reference",
    "GET /v1/auth/oauth/{provider}/callback",
    "GET /v1/auth/oauth/{provider}/start",
    "GET /v1/health",
    "GET /v1/products",
    "POST /v1/auth/login",
    "POST /v1/auth/logout",
    "POST /v1/auth/refresh-token",
    "POST /v1/auth/register",
    "POST /v1/auth/request-password-reset",
    "POST /v1/auth/reset-password",
    "POST /v1/auth/verify-email",
    "POST /v1/webhooks/sendgrid",
    "POST /v1/webhooks/stripe",
];

/// `CloudFormation` takes 500 resources in a stack.
const MOST_RESOURCES: usize = 450;

/// `sam build` compares a function's own folder with that of its last build, if it may, and takes the program of then when
/// it is the same: a change in a shared crate would not be shipped. It may not, in any environment of `samconfig.toml`.
pub fn build_cache(settings: &str) -> Vec<String> {
    let sections = settings.split("\n[").filter(|section| section.contains(".build.parameters]"));
    let mut checked = 0;
    let mut findings = Vec::new();
    for section in sections {
        checked += 1;
        if !section.lines().any(|line| line == "cached = false") {
            findings.push(format!("[{}: not `cached = false`", section.lines().next().unwrap_or_default()));
        }
    }
    if checked < 2 {
        findings.push(format!("{checked} environments have build parameters, not both"));
    }
    findings
}

/// A queue hides a message for at least six times the timeout of the function that reads it (AWS's guide for
/// SQS event sources), so that a throttled batch is not handed out twice.
pub fn visibility_timeouts(template: &Template) -> Vec<String> {
    queue_mappings(template)
        .filter_map(|(_, function, queue)| {
            let visibility = template.properties(&queue)["VisibilityTimeout"].as_u64().unwrap_or(30);
            let needed = 6 * template.timeout(&function);
            (visibility < needed).then(|| format!("{queue}: {visibility} s, {function} needs {needed} s"))
        })
        .collect()
}

/// One bad record fails alone, for queues and streams.
pub fn partial_batches(template: &Template) -> Vec<String> {
    template
        .of_type(MAPPING)
        .filter(|(_, mapping)| {
            !list(&mapping["FunctionResponseTypes"]).iter().any(|it| *it == "ReportBatchItemFailures")
        })
        .map(|(id, _)| format!("{id}: no ReportBatchItemFailures"))
        .collect()
}

/// A stream mapping gives up on a record in the end, with a note of it; AWS's defaults block the shard for a day.
pub fn stream_mappings(template: &Template) -> Vec<String> {
    let mut findings = Vec::new();
    let mut streams = 0;
    for (id, mapping) in template.of_type(MAPPING).filter(|(_, mapping)| !mapping["StartingPosition"].is_null()) {
        streams += 1;
        let bounds = [
            ("BisectBatchOnFunctionError", mapping["BisectBatchOnFunctionError"] == true),
            ("MaximumRetryAttempts", template.number(&mapping["MaximumRetryAttempts"]).is_some()),
            ("MaximumRecordAgeInSeconds", template.number(&mapping["MaximumRecordAgeInSeconds"]).is_some()),
            ("OnFailure", target(&mapping["DestinationConfig"]["OnFailure"]["Destination"]).is_some()),
        ];
        findings.extend(bounds.iter().filter(|(_, holds)| !holds).map(|(what, _)| format!("{id}: no {what}")));
    }
    if streams == 0 {
        findings.push("no stream mapping at all".to_owned());
    }
    findings
}

/// Every queue gives up into a dead-letter queue, which keeps its messages longest.
pub fn dead_letters(template: &Template) -> Vec<String> {
    let mut findings = Vec::new();
    for (id, queue) in template.of_type(QUEUE).filter(|(id, _)| !id.ends_with("Dlq")) {
        let redrive = &queue["RedrivePolicy"];
        let Some(dead) = target(&redrive["deadLetterTargetArn"]).filter(|_| redrive["maxReceiveCount"].is_u64()) else {
            findings.push(format!("{id}: no dead-letter queue"));
            continue;
        };
        if retention(template, &dead) <= retention(template, id) {
            findings.push(format!("{dead}: keeps messages no longer than {id}"));
        }
    }
    let brief = template.of_type(QUEUE).filter(|(id, _)| id.ends_with("Dlq") && retention(template, id) < 1_209_600);
    findings.extend(brief.map(|(id, _)| format!("{id}: keeps messages for less than 14 days")));
    findings
}

/// A subscription hands over the bare event and has somewhere to put what it can't deliver.
pub fn subscriptions(template: &Template) -> Vec<String> {
    template
        .of_type("AWS::SNS::Subscription")
        .filter(|(_, it)| {
            it["RawMessageDelivery"] != true || target(&it["RedrivePolicy"]["deadLetterTargetArn"]).is_none()
        })
        .map(|(id, _)| format!("{id}: not raw, or without dead letters"))
        .collect()
}

/// What the topic could not deliver is kept apart from what a consumer gave up on: a move task brings back the one and
/// not the other, and refuses a queue that has both.
pub fn undelivered(template: &Template) -> Vec<String> {
    let given_up: BTreeSet<_> = template
        .of_type(QUEUE)
        .filter_map(|(_, queue)| target(&queue["RedrivePolicy"]["deadLetterTargetArn"]))
        .collect();
    let shared = |(id, subscription): (&str, &Value)| {
        let letters = target(&subscription["RedrivePolicy"]["deadLetterTargetArn"])?;
        given_up.contains(&letters).then(|| format!("{id}: {letters} is a queue's, too"))
    };
    template.of_type("AWS::SNS::Subscription").filter_map(shared).collect()
}

/// An outage of six hours makes no dead letter, whatever jitter draws; what cannot be handled is one within ten minutes;
/// and no message is deleted for its age before it is given up.
pub fn patience(template: &Template) -> Vec<String> {
    let mut findings = Vec::new();
    for (_, _, queue) in queue_mappings(template) {
        let receives = template.properties(&queue)["RedrivePolicy"]["maxReceiveCount"].as_u64().unwrap_or_default();
        let longest: u64 = (1..=receives)
            .map(|receive| events::longest_wait(u32::try_from(receive).unwrap_or(u32::MAX)).as_secs())
            .sum();
        let poison = receives * events::longest_wait(1).as_secs();
        // Half of each wait is random.
        if longest / 2 < 6 * 3600 {
            findings.push(format!("{queue}: gives up after {} s", longest / 2));
        }
        if poison > 600 {
            findings.push(format!("{queue}: keeps what cannot be handled for {poison} s"));
        }
        if retention(template, &queue) < 2 * longest {
            findings.push(format!("{queue}: deletes what was not given up yet"));
        }
    }
    findings
}

/// Policies name actions and resources; a managed policy would bring more than is needed.
pub fn wildcards(template: &Template) -> Vec<String> {
    let mut findings = Vec::new();
    for (function, properties) in template.functions() {
        for statement in template.statements(function) {
            let named = list(&statement["Action"]).into_iter().chain(list(&statement["Resource"]));
            let wild = named.filter(|value| !value.is_null() && has_star(value));
            findings.extend(wild.map(|value| format!("{function}: {value}")));
        }
        let role = target(&properties["Role"]).unwrap_or_default();
        if !properties["Policies"].is_null() || !template.properties(&role)["ManagedPolicyArns"].is_null() {
            findings.push(format!("{function}: a managed or generated policy"));
        }
    }
    findings
}

/// What a function is told of and what it may touch are the same tables, secrets, topics and queues.
pub fn settings_and_permissions(template: &Template) -> Vec<String> {
    let mut findings = Vec::new();
    for (function, properties) in template.functions() {
        let told: BTreeSet<_> = template.references(&properties["Environment"]).into_iter().collect();
        let may: BTreeSet<_> = template.statements(function).iter().flat_map(|it| template.references(it)).collect();
        let given = given_by_aws(template, function);
        let unused = may.difference(&told).filter(|id| !given.contains(*id));
        findings.extend(unused.map(|id| format!("{function}: may touch {id}, which no setting names")));
        findings.extend(told.difference(&may).map(|id| format!("{function}: is told of {id}, which it may not touch")));
    }
    findings
}

/// Who may read or write items of a table may do so by partition key. `ForAllValues` alone holds also for a request that
/// names no key, so that `Null` has to stand beside it.
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html>)
pub fn leading_keys(template: &Template) -> Vec<String> {
    let is_of_items = |action: &&Value| {
        action.as_str().is_some_and(|it| it.starts_with("dynamodb:") && (it.ends_with("Item") || it.ends_with("Query")))
    };
    let is_bound = |condition: &Value| {
        let patterns = list(&condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]);
        patterns.iter().any(|pattern| pattern.is_string()) && condition["Null"]["dynamodb:LeadingKeys"] == "false"
    };
    let mut findings = Vec::new();
    let mut bound = 0;
    for (function, _) in template.functions() {
        for statement in template.statements(function) {
            if !list(&statement["Action"]).iter().any(is_of_items) {
                continue;
            }
            bound += 1;
            if !is_bound(&statement["Condition"]) {
                findings.push(format!("{function}: {} of any key", statement["Action"]));
            }
        }
    }
    if bound < 50 {
        findings.push(format!("only {bound} statements about items"));
    }
    findings
}

/// Every route names the authorizer, unless it is meant for everyone.
pub fn routes(template: &Template) -> Vec<String> {
    let mut findings = Vec::new();
    let mut open = BTreeSet::new();
    for (id, route) in template.of_type("AWS::ApiGatewayV2::Route") {
        let key = route["RouteKey"].as_str().unwrap_or_default();
        let guarded = route["AuthorizationType"] == "CUSTOM"
            && target(&route["AuthorizerId"]).is_some_and(|it| template.is(&it, "AWS::ApiGatewayV2::Authorizer"));
        match (guarded, PUBLIC_ROUTES.contains(&key)) {
            (false, false) => findings.push(format!("{id}: {key} has no authorizer")),
            (_, true) => drop(open.insert(key)),
            (true, false) => {}
        }
        findings.extend(permission_finding(template, id, key, &route["Target"]));
    }
    let gone = PUBLIC_ROUTES.iter().filter(|key| !open.contains(*key));
    findings.extend(gone.map(|key| format!("{key} is listed as public and is no route")));
    findings
}

/// A function logs to a group of the template, which forgets in time.
pub fn log_groups(template: &Template) -> Vec<String> {
    let kept = |id: &String| {
        template.is(id, "AWS::Logs::LogGroup")
            && template.number(&template.properties(id)["RetentionInDays"]).is_some_and(|days| days > 0)
    };
    template
        .functions()
        .filter(|(_, properties)| !target(&properties["LoggingConfig"]["LogGroup"]).as_ref().is_some_and(kept))
        .map(|(id, _)| format!("{id}: no log group with a retention"))
        .collect()
}

/// Each program under `functions/` is deployed, and nothing else is.
pub fn packages(template: &Template) -> Vec<String> {
    let programs = programs();
    let mut deployed = BTreeSet::new();
    let mut findings = Vec::new();
    for (id, properties) in template.functions() {
        let binary = template.resources[id]["Metadata"]["BuildProperties"]["Binary"].as_str().unwrap_or_default();
        let code = properties["CodeUri"].as_str().unwrap_or_default();
        if !root().join(code).join(format!("src/bin/{binary}.rs")).exists()
            || template.resources[id]["Metadata"]["BuildMethod"] != "rust-cargolambda"
        {
            findings.push(format!("{id}: CodeUri, Binary and BuildMethod don't fit"));
        }
        deployed.insert(binary.to_owned());
    }
    findings
        .extend(programs.symmetric_difference(&deployed).map(|name| format!("{name}: program or resource missing")));
    findings
}

/// Names of the programs: a binary each in the packages under `functions/`.
fn programs() -> BTreeSet<String> {
    let paths = |folder: PathBuf| {
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        entries.map(|entry| entry.expect("functions/ can be read").path())
    };
    let programs = paths(root().join("functions")).flat_map(|package| paths(package.join("src/bin")));
    programs.filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned())).collect()
}

/// Data survives a mistake: kept with the stack gone and restorable to a point in time, unless it is made to pass; in
/// any case encrypted.
pub fn tables(template: &Template) -> Vec<String> {
    let is_kept = |id: &str, table: &Value| {
        template.resources[id]["DeletionPolicy"] == "Retain"
            && table["DeletionProtectionEnabled"] == true
            && table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] == true
    };
    template
        .of_type(TABLE)
        .filter(|(id, table)| {
            !(PASSING_TABLES.contains(id) || is_kept(id, table))
                || table["SSESpecification"]["SSEEnabled"] != true
                || table["BillingMode"] != "PAY_PER_REQUEST"
        })
        .map(|(id, _)| format!("{id}: not kept, restorable, encrypted and on demand"))
        .collect()
}

/// No value of a secret stands in the template, and none is lost with the stack.
pub fn secrets(template: &Template) -> Vec<String> {
    let lost = |id: &str| template.resources[id]["DeletionPolicy"] != "Retain";
    template
        .of_type("AWS::SecretsManager::Secret")
        .filter(|(id, secret)| !secret["SecretString"].is_null() || lost(id))
        .map(|(id, _)| format!("{id}: its value is in the template, or goes with the stack"))
        .collect()
}

/// There is room below `CloudFormation`'s limit. The transform adds no resource: roles and triggers are written out.
pub fn size(template: &Template) -> Vec<String> {
    let count = template.resources.len();
    if count < MOST_RESOURCES { Vec::new() } else { vec![format!("{count} resources")] }
}

/// API Gateway may call the route's function in its role's name.
fn permission_finding(template: &Template, id: &str, key: &str, target_value: &Value) -> Option<String> {
    let integration = template.references(target_value).into_iter().next()?;
    let integration = template.properties(&integration);
    let function = target(&integration["IntegrationUri"])?;
    let allowed = target(&integration["CredentialsArn"]).is_some_and(|role| {
        let policies = list(&template.properties(&role)["Policies"]);
        policies.iter().any(|policy| template.references(policy).contains(&function))
    });
    (!allowed).then(|| format!("{id}: API Gateway may not call {function} for {key}"))
}

/// Mapping, function and queue of every mapping that reads a queue.
fn queue_mappings(template: &Template) -> impl Iterator<Item = (&str, String, String)> {
    template.of_type(MAPPING).filter_map(|(id, mapping)| {
        let queue = target(&mapping["EventSourceArn"]).filter(|queue| template.is(queue, QUEUE))?;
        Some((id, target(&mapping["FunctionName"])?, queue))
    })
}

/// What reaches a function without a setting: its log group and the source that triggers it.
fn given_by_aws(template: &Template, function: &str) -> BTreeSet<String> {
    let logs = target(&template.properties(function)["LoggingConfig"]["LogGroup"]);
    let sources =
        template.of_type(MAPPING).filter(|(_, mapping)| target(&mapping["FunctionName"]).as_deref() == Some(function));
    sources.filter_map(|(_, mapping)| target(&mapping["EventSourceArn"])).chain(logs).collect()
}

/// Seconds that a queue keeps a message; four days unless told.
fn retention(template: &Template, queue: &str) -> u64 {
    template.properties(queue)["MessageRetentionPeriod"].as_u64().unwrap_or(345_600)
}

fn has_star(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('*'),
        Value::Array(items) => items.iter().any(has_star),
        Value::Object(fields) => fields.values().any(has_star),
        _ => false,
    }
}
