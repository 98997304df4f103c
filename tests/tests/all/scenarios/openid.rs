//! Signing in with the sandbox's OpenID provider, with several tabs at once and with functions that die.

use bytes::Bytes;
use futures::future::join_all;
use http::{Request, Response, StatusCode};
use resilience::Transport as _;
use sandbox::SandboxTransport;
use sessions::RefreshToken;
use store::Accounts as _;

use super::shop::Shop;

const START: &str = "http://shop.test/v1/auth/oauth/sandbox/start?return_to=/orders";
const ADA: &str = "ada@example.com";

/// The request with which a browser comes back.
async fn come_back(shop: &Shop) -> Request<Bytes> {
    let begun = shop.suite.http(Request::get(START).body(Bytes::new()).unwrap()).await;
    let header = |response: &Response<Bytes>, name: &str| response.headers()[name].to_str().unwrap().to_owned();
    let (url, cookie) = (header(&begun, "location"), header(&begun, "set-cookie"));
    let (endpoint, query) = url.split_once('?').unwrap();
    let form = Bytes::from(format!("{query}&email={ADA}&email_verified=true"));
    let entered = Request::post(endpoint).body(form).unwrap();
    let sent_back = SandboxTransport::new(shop.sandbox.clone(), shop.clock.clone()).send(entered).await.unwrap();
    let request = Request::get(header(&sent_back, "location")).header("cookie", cookie.split(';').next().unwrap());
    request.body(Bytes::new()).unwrap()
}

/// The session that a callback's answer gives.
fn session(response: &Response<Bytes>) -> RefreshToken {
    assert_eq!(response.headers()["location"], "http://shop.test/orders");
    let mut cookies = response.headers().get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
    let cookie = cookies.find_map(|cookie| cookie.strip_prefix("__Secure-refresh=")).unwrap();
    cookie.split(';').next().unwrap().parse().unwrap()
}

#[test]
fn ten_tabs_at_once_make_one_account() {
    let shop = Shop::open();
    let sessions = shop.clock.run(async {
        let returns = join_all((0..10).map(|_| come_back(&shop))).await;
        let answers = join_all(returns.into_iter().map(|request| shop.suite.http(request))).await;
        answers.iter().map(session).collect::<Vec<_>>()
    });
    let first = &sessions[0];
    assert!(sessions.iter().all(|session| session.account == first.account), "{sessions:?}");
    assert!(sessions[1..].iter().all(|session| session.session != first.session), "each tab has a session of its own");
}

#[test]
fn the_same_callback_ten_times_at_once_signs_in_once() {
    let shop = Shop::open();
    let answers = shop.clock.run(async {
        let request = come_back(&shop).await;
        join_all((0..10).map(|_| shop.suite.http(request.clone()))).await
    });
    let signed_in = answers.iter().filter(|answer| answer.headers()["location"] == "http://shop.test/orders").count();
    let expired = "http://shop.test/sign-in?error=expired";
    let refused = answers.iter().filter(|answer| answer.headers()["location"] == expired).count();
    assert_eq!((signed_in, refused), (1, 9));
}

#[test]
fn a_callback_that_dies_anywhere_leaves_one_account_for_the_next_try() {
    for n in 1..=20 {
        let shop = Shop::open();
        shop.suite.kill_next("oauth-callback", n);
        let first = shop.clock.run(async { shop.suite.http(come_back(&shop).await).await });
        let died = first.status() == StatusCode::INTERNAL_SERVER_ERROR;
        assert_eq!(died, first.status() != StatusCode::SEE_OTHER, "{first:?}");
        let again = session(&shop.clock.run(async { shop.suite.http(come_back(&shop).await).await }));
        let by_email = shop.clock.run(shop.store().account_with_email(&ADA.parse().unwrap())).unwrap().unwrap();
        assert_eq!((by_email.id, by_email.identities.len()), (again.account, 1), "died at {n}");
        assert!(died || n > 10, "died at {n}: a callback has more effects than {n}");
    }
}
