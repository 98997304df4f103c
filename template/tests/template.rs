//! The template that is checked in, and what the generator refuses.

#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};

use template::TemplateError;

const FRAME: &str = "\
# The frame.
AWSTemplateFormatVersion: \"2010-09-09\"
Globals: { Function: { Timeout: 10 } }
Parameters:
  MailFrom: { Type: String }
  AllowedOrigins: { Type: CommaDelimitedList }
Resources:
  OrdersTable: { Type: AWS::DynamoDB::Table }
  # <functions>
Outputs:
  # <queues>
";

#[test]
fn the_template_is_what_frame_and_passports_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let committed = fs::read_to_string(root.join("template.yaml")).unwrap();
    assert!(committed == template::text(root).unwrap(), "template.yaml is stale: run `cargo cis template`");
}

#[test]
fn the_table_of_services_lists_every_function() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let committed = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    assert!(committed == template::services(root, &committed).unwrap(), "it is stale: run `cargo cis template`");
    let stale = committed.replace("| get-health, ", "| ").replace("get-health, ", "");
    assert!(committed == template::services(root, &stale).unwrap(), "a missing function is added");
    let without_a_row = committed.replace("| `sheets` |", "| sheets |");
    assert!(
        matches!(template::services(root, &without_a_row), Err(TemplateError::NoRow(service)) if service == "sheets")
    );
}

#[test]
fn the_environment_names_what_a_function_may_touch_and_the_parameters_it_asks_for() {
    let passport = "routes: [GET /v1/x]\nmay: { orders: { ord_*: GetItem } }\nenv: [MAIL_FROM, ALLOWED_ORIGINS]\n";
    let text = text("environment", FRAME, passport).unwrap();
    for line in [
        "          ORDERS_TABLE: !Ref OrdersTable\n",
        "          MAIL_FROM: !Ref MailFrom\n",
        "          ALLOWED_ORIGINS: !Join [\",\", !Ref AllowedOrigins]\n",
        "                Action: dynamodb:GetItem\n                Resource: !GetAtt OrdersTable.Arn\n                Condition:\n",
        "\"ForAllValues:StringLike\": { \"dynamodb:LeadingKeys\": [\"ord_*\"] }\n",
        "\"Null\": { \"dynamodb:LeadingKeys\": \"false\" }\n",
    ] {
        assert!(text.contains(line), "{line}\nis not in\n{text}");
    }
}

#[test]
fn a_queue_hides_its_messages_for_six_timeouts() {
    let passport = "queue: { events: [order.*], batch: 1, at_once: 2 }\ntimeout: 20\nmay: {}\n";
    assert!(text("six", FRAME, passport).unwrap().contains("VisibilityTimeout: 120\n"));
}

#[test]
fn a_consumer_may_say_when_a_message_of_its_own_queue_comes_again() {
    let passport = "queue: { events: [order.*], batch: 1, at_once: 2 }\nmay: {}\n";
    let text = text("visibility", FRAME, passport).unwrap();
    let statement = "Action: [sqs:ChangeMessageVisibility, sqs:DeleteMessage, sqs:GetQueueAttributes, \
                     sqs:ReceiveMessage]\n                Resource: !GetAtt GetXQueue.Arn\n";
    assert!(text.contains(statement) && text.contains("          QUEUE_URL: !Ref GetXQueue\n"), "{text}");
}

#[test]
fn a_passport_names_only_what_the_frame_has() {
    for wrong in ["may: { oders: { ord_*: GetItem } }", "may: {}\nenv: [MAIL_FORM]"] {
        let answer = text("unknown", FRAME, &format!("routes: [GET /v1/x]\n{wrong}\n"));
        assert!(matches!(answer, Err(TemplateError::Unknown { .. })), "{wrong}: {answer:?}");
    }
    let misspelt = text("misspelt", FRAME, "routs: [GET /v1/x]\nmay: {}\n");
    assert!(matches!(misspelt, Err(TemplateError::Parse(..))), "{misspelt:?}");
}

#[test]
fn tables_are_granted_by_key_and_nothing_else_is() {
    let frame =
        FRAME.replace("  # <functions>", "  StripeSecret: { Type: AWS::SecretsManager::Secret }\n  # <functions>");
    for wrong in ["orders: GetItem", "orders/by_status: Query", "stripe: { ord_*: GetSecretValue }"] {
        let answer = text("keys", &frame, &format!("routes: [GET /v1/x]\nmay: {{ {wrong} }}\n"));
        assert!(matches!(answer, Err(TemplateError::Keys(..))), "{wrong}: {answer:?}");
    }
}

#[test]
fn a_function_has_one_kind_of_trigger() {
    let schedule = "schedule: { every: 1 day, retries: 1, retry_for: 60 }\n";
    for (triggers, passport) in [(0, String::new()), (2, format!("routes: [GET /v1/x]\n{schedule}"))] {
        let answer = text("trigger", FRAME, &format!("{passport}may: {{}}\n"));
        assert!(matches!(answer, Err(TemplateError::Trigger(_, found)) if found == triggers), "{answer:?}");
    }
}

#[test]
fn a_frame_says_where_things_go() {
    let frame = FRAME.replace("  # <queues>\n", "");
    let answer = text("place", &frame, "routes: [GET /v1/x]\nmay: {}\n");
    assert!(matches!(answer, Err(TemplateError::NoPlace(_))), "{answer:?}");
}

/// The template of this frame and one function.
fn text(case: &str, frame: &str, passport: &str) -> Result<String, TemplateError> {
    let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(case);
    fs::create_dir_all(root.join("functions/shop")).unwrap();
    fs::write(root.join("functions/frame.yaml"), frame).unwrap();
    fs::write(root.join("functions/shop/get-x.yaml"), passport).unwrap();
    template::text(&root)
}
