//! The life of an account: over HTTP, with the mail's link taken from the event, and with many at once.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use auth::LinkKeys;
use bytes::Bytes;
use domain::{AccountEvent, AccountEventType, LinkId, LinkKind};
use futures::future::join_all;
use http::{Request, Response, header};
use serde_json::{Value, json};
use suite::SourceIp;

use super::shop::{MAC_KEYS, Shop, json_of};

const EMAIL: &str = "dora@example.com";
const PASSWORD: &str = "tausend schöne tage";
const OTHER: &str = "noch viel schönere";
const PAGE: &str = "http://localhost:5173";

/// A browser or another program at one address of the network.
#[derive(Clone, Copy)]
struct Client<'a> {
    shop: &'a Shop,
    address: u8,
}

/// What a client has after signing in.
#[derive(Clone, Debug, PartialEq)]
struct Tokens {
    access: String,
    refresh: String,
}

impl<'a> Client<'a> {
    fn of(shop: &'a Shop) -> Self {
        Self { shop, address: 1 }
    }

    fn from(self, address: u8) -> Self {
        Self { address, ..self }
    }

    fn request(self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Request<Bytes> {
        let mut request = Request::builder().method(method).uri(format!("http://shop.test{path}"));
        request = request.extension(SourceIp(IpAddr::V4(Ipv4Addr::new(192, 0, 2, self.address))));
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(body.map(|body| Bytes::from(body.to_string())).unwrap_or_default()).unwrap()
    }

    async fn ask(self, path: &str, body: &Value) -> Response<Bytes> {
        self.shop.suite.http(self.request("POST", &format!("/v1/auth/{path}"), &[], Some(body))).await
    }

    fn post(self, path: &str, body: &Value) -> Response<Bytes> {
        self.shop.clock.run(self.ask(path, body))
    }

    fn post_with(self, path: &str, headers: &[(&str, &str)], body: &Value) -> Response<Bytes> {
        let request = self.request("POST", &format!("/v1/auth/{path}"), headers, Some(body));
        self.shop.clock.run(self.shop.suite.http(request))
    }

    fn me(self, tokens: &Tokens) -> Response<Bytes> {
        let bearer = format!("Bearer {}", tokens.access);
        let request = self.request("GET", "/v1/me", &[("authorization", &bearer)], None);
        self.shop.clock.run(self.shop.suite.http(request))
    }

    fn login(self, password: &str) -> Response<Bytes> {
        self.post("login", &json!({"email": EMAIL, "password": password}))
    }

    fn refresh(self, token: &str) -> Response<Bytes> {
        self.post("refresh-token", &json!({ "refresh_token": token }))
    }

    fn verify(self) -> Response<Bytes> {
        let token = link(self.shop, AccountEventType::Registered);
        self.post("verify-email", &json!({"token": token, "password": PASSWORD}))
    }

    /// Somebody whose address is verified, signed in.
    fn registered(self) -> Tokens {
        assert_eq!(self.post("register", &json!({"email": EMAIL, "password": PASSWORD})).status(), 202);
        tokens(&self.verify())
    }
}

fn events(shop: &Shop) -> Vec<AccountEvent> {
    shop.store().account_stream_since(0).0
}

/// What the last mail of this kind ends its link with.
fn link(shop: &Shop, event_type: AccountEventType) -> String {
    let last = events(shop).into_iter().rev().find(|event| event.event_type == event_type).unwrap();
    let kind = match event_type {
        AccountEventType::PasswordResetRequested => LinkKind::ResetPassword,
        _ => LinkKind::VerifyEmail,
    };
    signed(kind, last.link_id.unwrap())
}

fn signed(kind: LinkKind, id: LinkId) -> String {
    serde_json::from_str::<LinkKeys>(MAC_KEYS).unwrap().sign(kind, id)
}

#[track_caller]
fn tokens(answer: &Response<Bytes>) -> Tokens {
    assert_eq!(answer.status(), 200, "{}", String::from_utf8_lossy(answer.body()));
    let body = json_of(answer);
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(900)));
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    Tokens { access: text("access_token"), refresh: text("refresh_token") }
}

/// Status and problem.
fn said(answer: &Response<Bytes>) -> (u16, String) {
    let problem = json_of(answer)["type"].as_str().unwrap_or_default().replace("/problems/", "");
    (answer.status().as_u16(), problem)
}

fn problem(status: u16, kind: &str) -> (u16, String) {
    (status, kind.to_owned())
}

