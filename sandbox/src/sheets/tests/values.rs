//! Reading and writing values.

use super::*;

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
