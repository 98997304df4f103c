use std::time::Duration;

use super::*;

const TEMPLATE: &str = include_str!("../../../template.yaml");

fn wiring() -> Wiring {
    TEMPLATE.parse().unwrap()
}

fn broken(from: &str, to: &str) -> String {
    assert!(TEMPLATE.contains(from), "{from}");
    TEMPLATE.replacen(from, to, 1).parse::<Wiring>().unwrap_err().to_string()
}

#[test]
fn the_template_is_understood() {
    let wiring = wiring();
    let email = wiring.queue_mappings.iter().find(|mapping| mapping.queue == "send-email").unwrap();
    assert_eq!((email.function.as_str(), email.partial_failures), ("send-email", true));
    let queue = &wiring.queues["send-email"];
    assert_eq!(queue.redrive.as_ref().unwrap().dead_letters, "send-email-dlq");
    let topic = wiring.subscriptions.iter().find(|subscription| subscription.queue == "send-email").unwrap();
    assert_eq!(topic.dead_letters, "send-email-undelivered-dlq");
    assert!(queue.visibility >= 6 * wiring.functions["send-email"].timeout);

    for (function, table) in [("order-stream", "OrdersTable"), ("account-stream", "IdentityTable")] {
        let stream = wiring.stream_mappings.iter().find(|mapping| mapping.function == function).unwrap();
        assert_eq!((stream.table.as_str(), stream.bisect, stream.filters.len()), (table, true, 1));
        assert_eq!(stream.dead_letters.as_deref(), Some(format!("{function}-dlq").as_str()));
    }

    let authorizer = wiring.authorizer.as_ref().unwrap();
    assert_eq!((authorizer.function.as_str(), authorizer.cached_for), ("authorizer", Duration::from_mins(1)));
    let order = wiring.routes.iter().find(|route| route.key == "GET /v1/orders/{order_id}").unwrap();
    let path = [Segment::Text("v1".into()), Segment::Text("orders".into()), Segment::Parameter("order_id".into())];
    assert_eq!((order.function.as_str(), order.segments.as_slice()), ("get-order", path.as_slice()));
    assert_eq!(order.authorization, Authorization::Authorizer);
    let webhook = wiring.routes.iter().find(|route| route.function == "stripe-webhook").unwrap();
    assert_eq!(webhook.authorization, Authorization::Public);
}

#[test]
fn the_suite_calls_the_functions_of_the_template_and_no_others() {
    let known: Vec<String> = wiring().functions.into_keys().collect();
    assert_eq!(known, crate::FUNCTIONS);
}

#[test]
fn whoever_may_call_a_route_may_call_its_function() {
    let wiring = wiring();
    for route in &wiring.routes {
        let endpoint = crate::ENDPOINTS.iter().find(|(name, _)| *name == route.function).map(|(_, endpoint)| endpoint);
        let callers = match route.authorization {
            Authorization::Public => api::Callers::Anyone,
            Authorization::Authorizer => api::Callers::Known,
        };
        assert_eq!(endpoint.map(|endpoint| endpoint.callers), Some(callers), "{}", route.key);
    }
    for (function, _) in crate::ENDPOINTS {
        assert!(wiring.routes.iter().any(|route| route.function == *function), "{function} has no route");
    }
}

#[test]
fn the_filter_of_each_subscription_is_known() {
    let wiring = wiring();
    let of = |queue| wiring.subscriptions.iter().find(|subscription| subscription.queue == queue).unwrap();
    let wanted = ["order.placed", "order.paid", "account.registered", "account.erased", "api_key.expiring"];
    let gets = |queue| wanted.map(|event_type| of(queue).wants(event_type));
    assert_eq!(gets("sync-sheet"), [true, true, false, false, false], "the sheet wants all of orders");
    assert_eq!(gets("send-email"), [false, true, true, false, true]);
    assert!(broken("- prefix: order.", "- suffix: order.").contains("FilterPolicy"));
}

#[test]
fn what_the_suite_does_not_know_is_an_error() {
    assert!(broken("RawMessageDelivery: true", "RawMessageDelivery: false").contains("RawMessageDelivery"));
    assert!(broken("AuthorizationType: CUSTOM", "AuthorizationType: JWT").contains("AuthorizationType"));
    assert!(broken("!GetAtt SendEmailDlq.Arn", "!GetAtt Nowhere.Arn").contains("RedrivePolicy"));
    assert!(broken("$request.header.Authorization", "$request.header.X-Api-Key").contains("IdentitySource"));
}

#[test]
fn schedules_are_read() {
    let schedule = "Resources:
  F: { Type: AWS::Serverless::Function, Properties: { FunctionName: !Sub '${AWS::StackName}-expire-orders' } }
  S:
    Type: AWS::Scheduler::Schedule
    Properties: { ScheduleExpression: rate(5 minutes), Target: { Arn: !GetAtt F.Arn } }
";
    let wiring: Wiring = schedule.parse().unwrap();
    let every = Duration::from_mins(5);
    assert_eq!(wiring.schedules, [Schedule { function: "expire-orders".into(), every }]);
    let cron = schedule.replace("rate(5 minutes)", "cron(0 12 * * ? *)");
    assert!(cron.parse::<Wiring>().unwrap_err().to_string().contains("ScheduleExpression"));
}
