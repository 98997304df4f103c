//! From the document to the wiring, resource type by resource type.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use serde_json::Value;

use super::document::{Document, attribute, short_name, target};
use super::wiring::{
    Authorization, Authorizer, Cors, Function, Queue, QueueMapping, Redrive, Route, Schedule, Segment, StreamMapping,
    Subscription, Wiring,
};

const FUNCTION: &str = "AWS::Serverless::Function";
const QUEUE: &str = "AWS::SQS::Queue";
const TABLE: &str = "AWS::DynamoDB::Table";
/// What SQS takes when nothing is said.
const DEFAULT_VISIBILITY: Duration = Duration::from_secs(30);
/// What Lambda takes when nothing is said.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(3);

/// Why a template cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// Not YAML.
    #[error("the template is not YAML")]
    Yaml(#[from] serde_yaml_ng::Error),
    /// A key that is not text.
    #[error("a key of the template is not text")]
    Key,
    /// A number that JSON cannot hold.
    #[error("a number of the template is out of range")]
    Number,
    /// A property that is missing, or says something that the suite does not know.
    #[error("{resource}: {property} is missing or not of a known form")]
    Property {
        /// Logical id.
        resource: String,
        /// Which property.
        property: &'static str,
    },
}

fn wrong(resource: &str, property: &'static str) -> TemplateError {
    TemplateError::Property { resource: resource.to_owned(), property }
}

impl FromStr for Wiring {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let document = Document::parse(text)?;
        let mut wiring = Self {
            functions: functions(&document)?,
            routes: all(&document, "AWS::ApiGatewayV2::Route", route)?,
            cors: all(&document, "AWS::ApiGatewayV2::Api", cors)?.pop().flatten(),
            authorizer: all(&document, "AWS::ApiGatewayV2::Authorizer", authorizer)?.pop(),
            subscriptions: all(&document, "AWS::SNS::Subscription", subscription)?,
            queues: queues(&document)?,
            queue_mappings: Vec::new(),
            stream_mappings: Vec::new(),
            schedules: all(&document, "AWS::Scheduler::Schedule", schedule)?,
        };
        for (id, properties) in document.of_type("AWS::Lambda::EventSourceMapping") {
            match attribute(&properties["EventSourceArn"]) {
                Some("StreamArn") => wiring.stream_mappings.push(stream_mapping(&document, id, properties)?),
                _ => wiring.queue_mappings.push(queue_mapping(&document, id, properties)?),
            }
        }
        Ok(wiring)
    }
}

fn all<T>(
    document: &Document,
    kind: &str,
    read: impl Fn(&Document, &str, &Value) -> Result<T, TemplateError>,
) -> Result<Vec<T>, TemplateError> {
    document.of_type(kind).map(|(id, properties)| read(document, id, properties)).collect()
}

fn functions(document: &Document) -> Result<BTreeMap<String, Function>, TemplateError> {
    let read = |(id, properties): (&str, &Value)| {
        let name = short_name(&properties["FunctionName"]).ok_or_else(|| wrong(id, "FunctionName"))?;
        let seconds =
            document.number(&properties["Timeout"]).or_else(|| document.number(&document.defaults()["Timeout"]));
        Ok((name.to_owned(), Function { timeout: seconds.map_or(DEFAULT_TIMEOUT, Duration::from_secs) }))
    };
    document.of_type(FUNCTION).map(read).collect()
}

fn queues(document: &Document) -> Result<BTreeMap<String, Queue>, TemplateError> {
    let read = |(id, properties): (&str, &Value)| {
        let name = short_name(&properties["QueueName"]).ok_or_else(|| wrong(id, "QueueName"))?;
        let visibility = document.number(&properties["VisibilityTimeout"]).map(Duration::from_secs);
        let redrive = match &properties["RedrivePolicy"] {
            Value::Null => None,
            policy => Some(redrive(document, id, policy)?),
        };
        Ok((name.to_owned(), Queue { visibility: visibility.unwrap_or(DEFAULT_VISIBILITY), redrive }))
    };
    document.of_type(QUEUE).map(read).collect()
}

