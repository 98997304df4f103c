//! Signing in with an OpenID provider: whose account it is, and everything that is refused.

use std::collections::BTreeMap;
use std::time::Duration;

use api::{ApiError, Response};
use bytes::Bytes;
use domain::{
    Account, AccountChange, AccountEventType, AccountId, CustomerId, EmailAddress, Identity, PasswordHash, Role,
    SignInFlow, UserId,
};
use http::Request;
use oidc::{FLOW_LIFETIME, state_hash};
use resilience::{Clock, Transport, VirtualClock};
use sandbox::oidc::{Client, Misprint, Signature};
use sandbox::{Fault, FaultKind, Provider, SandboxTransport, Settings, Shared};
use serde_json::{Value, json};
use sessions::RefreshToken;
use store::{Accounts, MemoryStore, Sessions};
use suite::secrets;
use uuid::Uuid;

use crate::environment::{self, Warmed};

use super::world::{NOON, World, event, request};

/// Origin of the API.
pub const API: &str = "https://api.test";
/// Origin of the web app.
pub const WEB: &str = "https://shop.test";
const BACK: &str = "https://api.test/v1/auth/oauth/google/callback";
const ADA: &str = "ada@shop.example";

/// A shop with one provider, `google`, and a second one that nobody asked.
struct Shop {
    store: MemoryStore,
    sandbox: Shared,
    clock: VirtualClock,
    warm: Warmed<SandboxTransport<VirtualClock>>,
}

/// What a browser has of ours.
#[derive(Clone, Default)]
struct Browser(BTreeMap<String, String>);

