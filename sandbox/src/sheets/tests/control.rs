//! The control API, the page, quotas and snapshots.

use super::*;

#[test]
fn quotas_are_per_minute_and_told_in_googles_shape() {
    let mut client = Client::new();
    let (status, quotas) = client.control("PATCH", "/_sandbox/sheets/quotas", &json!({"writes_per_user": 2}));
    assert_eq!((status, &quotas["writes_per_user"]), (200, &json!(2)));
    client.type_in("A1", json!([[1]]));
    client.type_in("A1", json!([[2]]));
    let (status, answer) = client.write("A1", json!([[3]]), "RAW");
    let error = &answer["error"];
    assert_eq!((status, &error["code"], &error["status"]), (429, &json!(429), &json!("RESOURCE_EXHAUSTED")));
    assert_eq!(error["details"][0]["reason"], "RATE_LIMIT_EXCEEDED");
    assert_eq!(error["details"][0]["metadata"]["quota_limit"], "WriteRequestsPerMinutePerUser");
    assert_eq!(client.read("A1"), json!([["2"]]), "reads have a quota of their own");
    assert_eq!(client.control("PATCH", "/_sandbox/sheets/quotas", &json!({"writes": 2})).0, 400);
}

#[test]
fn people_edit_by_hand() {
    let mut client = Client::new();
    client.type_in("A1:B4", json!([["key", "n"], ["c", 1], ["a", 2], ["b", 3]]));
    let edits = json!({"tab": "Orders", "edits": [
        {"sort": {"column": "A"}}, {"set": {"cell": "B2", "value": "=1+1"}}, {"delete_rows": {"from": 3}},
        {"insert_rows": {"before": 2, "count": 1}},
    ]});
    let (status, described) = client.control("POST", "/_sandbox/sheets/book/cells", &edits);
    assert_eq!(status, 200, "{described}");
    assert_eq!(described["tabs"][0]["values"], json!([["key", "n"], [], ["a", "2"], ["c", "1"]]));
    assert_eq!(described["tabs"][0]["entered"][2], json!(["a", "=1+1"]));
    let half = json!({"edits": [{"set": {"cell": "A1", "value": "x"}}, {"set": {"cell": "A9999", "value": "x"}}]});
    assert_eq!(client.control("POST", "/_sandbox/sheets/book/cells", &half).0, 400);
    assert_eq!(client.read("A1"), json!([["key"]]), "a failed edit changes nothing");
}

#[test]
fn spreadsheets_come_and_go() {
    let mut client = Client::new();
    let new = json!({"id": "second", "title": "Second", "tabs": ["One", "Two"]});
    assert_eq!(client.control("POST", "/_sandbox/sheets", &new).0, 201);
    assert_eq!(client.control("POST", "/_sandbox/sheets", &new).0, 409);
    assert_eq!(client.send("GET", "second", &Json::Null).1["sheets"][1]["properties"]["title"], "Two");
    assert_eq!(client.control("DELETE", "/_sandbox/sheets/second", &Json::Null).0, 204);
    assert_eq!(client.send("GET", "second", &Json::Null).0, 404);
}

#[test]
fn the_page_shows_the_sheet_and_escapes_it() {
    let mut client = Client::new();
    client.type_in("A1:C1", json!([["<b>bold</b>", "=1+1", "=IMPORTDATA(\"https://evil.example\")"]]));
    let request = Request::get("/_sandbox/sheets").body(Bytes::new()).unwrap();
    let page = client.sheets.control(NOW, &request, &[]);
    let page = String::from_utf8(page.body().to_vec()).unwrap();
    assert!(page.contains("&#60;b&#62;bold") && !page.contains("<b>bold"));
    assert!(page.contains("title=\"=1+1\">2</td>") && page.contains("IMPORTDATA of https://evil.example"), "{page}");
}

#[test]
fn a_snapshot_brings_everything_back() {
    let mut client = Client::new();
    client.type_in("A1:D1", json!([["=1+1", 34.99, "2026-11-23", true]]));
    let snapshot = client.sheets.snapshot().unwrap();
    let mut other = Client::new();
    other.sheets.restore(serde_json::from_str(&snapshot.to_string()).unwrap()).unwrap();
    assert_eq!(other.read("1:1"), json!([["2", "34.99", "2026-11-23", "TRUE"]]));
    assert_eq!(other.sheets.snapshot().unwrap(), snapshot);
    assert!(other.sheets.restore(json!({"books": 1})).is_err());
    assert_eq!(other.read("A1"), json!([["2"]]));
}