fn redrive(document: &Document, id: &str, policy: &Value) -> Result<Redrive, TemplateError> {
    let property = "RedrivePolicy";
    let receives = document.number(&policy["maxReceiveCount"]).and_then(|count| u32::try_from(count).ok());
    Ok(Redrive {
        dead_letters: queue_named(document, id, &policy["deadLetterTargetArn"], property)?,
        max_receives: receives.ok_or_else(|| wrong(id, property))?,
    })
}

fn route(document: &Document, id: &str, properties: &Value) -> Result<Route, TemplateError> {
    let key = properties["RouteKey"].as_str().ok_or_else(|| wrong(id, "RouteKey"))?;
    let (method, segments) = match key.split_once(" /") {
        Some((method, path)) => (method, path.split('/').map(segment).collect()),
        None if key == Route::DEFAULT => ("", Vec::new()),
        None => return Err(wrong(id, "RouteKey")),
    };
    let integration = target(&properties["Target"]).ok_or_else(|| wrong(id, "Target"))?;
    let integration = document.one(integration, "AWS::ApiGatewayV2::Integration").ok_or_else(|| wrong(id, "Target"))?;
    if integration["PayloadFormatVersion"] != "2.0" {
        return Err(wrong(id, "PayloadFormatVersion"));
    }
    let authorization = match properties["AuthorizationType"].as_str() {
        Some("NONE") => Authorization::Public,
        Some("CUSTOM") => Authorization::Authorizer,
        _ => return Err(wrong(id, "AuthorizationType")),
    };
    Ok(Route {
        key: key.to_owned(),
        method: method.to_owned(),
        segments,
        function: function_named(document, id, &integration["IntegrationUri"], "IntegrationUri")?,
        authorization,
    })
}

fn cors(document: &Document, id: &str, properties: &Value) -> Result<Option<Cors>, TemplateError> {
    let cors = &properties["CorsConfiguration"];
    if cors.is_null() {
        return Ok(None);
    }
    let list = |property| document.list(&cors[property]).ok_or_else(|| wrong(id, property));
    Ok(Some(Cors {
        origins: list("AllowOrigins")?,
        methods: list("AllowMethods")?,
        headers: list("AllowHeaders")?,
        exposed: list("ExposeHeaders")?,
        credentials: cors["AllowCredentials"] == true,
        max_age: Duration::from_secs(document.number(&cors["MaxAge"]).ok_or_else(|| wrong(id, "MaxAge"))?),
    }))
}

fn segment(text: &str) -> Segment {
    match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        Some(name) => Segment::Parameter(name.to_owned()),
        None => Segment::Text(text.to_owned()),
    }
}

fn authorizer(document: &Document, id: &str, properties: &Value) -> Result<Authorizer, TemplateError> {
    let is_known = properties["AuthorizerPayloadFormatVersion"] == "2.0"
        && properties["EnableSimpleResponses"] == true
        && properties["IdentitySource"] == serde_json::json!(["$request.header.Authorization"]);
    if !is_known {
        return Err(wrong(id, "IdentitySource"));
    }
    // `!Sub [text, {Arn: !GetAtt Function.Arn}]`
    let function = &properties["AuthorizerUri"]["Fn::Sub"][1]["Arn"];
    let seconds = document.number(&properties["AuthorizerResultTtlInSeconds"]).unwrap_or(300);
    Ok(Authorizer {
        function: function_named(document, id, function, "AuthorizerUri")?,
        cached_for: Duration::from_secs(seconds),
    })
}

fn subscription(document: &Document, id: &str, properties: &Value) -> Result<Subscription, TemplateError> {
    if properties["RawMessageDelivery"] != true || properties["Protocol"] != "sqs" {
        return Err(wrong(id, "RawMessageDelivery"));
    }
    let event_types = match &properties["FilterPolicy"] {
        Value::Null => None,
        policy => {
            let only = policy.as_object().filter(|policy| policy.len() == 1).map(|_| &policy["event_type"]);
            let choices = only.and_then(Value::as_array).filter(|choices| choices.iter().all(is_word_or_prefix));
            Some(choices.ok_or_else(|| wrong(id, "FilterPolicy"))?.clone())
        }
    };
    let undeliverable = &properties["RedrivePolicy"]["deadLetterTargetArn"];
    Ok(Subscription {
        queue: queue_named(document, id, &properties["Endpoint"], "Endpoint")?,
        event_types,
        dead_letters: queue_named(document, id, undeliverable, "RedrivePolicy")?,
    })
}

