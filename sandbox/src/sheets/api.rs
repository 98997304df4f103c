//! The methods of Sheets v4: token, quota, size, then the work.

use bytes::Bytes;
use domain::Timestamp;
use http::Request;
use serde_json::{Value as Json, json};

use super::book::Spreadsheet;
use super::enter::InputOption;
use super::error::GoogleError;
use super::render::{self, Rendering};
use super::route::{Call, Method};
use super::values::{self, WriteOptions};
use super::{Sheets, batch, fields};
use crate::draw::Draw;

impl Sheets {
    /// Answers one call of the API.
    pub(super) fn call(&mut self, now: Timestamp, request: &Request<Bytes>) -> Result<Json, GoogleError> {
        let call = Call::read(request).ok_or_else(GoogleError::not_found)?;
        let access = call.method.access();
        let grant = self.tokens.authorize(now, request, access)?;
        self.usage.take(now, &self.quotas, access, &grant.email)?;
        let limit = self.quotas.payload_bytes;
        if request.body().len() > limit {
            return Err(GoogleError::invalid(format!("Request payload size exceeds the limit: {limit} bytes.")));
        }
        let body = read_body(request, &call)?;
        let answer = self.answer(now, &call, &body)?;
        match call.parameter("fields") {
            None => Ok(answer),
            Some(mask) => fields::select(&answer, mask).ok_or_else(|| {
                GoogleError::invalid(format!("Request contains an invalid argument. Invalid field mask {mask}"))
            }),
        }
    }

    fn answer(&mut self, now: Timestamp, call: &Call, body: &Json) -> Result<Json, GoogleError> {
        if call.method == Method::Create {
            return self.create(body);
        }
        let book = self.books.iter_mut().find(|book| book.id == call.spreadsheet);
        let book = book.ok_or_else(GoogleError::not_found)?;
        match &call.method {
            Method::Create => Err(GoogleError::not_found()),
            Method::Get => get(book, call),
            Method::ValuesGet(range) => get_values(book, now, call, range),
            Method::ValuesBatchGet => batch_get(book, now, call),
            Method::ValuesUpdate(range) => update(book, range, body, query_options(call, now)?),
            Method::ValuesAppend(range) => append(book, now, call, range, body),
            Method::ValuesClear(range) => clear(book, range),
            Method::ValuesBatchUpdate => batch_update_values(book, now, body),
            Method::ValuesBatchClear => batch_clear(book, body),
            Method::BatchUpdate => batch_update(book, &mut self.draw, now, body),
        }
    }

    fn create(&mut self, body: &Json) -> Result<Json, GoogleError> {
        let title = body.pointer("/properties/title").and_then(Json::as_str).unwrap_or("Untitled spreadsheet");
        let sheets = body.get("sheets").and_then(Json::as_array);
        let titles: Vec<String> = sheets
            .into_iter()
            .flatten()
            .filter_map(|sheet| sheet.pointer("/properties/title").and_then(Json::as_str).map(str::to_owned))
            .collect();
        let book = Spreadsheet::new(&self.draw.id(32), title, &titles);
        book.check_size()?;
        let resource = book.resource();
        self.books.push(book);
        Ok(resource)
    }
}

/// Works on a copy, so that a request that fails half way changes nothing.
fn batch_update(book: &mut Spreadsheet, draw: &mut Draw, now: Timestamp, body: &Json) -> Result<Json, GoogleError> {
    let requests = body.get("requests").and_then(Json::as_array).filter(|requests| !requests.is_empty());
    let requests = requests.ok_or_else(|| GoogleError::invalid("Must specify at least one request."))?;
    let mut copy = book.clone();
    let mut replies = Vec::new();
    for (index, request) in requests.iter().enumerate() {
        let name = request.as_object().and_then(|fields| fields.keys().next()).cloned().unwrap_or_default();
        let reply = batch::apply(&mut copy, request, draw, now);
        replies.push(reply.map_err(|error| error.within(&format!("requests[{index}].{name}")))?);
    }
    *book = copy;
    Ok(json!({"spreadsheetId": book.id, "replies": replies}))
}

fn read_body(request: &Request<Bytes>, call: &Call) -> Result<Json, GoogleError> {
    if request.body().is_empty() || request.headers().contains_key("x-http-method-override") {
        return Ok(Json::Null);
    }
    let body: Json = serde_json::from_slice(request.body())
        .map_err(|error| GoogleError::invalid(format!("Invalid JSON payload received. {error}")))?;
    let known: &[&str] = match call.method {
        Method::ValuesUpdate(_) | Method::ValuesAppend(_) => &["range", "majorDimension", "values"],
        Method::ValuesBatchUpdate => &[
            "valueInputOption",
            "data",
            "includeValuesInResponse",
            "responseValueRenderOption",
            "responseDateTimeRenderOption",
        ],
        Method::ValuesBatchClear => &["ranges"],
        Method::BatchUpdate => {
            &["requests", "includeSpreadsheetInResponse", "responseRanges", "responseIncludeGridData"]
        }
        _ => return Ok(body),
    };
    let mut unknown =
        body.as_object().into_iter().flatten().map(|(name, _)| name).filter(|name| !known.contains(&name.as_str()));
    match unknown.next() {
        Some(name) => {
            let message = format!("Invalid JSON payload received. Unknown name \"{name}\": Cannot find field.");
            Err(GoogleError::invalid(message))
        }
        None => Ok(body),
    }
}