#[test]
fn from_registering_to_signing_out() {
    let shop = Shop::open();
    let dora = Client::of(&shop);
    assert_eq!(dora.post("register", &json!({"email": EMAIL, "password": PASSWORD})).status(), 202);
    assert_eq!(said(&dora.login(PASSWORD)), problem(403, "email-not-verified"));
    assert_eq!(said(&dora.login(OTHER)), problem(401, "invalid-credentials"), "only who has the password learns more");
    assert_eq!(events(&shop).len(), 2, "the link was sent once more, to whoever has the password");

    let first = tokens(&dora.verify());
    let me = json_of(&dora.me(&first));
    assert_eq!((&me["email"], &me["role"], &me["has_password"]), (&json!(EMAIL), &json!("customer"), &json!(true)));
    let again = tokens(&dora.login(PASSWORD));
    let next = tokens(&dora.refresh(&again.refresh));
    assert_eq!(dora.me(&next).status(), 200);

    assert_eq!(dora.post("logout", &json!({"refresh_token": next.refresh})).status(), 204);
    assert_eq!(said(&dora.refresh(&next.refresh)), problem(401, "session-ended"));
    assert!(tokens(&dora.refresh(&first.refresh)) != first, "another sign-in is another session");
    assert_eq!(dora.post("logout", &json!({"refresh_token": next.refresh})).status(), 204, "a second time as well");
}

#[test]
fn a_link_is_good_for_one_of_twenty() {
    let shop = Shop::open();
    let dora = Client::of(&shop);
    dora.post("register", &json!({"email": EMAIL, "password": PASSWORD}));
    let body = json!({"token": link(&shop, AccountEventType::Registered), "password": PASSWORD});
    let all = shop.clock.run(join_all((0..20).map(|_| dora.ask("verify-email", &body))));
    let answers: Vec<_> = all.iter().map(said).collect();
    let set_injector = answers.iter().filter(|(status, _)| *status == 200).count();
    let refused = answers.iter().filter(|answer| **answer == problem(400, "link-invalid")).count();
    assert_eq!((set_injector, refused), (1, 19), "{answers:?}");
}

#[test]
fn a_link_needs_its_password_and_is_not_used_up_by_a_wrong_one() {
    let shop = Shop::open();
    let dora = Client::of(&shop);
    dora.post("register", &json!({"email": EMAIL, "password": PASSWORD}));
    let token = link(&shop, AccountEventType::Registered);
    let wrong = dora.post("verify-email", &json!({"token": token, "password": OTHER}));
    assert_eq!(said(&wrong), problem(401, "invalid-credentials"));
    assert_eq!(dora.verify().status(), 200);
}

#[test]
fn who_registers_last_has_the_password_until_the_address_is_verified() {
    let shop = Shop::open();
    let (stranger, dora) = (Client::of(&shop).from(66), Client::of(&shop));
    stranger.post("register", &json!({"email": EMAIL, "password": "the stranger's own"}));
    let strangers_link = link(&shop, AccountEventType::Registered);
    dora.post("register", &json!({"email": EMAIL, "password": PASSWORD}));
    let confirmed = stranger.post("verify-email", &json!({"token": strangers_link, "password": "the stranger's own"}));
    assert_eq!(said(&confirmed), problem(401, "invalid-credentials"));
    assert_eq!(dora.verify().status(), 200);

    stranger.post("register", &json!({"email": "DORA@example.com", "password": "the stranger's own"}));
    let last = events(&shop).pop().unwrap();
    assert_eq!((last.event_type, last.link_id), (AccountEventType::RegistrationRepeated, None));
    assert_eq!(stranger.login("the stranger's own").status(), 401);
    assert_eq!(dora.login(PASSWORD).status(), 200);
}

#[test]
fn twenty_registrations_at_once_are_one_account() {
    let shop = Shop::open();
    let dora = Client::of(&shop);
    let body = json!({"email": EMAIL, "password": PASSWORD});
    // As many as there may be mails to one address.
    let all = shop.clock.run(join_all((0..5).map(|_| dora.ask("register", &body))));
    assert!(all.iter().all(|answer| answer.status() == 202));
    let accounts: Vec<_> = events(&shop).iter().map(|event| event.account_id).collect();
    assert!(accounts.len() == 5 && accounts.iter().all(|id| *id == accounts[0]), "{accounts:?}");
    assert_eq!(
        said(&dora.post("register", &body)),
        problem(429, "too-many-requests"),
        "the sixth mail within the hour"
    );
}

#[test]
fn links_expire() {
    let shop = Shop::open();
    let dora = Client::of(&shop);
    dora.post("register", &json!({"email": EMAIL, "password": PASSWORD}));
    shop.clock.advance(Duration::from_hours(24));
    assert_eq!(said(&dora.verify()), problem(400, "link-invalid"));

    dora.login(PASSWORD);
    assert_eq!(dora.verify().status(), 200, "the one that the sign-in had sent");
    dora.post("request-password-reset", &json!({ "email": EMAIL }));
    shop.clock.advance(Duration::from_hours(1));
    let token = link(&shop, AccountEventType::PasswordResetRequested);
    let reset = dora.post("reset-password", &json!({"token": token, "new_password": OTHER}));
    assert_eq!(said(&reset), problem(400, "link-invalid"));
}