fn is_word_or_prefix(choice: &Value) -> bool {
    let is_prefix = choice.as_object().is_some_and(|fields| fields.len() == 1) && choice["prefix"].is_string();
    choice.is_string() || is_prefix
}

fn queue_mapping(document: &Document, id: &str, properties: &Value) -> Result<QueueMapping, TemplateError> {
    let concurrency = document.number(&properties["ScalingConfig"]["MaximumConcurrency"]);
    Ok(QueueMapping {
        queue: queue_named(document, id, &properties["EventSourceArn"], "EventSourceArn")?,
        function: function_named(document, id, &properties["FunctionName"], "FunctionName")?,
        batch: size(document, &properties["BatchSize"]).unwrap_or(10),
        partial_failures: reports_failures(properties),
        concurrency: concurrency.and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX),
    })
}

fn stream_mapping(document: &Document, id: &str, properties: &Value) -> Result<StreamMapping, TemplateError> {
    let table = target(&properties["EventSourceArn"]).filter(|table| document.one(table, TABLE).is_some());
    let destination = &properties["DestinationConfig"]["OnFailure"]["Destination"];
    let dead_letters = match destination {
        Value::Null => None,
        queue => Some(queue_named(document, id, queue, "DestinationConfig")?),
    };
    Ok(StreamMapping {
        table: table.ok_or_else(|| wrong(id, "EventSourceArn"))?.to_owned(),
        function: function_named(document, id, &properties["FunctionName"], "FunctionName")?,
        batch: size(document, &properties["BatchSize"]).unwrap_or(100),
        partial_failures: reports_failures(properties),
        retries: document.number(&properties["MaximumRetryAttempts"]).and_then(|count| u32::try_from(count).ok()),
        max_age: document.number(&properties["MaximumRecordAgeInSeconds"]).map(Duration::from_secs),
        bisect: properties["BisectBatchOnFunctionError"] == true,
        dead_letters,
        filters: filters(id, &properties["FilterCriteria"])?,
    })
}

fn filters(id: &str, criteria: &Value) -> Result<Vec<Value>, TemplateError> {
    let pattern = |filter: &Value| filter["Pattern"].as_str().and_then(|text| serde_json::from_str(text).ok());
    let filters = criteria["Filters"].as_array().into_iter().flatten();
    filters.map(|filter| pattern(filter).ok_or_else(|| wrong(id, "FilterCriteria"))).collect()
}

fn schedule(document: &Document, id: &str, properties: &Value) -> Result<Schedule, TemplateError> {
    let expression = properties["ScheduleExpression"].as_str().ok_or_else(|| wrong(id, "ScheduleExpression"))?;
    Ok(Schedule {
        function: function_named(document, id, &properties["Target"]["Arn"], "Target")?,
        every: rate(expression).ok_or_else(|| wrong(id, "ScheduleExpression"))?,
    })
}

/// `rate(5 minutes)`; cron expressions are not used.
fn rate(expression: &str) -> Option<Duration> {
    let (count, unit) = expression.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
    let seconds = match unit.trim_end_matches('s') {
        "minute" => 60,
        "hour" => 60 * 60,
        "day" => 24 * 60 * 60,
        _ => return None,
    };
    count.parse::<u64>().ok().map(|count| Duration::from_secs(count * seconds))
}

fn size(document: &Document, value: &Value) -> Option<usize> {
    document.number(value).and_then(|count| usize::try_from(count).ok())
}

fn reports_failures(properties: &Value) -> bool {
    properties["FunctionResponseTypes"] == serde_json::json!(["ReportBatchItemFailures"])
}

fn function_named(
    document: &Document,
    id: &str,
    value: &Value,
    property: &'static str,
) -> Result<String, TemplateError> {
    let function = target(value).and_then(|function| document.one(function, FUNCTION));
    let name = function.and_then(|function| short_name(&function["FunctionName"]));
    name.map(str::to_owned).ok_or_else(|| wrong(id, property))
}

fn queue_named(document: &Document, id: &str, value: &Value, property: &'static str) -> Result<String, TemplateError> {
    let queue = target(value).and_then(|queue| document.one(queue, QUEUE));
    let name = queue.and_then(|queue| short_name(&queue["QueueName"]));
    name.map(str::to_owned).ok_or_else(|| wrong(id, property))
}
