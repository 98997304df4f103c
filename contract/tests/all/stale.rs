#[test]
fn the_committed_document_is_the_codes() {
    let committed = std::fs::read_to_string(contract::path()).unwrap();
    assert!(committed == contract::text(), "openapi.json is stale: run `cargo cis openapi`");
}

#[test]
fn the_committed_page_is_the_documents() {
    let committed = std::fs::read_to_string(contract::reference_path()).unwrap();
    let page = contract::reference(&contract::document());
    assert!(committed == page, "the reference page is stale: run `cargo cis openapi`");
}
