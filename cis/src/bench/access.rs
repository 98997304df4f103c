//! What a request to DynamoDB asks the policy of its role for.

use serde_json::Value;

/// The partition key of all tables.
const PARTITION_KEY: &str = "pk";

/// One action that IAM allows or denies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Access {
    /// The table, or `table/index`.
    pub resource: String,
    /// As in `PutItem`. A transaction's writes are authorised one by one, as the single writes that they are.
    /// (docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html)
    pub action: String,
    /// The partition keys that it names, an index's own for a query of that index: `dynamodb:LeadingKeys`.
    pub keys: Vec<String>,
}

/// The accesses of a request.
pub fn accesses(operation: &str, request: &Value) -> Vec<Access> {
    if let Some(actions) = request["TransactItems"].as_array() {
        let members = actions.iter().filter_map(Value::as_object).flatten();
        return members.map(|(member, action)| one(&transactional(member), action)).collect();
    }
    if let Some(tables) = request["RequestItems"].as_object() {
        let keys = |table: &Value| table["Keys"].as_array().into_iter().flatten().filter_map(partition_key).collect();
        let access = |(name, table): (&String, &Value)| Access {
            resource: name.clone(),
            action: operation.to_owned(),
            keys: keys(table),
        };
        return tables.iter().map(access).collect();
    }
    vec![one(operation, request)]
}

/// A `ConditionCheck` or a `Put` as an action of IAM.
fn transactional(member: &str) -> String {
    format!("{member}Item")
}

fn one(action: &str, request: &Value) -> Access {
    let table = request["TableName"].as_str().unwrap_or_default();
    let index = request["IndexName"].as_str();
    let named = [&request["Key"], &request["Item"]].into_iter().filter_map(partition_key);
    Access {
        resource: index.map_or_else(|| table.to_owned(), |index| format!("{table}/{index}")),
        action: action.to_owned(),
        keys: named.chain(queried_key(request)).collect(),
    }
}

fn partition_key(item: &Value) -> Option<String> {
    item[PARTITION_KEY]["S"].as_str().map(str::to_owned)
}

/// The partition key that a query compares: a key condition begins with it, as in `#pk = :pk AND …`.
fn queried_key(request: &Value) -> Option<String> {
    let (_, rest) = request["KeyConditionExpression"].as_str()?.split_once(" = ")?;
    let name = rest.split_whitespace().next()?;
    request["ExpressionAttributeValues"][name]["S"].as_str().map(str::to_owned)
}
