//! Tabs, rows and columns.

use super::*;

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