impl Browser {
    fn take(&mut self, response: &Response) {
        for line in response.headers().get_all("set-cookie") {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.ends_with("Max-Age=0") {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    fn request(&self, path: &[(&str, &str)], query: &str) -> api::Request {
        let mut event = event(None);
        event["pathParameters"] = path.iter().copied().collect();
        event["rawQueryString"] = query.into();
        event["cookies"] = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        request(event)
    }
}

fn location(response: &Response) -> &str {
    assert_eq!(response.status(), 303);
    response.headers()["location"].to_str().unwrap()
}

fn misprint(header: &Value, claims: &Value, signature: Signature) -> Misprint {
    let object = |value: &Value| value.as_object().unwrap().clone();
    Misprint { header: object(header), claims: object(claims), signature }
}

fn claims(claims: &Value) -> Misprint {
    misprint(&json!({}), claims, Signature::Good)
}

/// The two providers.
pub fn providers() -> Value {
    let provider =
        |host: &str| json!({"issuer": format!("https://{host}/oidc"), "client_id": "shop", "client_secret": "s3cret"});
    json!({"providers": {"google": provider("id.test"), "other": provider("other.test")}})
}

/// The sign-in that the samples come back from: its state is sixty-four zeros.
pub fn begin_that_of_the_samples(world: &World) {
    let flow = SignInFlow {
        state_hash: state_hash(&"0".repeat(64)),
        provider: "google".to_owned(),
        nonce: "nonce".to_owned(),
        code_verifier: "verifier".to_owned(),
        return_to: "/".to_owned(),
        expires_at: world.clock.now().plus(FLOW_LIFETIME),
    };
    world.run(world.store.keep_flow(&flow)).unwrap();
}

impl Shop {
    fn new() -> Self {
        let clock = VirtualClock::at(domain::Timestamp::from_seconds(NOON));
        let client = Client {
            client_id: "shop".to_owned(),
            client_secret: "s3cret".to_owned(),
            redirect_uris: vec![BACK.to_owned()],
        };
        let mut settings = Settings { seed: 1, ..Settings::default() };
        settings.oidc.clients = vec![client];
        let sandbox = Shared::new(settings);
        let transport = SandboxTransport::new(sandbox.clone(), clock.clone());
        let settings = suite::Settings {
            public_url: WEB.to_owned(),
            api_public_url: API.to_owned(),
            ..environment::settings(&sandbox, clock.now(), [(secrets::OAUTH, providers())])
        };
        let warm = environment::warm(settings, transport, &clock);
        Self { store: MemoryStore::new(), sandbox, clock, warm }
    }

    fn run<F: Future>(&self, future: F) -> F::Output {
        self.clock.run(future)
    }

    /// Runs one of the two functions.
    async fn handle(&self, function: &str, request: api::Request) -> Result<Response, ApiError> {
        suite::request(function, &environment::local(self.store.clone(), &self.warm), request).await
    }

    fn start(&self, browser: &mut Browser, provider: &str, query: &str) -> Result<Response, ApiError> {
        let response = self.run(self.handle("oauth-start", browser.request(&[("provider", provider)], query)))?;
        browser.take(&response);
        Ok(response)
    }

    fn callback(&self, browser: &mut Browser, provider: &str, query: &str) -> Response {
        let request = browser.request(&[("provider", provider)], query);
        let response = self.run(self.handle("oauth-callback", request)).unwrap();
        browser.take(&response);
        response
    }

    /// Somebody enters an address at the provider; the query that they come back with.
    fn enter(&self, url: &str, entered: &[(&str, &str)]) -> String {
        let (endpoint, query) = url.split_once('?').unwrap();
        let mut form = form_urlencoded::Serializer::new(query.to_owned());
        let request = Request::post(endpoint).body(Bytes::from(form.extend_pairs(entered).finish())).unwrap();
        let response = self.run(SandboxTransport::new(self.sandbox.clone(), self.clock.clone()).send(request)).unwrap();
        let location = response.headers()["location"].to_str().unwrap();
        location.strip_prefix(BACK).unwrap().trim_start_matches('?').to_owned()
    }

    /// Begins a sign-in and enters this address: the query of the way back.
    fn begun(&self, browser: &mut Browser, email: &str, verified: bool) -> String {
        let response = self.start(browser, "google", "return_to=/orders%3Fx%3D1").unwrap();
        let verified = if verified { "true" } else { "false" };
        self.enter(location(&response), &[("email", email), ("email_verified", verified)])
    }

    /// A whole sign-in: where it ends, and the session's cookie if there is one.
    fn sign_in(&self, email: &str, verified: bool) -> (String, Option<RefreshToken>) {
        let mut browser = Browser::default();
        let query = self.begun(&mut browser, email, verified);
        let response = self.callback(&mut browser, "google", &query);
        assert!(!browser.0.contains_key("__Secure-oauth"), "the attempt's cookie is cleared, whatever came of it");
        let token = browser.0.get("__Secure-refresh").map(|text| text.parse().unwrap());
        (location(&response).to_owned(), token)
    }

    /// Signed in to this account.
    fn signed_in(&self, email: &str) -> Account {
        let (to, token) = self.sign_in(email, true);
        assert_eq!(to, "https://shop.test/orders?x=1");
        let token = token.unwrap();
        assert!(self.run(self.store.session(token.account, token.session)).unwrap().is_some());
        self.run(self.store.account(token.account)).unwrap().unwrap()
    }

    /// Why nobody was signed in.
    fn refused(&self, email: &str, verified: bool) -> String {
        let (to, token) = self.sign_in(email, verified);
        assert_eq!(token, None);
        to.strip_prefix("https://shop.test/sign-in?error=").unwrap().to_owned()
    }

    fn account(&self, email: &str) -> Option<Account> {
        self.run(self.store.account_with_email(&email.parse::<EmailAddress>().unwrap())).unwrap()
    }

    fn has(&self, role: Role, verified: bool) -> Account {
        let (id, now) = (Uuid::from_u128(1), self.clock.now());
        let account = Account {
            id: match role {
                Role::Customer => AccountId::Customer(CustomerId::from_uuid(id)),
                Role::Staff | Role::Admin => AccountId::User(UserId::from_uuid(id)),
            },
            role,
            email: "Ada@Shop.example".parse().unwrap(),
            email_verified_at: verified.then_some(now),
            password: Some(PasswordHash("$argon2id$".to_owned())),
            identities: Vec::new(),
            sessions_since: now,
            disabled_at: None,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        let after = Some(account.clone());
        let change = AccountChange { before: None, after, events: Vec::new(), link: None, uses: None };
        self.run(self.store.save_account(&change)).unwrap();
        self.clock.advance(Duration::from_mins(1));
        account
    }

    fn misprint_next(&self, misprint: Misprint) {
        self.sandbox.lock().oidc.misprint_next(misprint);
    }
}

#[test]
fn a_new_person_gets_an_account_without_a_password_and_finds_it_again() {
    let shop = Shop::new();
    let account = shop.signed_in(ADA);
    assert_eq!((account.role, account.email.as_str(), account.password.as_ref()), (Role::Customer, ADA, None));
    assert_eq!(account.email_verified_at, Some(shop.clock.now()));
    assert_eq!(shop.signed_in(ADA), account);
    assert_ne!(shop.signed_in("ben@shop.example").id, account.id);
}

#[test]
fn a_known_person_is_found_by_who_they_are_and_not_by_what_their_address_says() {
    let shop = Shop::new();
    let account = shop.signed_in(ADA);
    let other = shop.signed_in("ben@shop.example");
    for changes in [json!({"email": "ben@shop.example"}), json!({"email_verified": false}), json!({"email": null})] {
        shop.misprint_next(claims(&changes));
        assert_eq!(shop.signed_in(ADA), account, "{changes}");
    }
    assert_eq!(shop.signed_in("ben@shop.example"), other);
}

#[test]
fn a_verified_account_is_linked_and_keeps_its_password() {
    let shop = Shop::new();
    let before = shop.has(Role::Customer, true);
    let after = shop.signed_in(ADA);
    assert_eq!((after.id, after.password, after.sessions_since), (before.id, before.password, before.sessions_since));
    let identity = Identity { issuer: "https://id.test/oidc".to_owned(), subject: after.identities[0].subject.clone() };
    assert_eq!(after.identities, [identity]);
    let (told, _) = shop.store.account_stream_since(0);
    let told: Vec<_> =
        told.iter().map(|event| (event.event_type, event.account_id, event.provider.as_deref())).collect();
    assert_eq!(told, [(AccountEventType::ProviderLinked, before.id, Some("google"))], "the owner is told");
}

#[test]
fn a_disabled_account_is_opened_by_no_provider_and_nobody_learns_that_it_is_there() {
    let shop = Shop::new();
    let (known, by_address) = (shop.signed_in("ben@shop.example"), shop.has(Role::Customer, true));
    for account in [&known, &by_address] {
        shop.run(shop.store.save_account(&account.disable(shop.clock.now()).unwrap())).unwrap();
        assert_eq!(shop.refused(account.email.as_str(), true), "provider_refused");
    }
    assert!(shop.account(ADA).unwrap().identities.is_empty());
}

#[test]
fn an_unverified_account_is_taken_over_and_whoever_set_it_up_is_locked_out() {
    let shop = Shop::new();
    let before = shop.has(Role::Customer, false);
    let after = shop.signed_in(ADA);
    assert_eq!((after.id, after.password), (before.id, None));
    assert_eq!((after.email_verified_at, after.sessions_since), (Some(shop.clock.now()), shop.clock.now()));
}

#[test]
fn accounts_of_staff_are_not_opened_by_their_address() {
    for role in [Role::Staff, Role::Admin] {
        for verified in [true, false] {
            let shop = Shop::new();
            let account = shop.has(role, verified);
            assert_eq!(shop.refused(ADA, true), "use_password");
            assert_eq!(shop.account(ADA), Some(account));
        }
    }
}

#[test]
fn an_address_that_the_provider_has_not_verified_opens_nothing() {
    let shop = Shop::new();
    let account = shop.has(Role::Customer, true);
    assert_eq!(shop.refused(ADA, false), "email_not_verified");
    assert_eq!(shop.refused("ben@shop.example", false), "email_not_verified");
    assert_eq!((shop.account(ADA), shop.account("ben@shop.example")), (Some(account), None));
}

#[test]
fn an_address_that_changed_hands_at_the_provider_opens_nothing() {
    let shop = Shop::new();
    let account = shop.signed_in(ADA);
    shop.misprint_next(claims(&json!({"sub": "another-person"})));
    assert_eq!(shop.refused(ADA, true), "other_identity");
    assert_eq!(shop.account(ADA), Some(account));
}

#[test]
fn an_answer_is_good_once_in_its_browser_and_for_ten_minutes() {
    let shop = Shop::new();
    let why =
        |response: &Response| location(response).strip_prefix("https://shop.test/sign-in?error=").map(str::to_owned);
    let mut browser = Browser::default();
    let query = shop.begun(&mut browser, ADA, true);

    // Somebody else has got hold of the address; or somebody is given a stranger's, in the midst of a sign-in.
    assert_eq!(why(&shop.callback(&mut Browser::default(), "google", &query)).as_deref(), Some("other_browser"));
    let mut victim = Browser::default();
    let own = shop.begun(&mut victim, "ben@shop.example", true);
    assert_eq!(why(&shop.callback(&mut victim.clone(), "google", &query)).as_deref(), Some("other_browser"));
    for broken in ["", "code=a", &query.replace("state=", "state=0"), &format!("{query}&state=0")] {
        assert_eq!(
            why(&shop.callback(&mut browser.clone(), "google", broken)).as_deref(),
            Some("other_browser"),
            "{broken}"
        );
    }
    // None of that used anything up.
    assert_eq!(why(&shop.callback(&mut victim, "google", &own)), None);
    let again = browser.clone();
    assert_eq!(why(&shop.callback(&mut browser, "google", &query)), None);
    assert_eq!(why(&shop.callback(&mut again.clone(), "google", &query)).as_deref(), Some("expired"), "a second time");

    let query = shop.begun(&mut browser, ADA, true);
    assert_eq!(
        why(&shop.callback(&mut browser.clone(), "other", &query)).as_deref(),
        Some("expired"),
        "another provider"
    );
    let query = shop.begun(&mut browser, ADA, true);
    let mixed_up = query.replace("id.test", "other.test");
    assert_eq!(why(&shop.callback(&mut browser, "google", &mixed_up)).as_deref(), Some("provider_refused"));
    let query = shop.begun(&mut browser, ADA, true);
    shop.clock.advance(Duration::from_mins(10));
    assert_eq!(why(&shop.callback(&mut browser, "google", &query)).as_deref(), Some("expired"));
}

#[test]
fn bad_id_tokens_make_no_account_and_no_session() {
    let shop = Shop::new();
    let seconds = |by: i64| json!(NOON + by);
    let good = Signature::Good;
    let table = [
        ("alg none", misprint(&json!({"alg": "none"}), &json!({}), Signature::Missing)),
        ("no signature", misprint(&json!({}), &json!({}), Signature::Missing)),
        ("a broken signature", misprint(&json!({}), &json!({}), Signature::Broken)),
        ("HS256 with the public key", misprint(&json!({"alg": "HS256"}), &json!({}), Signature::HmacOfPublicKey)),
        ("RS256 by its name only", misprint(&json!({}), &json!({}), Signature::HmacOfPublicKey)),
        ("another algorithm", misprint(&json!({"alg": "ES256"}), &json!({}), good)),
        ("an unknown key", misprint(&json!({"kid": "sandbox-9"}), &json!({}), good)),
        ("a critical header", misprint(&json!({"crit": ["b64"], "b64": true}), &json!({}), good)),
        ("another issuer", claims(&json!({"iss": "https://other.test/oidc"}))),
        ("another audience", claims(&json!({"aud": "other"}))),
        ("several audiences, nobody authorized", claims(&json!({"aud": ["shop", "other"], "azp": null}))),
        ("another authorized party", claims(&json!({"azp": "other"}))),
        ("another nonce", claims(&json!({"nonce": "other"}))),
        ("no nonce", claims(&json!({"nonce": null}))),
        ("expired", claims(&json!({"exp": seconds(-60)}))),
        ("no expiry", claims(&json!({"exp": null}))),
        ("issued in the future", claims(&json!({"iat": seconds(61)}))),
        ("no subject", claims(&json!({"sub": null}))),
    ];
    for (what, misprint) in table {
        shop.misprint_next(misprint);
        assert_eq!(shop.refused(ADA, true), "provider_refused", "{what}");
        assert_eq!(shop.account(ADA), None, "{what}");
    }
    shop.signed_in(ADA);
}

#[test]
fn a_key_that_the_provider_changed_to_is_found() {
    let shop = Shop::new();
    let account = shop.signed_in(ADA);
    shop.sandbox.lock().oidc.rotate_key();
    assert_eq!(shop.refused(ADA, true), "provider_refused", "the keys were read a moment ago");
    shop.clock.advance(Duration::from_mins(1));
    assert_eq!(shop.signed_in(ADA), account);
}

#[test]
fn a_provider_that_is_down_or_is_told_no_leads_back_to_the_sign_in_page() {
    let shop = Shop::new();
    let down = Fault::new(FaultKind::Unavailable).at(Provider::Oidc);
    shop.sandbox.lock().faults.add(down.clone());
    let mut browser = Browser::default();
    let response = shop.start(&mut browser, "google", "").unwrap();
    assert_eq!((location(&response), browser.0.len()), ("https://shop.test/sign-in?error=unavailable", 0));
    shop.sandbox.lock().faults.clear();

    let query = shop.begun(&mut browser, ADA, true);
    shop.sandbox.lock().faults.add(down);
    let response = shop.callback(&mut browser, "google", &query);
    assert_eq!(location(&response), "https://shop.test/sign-in?error=unavailable");
    shop.sandbox.lock().faults.clear();

    for (error, word) in [
        ("access_denied", "cancelled"),
        ("invalid_request", "provider_refused"),
        ("server_error", "unavailable"),
        ("temporarily_unavailable", "unavailable"),
    ] {
        let mut browser = Browser::default();
        let state = shop.begun(&mut browser, ADA, true);
        let state = form_urlencoded::parse(state.as_bytes()).find(|(name, _)| name == "state").unwrap().1.into_owned();
        let response = shop.callback(&mut browser, "google", &format!("error={error}&code=x&state={state}"));
        assert_eq!(location(&response), format!("https://shop.test/sign-in?error={word}"));
    }
    assert_eq!(shop.account(ADA), None);
}

#[test]
fn the_way_back_is_ours_and_so_is_the_provider() {
    let shop = Shop::new();
    for query in ["return_to=//evil.test", "return_to=/%5Cevil.test", "return_to=https://evil.test", "return_to="] {
        let error = shop.start(&mut Browser::default(), "google", query).unwrap_err();
        assert_eq!(error.kind(), api::ProblemType::InvalidField, "{query}");
    }
    for provider in ["nobody", "Google", ""] {
        let error = shop.start(&mut Browser::default(), provider, "").unwrap_err();
        assert_eq!(error.kind(), api::ProblemType::NotFound, "{provider}");
    }
    let mut browser = Browser::default();
    let response = shop.start(&mut browser, "google", "").unwrap();
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    let state = &browser.0["__Secure-oauth"];
    let expected = format!("__Secure-oauth={state}; HttpOnly; Secure; SameSite=Lax; Path=/v1/auth/oauth; Max-Age=600");
    assert_eq!(cookie, expected);
    assert!(location(&response).starts_with("https://id.test/oidc/authorize?response_type=code&client_id=shop&"));
    assert!(!format!("{:?}", shop.store).contains(state.as_str()), "only the state's hash is stored");
}

#[test]
fn a_callback_for_an_unknown_provider_is_not_found() {
    let shop = Shop::new();
    let request = Browser::default().request(&[("provider", "nobody")], "code=a&state=b");
    let error = shop.run(shop.handle("oauth-callback", request)).unwrap_err();
    assert_eq!(error.kind(), api::ProblemType::NotFound);
}
