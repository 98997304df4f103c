//! The rules of `template.yaml`. Each holds for the template, and each finds a fault that is planted in it.

mod filters;
mod grants;
mod model;
mod rules;
mod tables;

use model::Template;

type Rule = fn(&Template) -> Vec<String>;

/// The rule has nothing to say about the template, and something about the template with `from` turned into `to`.
#[track_caller]
fn check(rule: Rule, from: &str, to: &str) {
    let text = model::text();
    assert_eq!(rule(&Template::parse(&text)), Vec::<String>::new());
    assert!(text.contains(from), "{from:?} is not in the template, so the planted fault is none");
    assert_ne!(rule(&Template::parse(&text.replacen(from, to, 1))), Vec::<String>::new(), "the fault was not found");
}

#[test]
fn queues_hide_a_message_for_six_timeouts() {
    check(rules::visibility_timeouts, "VisibilityTimeout: 120", "VisibilityTimeout: 119");
}

#[test]
fn a_longer_function_timeout_needs_a_longer_visibility() {
    check(
        rules::visibility_timeouts,
        "CodeUri: functions/sheets/\n      MemorySize: 256\n      Timeout: 20",
        "CodeUri: functions/sheets/\n      Timeout: 21",
    );
}

#[test]
fn mappings_report_failures_record_by_record() {
    check(rules::partial_batches, "      FunctionResponseTypes: [ReportBatchItemFailures]\n", "");
}

#[test]
fn the_stream_never_blocks_for_good() {
    for line in [
        "      BisectBatchOnFunctionError: true\n",
        "      MaximumRetryAttempts: 1000\n",
        "      MaximumRecordAgeInSeconds: !Ref StreamRecordMaxAgeSeconds\n",
        "      DestinationConfig:\n        OnFailure: { Destination: !GetAtt OrderStreamDlq.Arn }\n",
    ] {
        check(rules::stream_mappings, line, "");
    }
}

#[test]
fn queues_give_up_into_dead_letters() {
    check(
        rules::dead_letters,
        "        deadLetterTargetArn: !GetAtt SendEmailDlq.Arn\n        maxReceiveCount: 100\n",
        "        maxReceiveCount: 100\n",
    );
}

#[test]
fn what_cannot_be_delivered_has_a_queue_of_its_own() {
    check(rules::undelivered, "!GetAtt SendEmailUndeliveredDlq.Arn\n\n", "!GetAtt SendEmailDlq.Arn\n\n");
}

#[test]
fn consumers_bear_an_outage_of_six_hours_and_give_up_poison_soon() {
    for receives in ["20", "300"] {
        check(rules::patience, "maxReceiveCount: 100", &format!("maxReceiveCount: {receives}"));
    }
    check(rules::patience, "MessageRetentionPeriod: 345600", "MessageRetentionPeriod: 86400");
}

#[test]
fn dead_letters_are_kept_longest() {
    check(rules::dead_letters, "MessageRetentionPeriod: 1209600", "MessageRetentionPeriod: 345600");
}

#[test]
fn subscriptions_deliver_the_bare_event() {
    check(rules::subscriptions, "RawMessageDelivery: true", "RawMessageDelivery: false");
}

#[test]
fn no_policy_has_a_wildcard_action() {
    check(rules::wildcards, "Action: secretsmanager:GetSecretValue", "Action: secretsmanager:*");
}

#[test]
fn no_policy_has_a_wildcard_resource() {
    check(rules::wildcards, "Resource: !GetAtt CatalogueTable.Arn", "Resource: \"*\"");
}

#[test]
fn a_function_may_touch_what_its_settings_name_and_nothing_else() {
    check(rules::settings_and_permissions, "          STRIPE_SECRET_ID: !Ref StripeSecret\n", "");
    check(rules::settings_and_permissions, "STREAM_DLQ_URL: !Ref OrderStreamDlq", "STREAM_DLQ_URL: !Ref SyncSheetDlq");
}

#[test]
fn items_are_granted_by_their_partition_keys() {
    check(rules::leading_keys, "                  \"Null\": { \"dynamodb:LeadingKeys\": \"false\" }\n", "");
    check(rules::leading_keys, "ForAllValues:StringLike", "StringLike");
    check(rules::leading_keys, "{ \"dynamodb:LeadingKeys\": [\"product#*\"] }", "{ \"dynamodb:LeadingKeys\": [] }");
}

#[test]
fn routes_name_the_authorizer() {
    check(
        rules::routes,
        "AuthorizationType: CUSTOM\n      AuthorizerId: !Ref ApiAuthorizer",
        "AuthorizationType: NONE",
    );
}

#[test]
fn the_list_of_public_routes_is_right() {
    check(rules::routes, "RouteKey: GET /v1/health", "RouteKey: GET /v1/healthy");
}

#[test]
fn each_route_may_call_its_function() {
    check(rules::routes, "                  - !GetAtt GetOrderHistoryFunction.Arn\n", "");
}

#[test]
fn log_groups_forget_in_time() {
    check(rules::log_groups, "LoggingConfig: { LogGroup: !Ref OrdersLogs }", "LoggingConfig: { LogGroup: /elsewhere }");
}

#[test]
fn packages_and_resources_are_the_same() {
    check(rules::packages, "Binary: get-health", "Binary: get-wealth");
}

#[test]
fn tables_survive_a_mistake() {
    check(rules::tables, "    DeletionPolicy: Retain\n", "");
    check(rules::tables, "      DeletionProtectionEnabled: true\n", "");
}

#[test]
fn secrets_have_no_value_here() {
    check(rules::secrets, "      Description: \"Stripe's API key: api_key.\"\n", "      SecretString: hush\n");
    check(
        rules::secrets,
        "Type: AWS::SecretsManager::Secret\n    DeletionPolicy: Retain\n",
        "Type: AWS::SecretsManager::Secret\n",
    );
}

#[test]
fn a_build_takes_the_shared_crates_in() {
    let settings = std::fs::read_to_string(model::root().join("samconfig.toml")).unwrap();
    assert_eq!(rules::build_cache(&settings), Vec::<String>::new());
    let planted = settings.replacen("cached = false", "cached = true", 1);
    assert_ne!(rules::build_cache(&planted), Vec::<String>::new(), "the fault was not found");
    assert_ne!(rules::build_cache(&settings.replacen("cached = false\n", "", 1)), Vec::<String>::new());
}

#[test]
fn the_stack_is_far_from_its_limit() {
    let text = model::text();
    let template = Template::parse(&text);
    assert!(template.resources.len() > 100, "the template was not read whole");
    assert_eq!(rules::size(&template), Vec::<String>::new());
    let topics = (0..400).map(|n| format!("\n  Topic{n}: {{ Type: AWS::SNS::Topic }}")).collect::<Vec<_>>().concat();
    let large = text.replacen("\nResources:", &format!("\nResources:{topics}"), 1);
    assert_ne!(rules::size(&Template::parse(&large)), Vec::<String>::new());
}

#[test]
fn the_tables_are_those_that_the_stores_are_tested_on() {
    for (from, to) in [
        ("- { AttributeName: status_key, KeyType: HASH }", "- { AttributeName: customer, KeyType: HASH }"),
        ("StreamViewType: NEW_IMAGE", "StreamViewType: KEYS_ONLY"),
        ("Projection: { ProjectionType: KEYS_ONLY }", "Projection: { ProjectionType: ALL }"),
        ("IndexName: by_customer", "IndexName: by_client"),
        ("{ AttributeName: pk, AttributeType: S }", "{ AttributeName: pk, AttributeType: N }"),
    ] {
        check(tables::tables_as_the_stores_expect, from, to);
    }
}
