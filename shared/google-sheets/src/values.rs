//! Writing and reading rows.

use std::ops::RangeInclusive;

use resilience::{Clock, Deadline, Ids, Transport};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{HEADER, Row, Sheets, SheetsError, row::Cell};

/// The rows of one request: well below the 2 MB that Google recommends.
const ROWS_PER_REQUEST: usize = 500;

/// The last of [`COLUMNS`](crate::COLUMNS), in A1 notation.
const LAST_COLUMN: char = 'L';

impl<T: Transport, C: Clock, I: Ids> Sheets<T, C, I> {
    /// Writes rows at their numbers, and the header with them; adds the tab and extends it if needed. Repeating it
    /// changes nothing. Up to 500 rows are written all or none.
    ///
    /// # Errors
    ///
    /// As they say.
    pub async fn write_rows(&self, rows: &[(u32, Row)], deadline: Deadline) -> Result<(), SheetsError> {
        for rows in rows.chunks(ROWS_PER_REQUEST) {
            match self.put(rows, deadline).await {
                Err(SheetsError::BeyondGrid | SheetsError::MissingTab) => {
                    let last = rows.iter().map(|(number, _)| *number).max().unwrap_or_default();
                    self.make_room(last, deadline).await?;
                    self.put(rows, deadline).await?;
                }
                written => written?,
            }
        }
        Ok(())
    }

    async fn put(&self, rows: &[(u32, Row)], deadline: Deadline) -> Result<(), SheetsError> {
        // The header goes along: it costs no request, and mends itself.
        let header = HEADER.iter().map(|name| Value::from(*name)).collect();
        let rows = rows.iter().map(|(number, row)| (*number, row.cells().iter().map(Cell::to_value).collect()));
        let data: Vec<_> = [(1, header)]
            .into_iter()
            .chain(rows)
            .map(|(number, values): (u32, Vec<Value>)| json!({"range": self.range(number, number), "values": [values]}))
            .collect();
        self.post("/values:batchUpdate", &json!({"valueInputOption": "RAW", "data": data}), deadline).await
    }

    /// Reads rows by their numbers; empty ones are left out.
    ///
    /// # Errors
    ///
    /// As they say.
    pub async fn read_rows(
        &self,
        numbers: RangeInclusive<u32>,
        deadline: Deadline,
    ) -> Result<Vec<(u32, Row)>, SheetsError> {
        let first = *numbers.start();
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("ranges", &self.range(first, *numbers.end()))
            .append_pair("majorDimension", "ROWS")
            .append_pair("valueRenderOption", "UNFORMATTED_VALUE")
            .finish();
        let found: ValueRanges = match self.get(&format!("/values:batchGet?{query}"), deadline).await {
            // Below the last row there is nothing.
            Err(SheetsError::BeyondGrid) => return Ok(vec![]),
            found => found?,
        };
        let rows = found.value_ranges.into_iter().flat_map(|range| range.values);
        Ok((first..)
            .zip(rows)
            .filter(|(_, values)| !values.is_empty())
            .map(|(number, row)| (number, Row::read(row)))
            .collect())
    }