fn rendering(call: &Call) -> Result<Rendering, GoogleError> {
    let (option, dates) = (call.parameter("valueRenderOption"), call.parameter("dateTimeRenderOption"));
    Rendering::read(option, dates, call.parameter("majorDimension"))
}

fn input_option(name: Option<&str>) -> Result<InputOption, GoogleError> {
    match name {
        Some("RAW") => Ok(InputOption::Raw),
        Some("USER_ENTERED") => Ok(InputOption::UserEntered),
        None | Some("INPUT_VALUE_OPTION_UNSPECIFIED") => {
            Err(GoogleError::invalid("'valueInputOption' is required but not specified"))
        }
        Some(other) => Err(render::unknown("value_input_option", "ValueInputOption", other)),
    }
}

fn query_options(call: &Call, now: Timestamp) -> Result<WriteOptions, GoogleError> {
    let (option, dates) = (call.parameter("responseValueRenderOption"), call.parameter("responseDateTimeRenderOption"));
    let rendering = Rendering::read(option, dates, None)?;
    let echo = (call.parameter("includeValuesInResponse") == Some("true")).then_some(rendering);
    Ok(WriteOptions { input: input_option(call.parameter("valueInputOption"))?, echo, now })
}

/// `spreadsheets.get`: the properties of the spreadsheet and of its tabs, or of those that `ranges` names.
fn get(book: &Spreadsheet, call: &Call) -> Result<Json, GoogleError> {
    let mut resource = book.resource();
    let wanted: Vec<&str> =
        call.parameters.iter().filter(|(key, _)| key == "ranges").map(|(_, range)| range.as_str()).collect();
    if call.parameter("includeGridData") == Some("true") {
        return Err(GoogleError::unimplemented("includeGridData; read values instead"));
    }
    if !wanted.is_empty() {
        let tabs = wanted.iter().map(|range| book.resolve(range).map(|(_, block)| block.tab));
        let tabs = tabs.collect::<Result<Vec<_>, _>>()?;
        let sheets: Vec<Json> = (0..book.tabs.len())
            .filter(|index| tabs.contains(index))
            .map(|index| json!({"properties": book.properties(index)}))
            .collect();
        resource["sheets"] = json!(sheets);
    }
    Ok(resource)
}

fn get_values(book: &Spreadsheet, now: Timestamp, call: &Call, range: &str) -> Result<Json, GoogleError> {
    let (_, block) = book.resolve(range)?;
    render::value_range(book, block, rendering(call)?, now)
}

fn batch_get(book: &Spreadsheet, now: Timestamp, call: &Call) -> Result<Json, GoogleError> {
    let ranges = call.parameters.iter().filter(|(key, _)| key == "ranges");
    let values = ranges.map(|(_, range)| get_values(book, now, call, range)).collect::<Result<Vec<_>, _>>()?;
    let mut answer = json!({"spreadsheetId": book.id});
    if !values.is_empty() {
        answer["valueRanges"] = json!(values);
    }
    Ok(answer)
}

fn update(book: &mut Spreadsheet, range: &str, body: &Json, options: WriteOptions) -> Result<Json, GoogleError> {
    let planned = values::plan(book, range, body, options.input)?;
    values::write(book, planned, options).map(|written| written.answer)
}

fn append(book: &mut Spreadsheet, now: Timestamp, call: &Call, range: &str, body: &Json) -> Result<Json, GoogleError> {
    let insert_rows = match call.parameter("insertDataOption") {
        None | Some("OVERWRITE") => false,
        Some("INSERT_ROWS") => true,
        Some(other) => return Err(render::unknown("insert_data_option", "InsertDataOption", other)),
    };
    values::append(book, range, body, insert_rows, query_options(call, now)?)
}

fn clear(book: &mut Spreadsheet, range: &str) -> Result<Json, GoogleError> {
    let block = values::plan_clear(book, range)?;
    let cleared = values::clear(book, &block)?;
    Ok(json!({"spreadsheetId": book.id, "clearedRange": cleared}))
}

fn batch_clear(book: &mut Spreadsheet, body: &Json) -> Result<Json, GoogleError> {
    let ranges = body.get("ranges").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
    let blocks = ranges.map(|range| values::plan_clear(book, range)).collect::<Result<Vec<_>, _>>()?;
    let cleared = blocks.iter().map(|block| values::clear(book, block)).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({"spreadsheetId": book.id, "clearedRanges": cleared}))
}

fn batch_update_values(book: &mut Spreadsheet, now: Timestamp, body: &Json) -> Result<Json, GoogleError> {
    let text = |field: &str| body.get(field).and_then(Json::as_str);
    let input = input_option(text("valueInputOption"))?;
    let rendering = Rendering::read(text("responseValueRenderOption"), text("responseDateTimeRenderOption"), None)?;
    let echo = (body.get("includeValuesInResponse") == Some(&json!(true))).then_some(rendering);
    let options = WriteOptions { input, echo, now };
    let mut planned = Vec::new();
    for (index, data) in body.get("data").and_then(Json::as_array).into_iter().flatten().enumerate() {
        let range = data.get("range").and_then(Json::as_str).unwrap_or_default();
        let one = values::plan(book, range, data, input);
        planned.push(one.map_err(|error| error.within(&format!("data[{index}]")))?);
    }
    let written = planned.into_iter().map(|one| values::write(book, one, options));
    let written = written.collect::<Result<Vec<_>, _>>()?;
    Ok(values::batch_answer(book, written))
}