#[test]
fn a_reset_ends_every_session_and_the_old_password() {
    let shop = Shop::open();
    let dora = Client::of(&shop);
    let before = dora.registered();
    dora.post("request-password-reset", &json!({"email": "Dora@Example.com"}));
    let token = link(&shop, AccountEventType::PasswordResetRequested);
    let body = json!({"token": token, "new_password": OTHER});
    let as_verification = dora.post("verify-email", &json!({"token": token, "password": PASSWORD}));
    assert_eq!(said(&as_verification), problem(400, "link-invalid"));
    assert_eq!(dora.post("reset-password", &body).status(), 204);
    assert_eq!(said(&dora.post("reset-password", &body)), problem(400, "link-invalid"));

    assert_eq!(said(&dora.refresh(&before.refresh)), problem(401, "session-ended"));
    assert_eq!((dora.login(PASSWORD).status().as_u16(), dora.login(OTHER).status().as_u16()), (401, 200));
    assert_eq!(events(&shop).pop().unwrap().event_type, AccountEventType::PasswordChanged);
}

#[test]
fn a_changed_password_ends_every_session_but_the_new_one() {
    let shop = Shop::open();
    let dora = Client::of(&shop);
    let (here, elsewhere) = (dora.registered(), tokens(&dora.from(2).login(PASSWORD)));
    let bearer = format!("Bearer {}", here.access);
    let change = |current: &str| {
        let body = json!({"current_password": current, "new_password": OTHER});
        dora.post_with("change-password", &[("authorization", &bearer)], &body)
    };
    assert_eq!(said(&change(OTHER)), problem(401, "invalid-credentials"));
    let after = tokens(&change(PASSWORD));
    for ended in [here, elsewhere] {
        assert_eq!(said(&dora.refresh(&ended.refresh)), problem(401, "session-ended"));
    }
    assert_eq!(dora.refresh(&after.refresh).status(), 200);
    assert_eq!((dora.login(PASSWORD).status().as_u16(), dora.login(OTHER).status().as_u16()), (401, 200));
}

#[test]
fn refreshing_at_once_gives_one_successor_and_a_stolen_token_none() {
    let shop = Shop::open();
    let dora = Client::of(&shop);
    let first = dora.registered();
    let body = json!({"refresh_token": first.refresh});
    let all = shop.clock.run(join_all((0..20).map(|_| dora.ask("refresh-token", &body))));
    let successors: Vec<String> = all.iter().map(|answer| tokens(answer).refresh).collect();
    assert!(successors.iter().all(|token| *token == successors[0]));

    shop.clock.advance(Duration::from_secs(31));
    let thief = dora.from(66);
    assert_eq!(said(&thief.refresh(&first.refresh)), problem(401, "session-ended"));
    assert_eq!(said(&dora.refresh(&successors[0])), problem(401, "session-ended"), "the theft is noticed by both");
    assert_eq!(dora.login(PASSWORD).status(), 200);
}

#[test]
fn browsers_have_the_refresh_token_as_a_cookie() {
    let shop = Shop::open();
    let dora = Client::of(&shop);
    dora.registered();
    let ours = ("origin", PAGE);
    let body = json!({"email": EMAIL, "password": PASSWORD, "delivery": "cookie"});
    assert_eq!(said(&dora.post_with("login", &[("origin", "https://evil.example")], &body)), problem(403, "forbidden"));
    let signed_in = dora.post_with("login", &[ours], &body);
    assert_eq!(tokens(&signed_in).refresh, "", "no script sees it");
    let set = cookie(&signed_in);
    assert!(set.contains("; HttpOnly; Secure; SameSite=Strict; Path=/v1/auth; Max-Age="), "{set}");

    let shown = |set: &str| ("cookie", format!("theme=dark; {}", set.split(';').next().unwrap()));
    let (name, value) = shown(&set);
    let refresh = |headers: &[(&str, &str)]| dora.post_with("refresh-token", headers, &json!({}));
    assert_eq!(said(&refresh(&[(name, &value), ("origin", "https://evil.example")])), problem(403, "forbidden"));
    assert_eq!(said(&refresh(&[(name, &value), ("origin", "null")])), problem(403, "forbidden"));
    assert_eq!(said(&refresh(&[])), problem(401, "session-ended"));
    let refreshed = refresh(&[(name, &value), ours]);
    assert_eq!(tokens(&refreshed).refresh, "");

    let (name, value) = shown(&cookie(&refreshed));
    let form = dora.request("POST", "/v1/auth/refresh-token", &[(name, &value), ("content-type", "text/plain")], None);
    assert_eq!(shop.clock.run(shop.suite.http(form)).status(), 415, "what a page may send without asking");
    let signed_out = dora.post_with("logout", &[(name, &value), ours], &json!({}));
    assert_eq!(signed_out.status(), 204);
    assert!(cookie(&signed_out).ends_with("Max-Age=0"));
    assert_eq!(said(&refresh(&[(name, &value), ours])), problem(401, "session-ended"));
}