    /// `'Orders'!A2:L9`; a quote in the tab's name is doubled.
    fn range(&self, first: u32, last: u32) -> String {
        format!("'{}'!A{first}:{LAST_COLUMN}{last}", self.tab().replace('\'', "''"))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ValueRanges {
    #[serde(default)]
    value_ranges: Vec<ValueRange>,
}

#[derive(Deserialize)]
struct ValueRange {
    #[serde(default)]
    values: Vec<Vec<Value>>,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use testkit::{ScriptedTransport, Turn};

    use super::*;
    use crate::{
        conversation::{converse, failure, lines, token},
        row::tests::order,
    };

    const BATCH_UPDATE: &str = "POST /v4/spreadsheets/sheet-1/values:batchUpdate";

    fn done() -> Turn {
        Turn::json(200, &json!({"spreadsheetId": "sheet-1"}))
    }

    fn busy(retry_after: &'static str) -> Turn {
        Turn::Answer(429, vec![("retry-after", retry_after)], String::new())
    }

    fn write(script: &ScriptedTransport) -> Result<(), SheetsError> {
        let row = Row::of(&order());
        converse(script, async |sheets, _, deadline| {
            sheets.write_rows(&[(7, row.clone()), (1400, row)], deadline).await
        })
    }

    #[test]
    fn rows_go_raw_to_their_addresses_with_the_header() {
        let script = ScriptedTransport::new([token("t-1"), done()]);
        write(&script).unwrap();
        assert_eq!(lines(&script), ["POST /token", &format!("{BATCH_UPDATE} t-1")]);
        let body = script.body(1);
        assert_eq!(body["valueInputOption"], "RAW");
        let ranges: Vec<_> = body["data"].as_array().unwrap().iter().map(|range| range["range"].clone()).collect();
        assert_eq!(ranges, ["'Bob''s orders'!A1:L1", "'Bob''s orders'!A7:L7", "'Bob''s orders'!A1400:L1400"]);
        assert_eq!(body["data"][0]["values"], json!([HEADER]));
        assert_eq!(body["data"][1]["values"][0][6], json!(34.99));
        assert_eq!(body["data"][1]["values"][0].as_array().unwrap().len(), HEADER.len());
    }

    #[test]
    fn what_may_have_been_written_is_written_again() {
        let script = ScriptedTransport::new([token("t"), Turn::Lost, failure(503, ""), done()]);
        write(&script).unwrap();
        assert_eq!(script.body(1), script.body(3));
        let script = ScriptedTransport::new([token("t"), Turn::Lost, Turn::Lost, Turn::Lost]);
        assert!(matches!(write(&script), Err(SheetsError::OutcomeUnknown(_))));
        let script = ScriptedTransport::new([token("t"), Turn::NotSent, Turn::NotSent, Turn::NotSent]);
        assert!(matches!(write(&script), Err(SheetsError::Unavailable { .. })));
    }

    #[test]
    fn the_quota_is_waited_for_and_then_handed_on() {
        let script = ScriptedTransport::new([token("t"), busy("30"), busy("30"), busy("9")]);
        let error = write(&script).unwrap_err();
        let nine = Duration::from_secs(9);
        assert!(matches!(error, SheetsError::QuotaExceeded { retry_after: Some(wait) } if wait == nine), "{error:?}");
    }

    #[test]
    fn a_grid_that_is_too_short_grows() {
        let beyond =
            failure(400, "Range ('Bob''s orders'!A1400:L1400) exceeds grid limits. Max rows: 1000, max columns: 26");
        let tab = |rows, columns| {
            let grid = json!({"rowCount": rows, "columnCount": columns});
            let other = json!({"properties": {"sheetId": 0, "title": "Sheet1", "gridProperties": {"rowCount": 9}}});
            let ours = json!({"properties": {"sheetId": 42, "title": "Bob's orders", "gridProperties": grid}});
            Turn::json(200, &json!({"sheets": [other, ours]}))
        };
        let script = ScriptedTransport::new([token("t"), beyond, tab(1000, 10), done(), done()]);
        write(&script).unwrap();
        let rows = json!({"appendDimension": {"sheetId": 42, "dimension": "ROWS", "length": 1400}});
        let columns = json!({"appendDimension": {"sheetId": 42, "dimension": "COLUMNS", "length": 2}});
        assert_eq!(script.body(3), json!({"requests": [rows, columns]}));
        assert_eq!(lines(&script)[2], "GET /v4/spreadsheets/sheet-1?fields=sheets.properties t");
        assert_eq!(script.body(4), script.body(1));

        let beyond = failure(400, "Range (X) exceeds grid limits.");
        let script = ScriptedTransport::new([token("t"), beyond, tab(1400, 10), done(), done()]);
        write(&script).unwrap();
        assert_eq!(script.body(3), json!({"requests": [columns]}), "long enough already");

        // A concurrent writer made room meanwhile: only the write is left.
        let beyond = failure(400, "Range (X) exceeds grid limits.");
        let script = ScriptedTransport::new([token("t"), beyond, tab(2400, 26), done()]);
        write(&script).unwrap();
        assert!(lines(&script)[3].starts_with(BATCH_UPDATE));
    }

    #[test]
    fn a_missing_tab_is_added_even_if_somebody_else_adds_it_too() {
        for added in [done(), failure(400, "A sheet with the name \"Bob's orders\" already exists.")] {
            let missing = failure(400, "Unable to parse range: 'Bob''s orders'!A1:L1");
            let none = Turn::json(200, &json!({"sheets": [{"properties": {"sheetId": 0, "title": "Sheet1"}}]}));
            let script = ScriptedTransport::new([token("t"), missing, none, added, done()]);
            write(&script).unwrap();
            let added = &script.body(3)["requests"][0]["addSheet"]["properties"];
            let grid = json!({"rowCount": 2400, "columnCount": HEADER.len(), "frozenRowCount": 1});
            assert_eq!((&added["title"], &added["gridProperties"]), (&json!("Bob's orders"), &grid));
        }
    }

    #[test]
    fn many_rows_go_in_several_requests() {
        let script = ScriptedTransport::new([token("t"), done(), done()]);
        let rows: Vec<_> = (2..503).map(|number| (number, Row::of(&order()))).collect();
        converse(&script, async |sheets, _, deadline| sheets.write_rows(&rows, deadline).await).unwrap();
        let counts = [1, 2].map(|place| script.body(place)["data"].as_array().unwrap().len());
        assert_eq!(counts, [501, 2]);
    }

    #[test]
    fn rows_are_read_back_with_their_numbers() {
        let written: Vec<Value> = Row::of(&order()).cells().iter().map(Cell::to_value).collect();
        let values = json!([written, [], ["edited by hand", 20, true, null]]);
        let script =
            ScriptedTransport::new([token("t"), Turn::json(200, &json!({"valueRanges": [{"values": values}]}))]);
        let rows = converse(&script, async |sheets, _, deadline| sheets.read_rows(5..=9, deadline).await).unwrap();
        let query = "ranges=%27Bob%27%27s+orders%27%21A5%3AL9&majorDimension=ROWS&valueRenderOption=UNFORMATTED_VALUE";
        assert_eq!(lines(&script)[1], format!("GET /v4/spreadsheets/sheet-1/values:batchGet?{query} t"));
        assert_eq!(rows.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [5, 7]);
        assert!(rows[0].1.is_of(&order()));
        assert!(!rows[1].1.is_of(&order()));
        assert_eq!(rows[1].1.cells()[1], Cell::Number(20.0));
    }

    #[test]
    fn below_the_last_row_there_is_nothing_and_no_values_are_no_rows() {
        for answer in
            [failure(400, "Range (A5:L9) exceeds grid limits."), Turn::json(200, &json!({"valueRanges": [{}]}))]
        {
            let script = ScriptedTransport::new([token("t"), answer]);
            let rows = converse(&script, async |sheets, _, deadline| sheets.read_rows(5..=9, deadline).await);
            assert_eq!(rows.unwrap(), []);
        }
    }
}