#[test]
fn guessing_is_limited_for_each_account_and_locks_nobody_out() {
    let shop = Shop::open();
    let dora = Client::of(&shop).from(1);
    dora.registered();
    let guesses = |address: u8| {
        let answers = (0..4).map(|_| said(&dora.from(address).login("guess number 1")));
        answers.filter(|answer| *answer == problem(401, "invalid-credentials")).count()
    };
    let passed: usize = (2..20).map(guesses).sum();
    assert_eq!(passed, 10, "all strangers together, whatever address they come from");
    assert_eq!(said(&dora.from(99).login(PASSWORD)), problem(429, "too-many-requests"), "the right one as well");
    assert_eq!(dora.login(PASSWORD).status(), 200, "the owner's own address has tries of its own");

    // From a new address the way in is the mail.
    dora.from(98).post("request-password-reset", &json!({ "email": EMAIL }));
    let token = link(&shop, AccountEventType::PasswordResetRequested);
    dora.from(98).post("reset-password", &json!({"token": token, "new_password": OTHER}));
    assert_eq!(dora.from(98).login(OTHER).status(), 200);
}

#[test]
fn whatever_others_use_up_the_owner_has_a_way_in() {
    let shop = Shop::open();
    let (dora, stranger) = (Client::of(&shop), Client::of(&shop).from(66));
    dora.registered();
    let login = |from: u8, device: Option<&str>, password: &str| {
        let headers: Vec<_> = device.map(|device| ("cookie", device)).into_iter().collect();
        dora.from(from).post_with("login", &headers, &json!({"email": EMAIL, "password": password}))
    };
    let browser = device(&login(1, None, PASSWORD));
    // Strangers, the neighbours at home and those in the hotel try until nothing is left, and ask for mails as often.
    let exhaust = |from: u8| while login(from, None, "guess number 1").status() == 401 {};
    exhaust(66);
    exhaust(1);
    for _ in 0..6 {
        stranger.post("register", &json!({"email": EMAIL, "password": "the stranger's own"}));
        assert_eq!(stranger.post("request-password-reset", &json!({ "email": EMAIL })).status(), 202);
    }
    assert_eq!(login(1, None, PASSWORD).status(), 429, "at home, in a browser that nobody knows");
    let signed_in = login(1, Some(&browser), PASSWORD);
    assert_eq!(signed_in.status(), 200, "at home");
    let session = tokens(&signed_in);
    let bearer = format!("Bearer {}", session.access);
    let same = json!({"current_password": PASSWORD, "new_password": PASSWORD});
    let changed = dora.post_with("change-password", &[("authorization", &bearer)], &same);
    assert_eq!(changed.status(), 200, "whoever is signed in is not a stranger");

    let mailed = |shop: &Shop| {
        let asked =
            events(shop).into_iter().filter(|event| event.event_type == AccountEventType::PasswordResetRequested);
        asked.count()
    };
    let before = mailed(&shop);
    assert_eq!(dora.from(98).post("request-password-reset", &json!({ "email": EMAIL })).status(), 202);
    assert_eq!(mailed(&shop), before + 1, "the password was changed, and the links with it");
    let token = link(&shop, AccountEventType::PasswordResetRequested);
    let body = json!({"token": token, "new_password": OTHER});
    let reset = dora.from(98).post("reset-password", &body);
    assert_eq!(reset.status(), 204);
    exhaust(98);
    assert_eq!(login(98, None, OTHER).status(), 429);
    assert_eq!(login(98, Some(&device(&reset)), OTHER).status(), 200, "in the hotel");
}

#[test]
fn the_owner_may_sign_in_as_often_as_a_person_can() {
    let shop = Shop::open();
    let dora = Client::of(&shop);
    dora.registered();
    for _ in 0..20 {
        assert_eq!(dora.from(2).login(PASSWORD).status(), 200);
        assert_eq!(dora.login(PASSWORD).status(), 200);
        shop.clock.advance(Duration::from_secs(10));
    }
}

/// The cookie of a browser that is known from now on.
#[track_caller]
fn device(answer: &Response<Bytes>) -> String {
    let mut cookies = answer.headers().get_all(header::SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap());
    let cookie = cookies.find(|cookie| cookie.starts_with("__Secure-device=")).unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

#[track_caller]
fn cookie(answer: &Response<Bytes>) -> String {
    answer.headers()[header::SET_COOKIE].to_str().unwrap().to_owned()
}
