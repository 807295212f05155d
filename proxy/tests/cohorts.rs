//! Who stays where it fell: by a cookie of ours, a field, or an address, and who sees the canary before it has a share.

use std::net::IpAddr;
use std::sync::Arc;

use canary_config::cohort::Assignment;
use canary_config::secret::Secret;
use canary_config::weight::Weight;
use canary_proxy::cohort::{Cohort, Salt};
use canary_proxy::hearing::Hearing;
use canary_proxy::ledger::Ledger;
use canary_proxy::outcome::Outcome;
use canary_proxy::preview::Preview;
use canary_proxy::table::Route;
use canary_proxy::track::Track;

use crate::stage::{Act, Message, Origin, Setup, Stage, get, is_untouched, named, ok, says, scored, stable};

const HALF: u16 = 5_000;
const CLIENTS: usize = 24;
const WEIGHTS: [u16; 4] = [1_000, HALF, 9_000, 10_000];

/// A service of two releases, and the try of this number.
struct Site {
    safe: Origin,
    canary: Origin,
    ledger: Arc<Ledger>,
    hearing: Arc<Hearing>,
}

impl Site {
    async fn of(assignment: Assignment) -> Self {
        let hearing = hearing(&assignment, 1);
        Self { safe: named("stable").await, canary: named("canary").await, ledger: Arc::default(), hearing }
    }

    fn at(&self, bp: u16) -> Arc<Route> {
        stable(&[self.safe.address]).heard(&[self.canary.address], bp, &self.ledger, &self.hearing).route()
    }

    /// The fields with which the backends were asked, the canary's last.
    fn asked(&self, name: &str) -> Vec<String> {
        let requests = [self.safe.requests(), self.canary.requests()].concat();
        requests.iter().flat_map(|request| request.fields(name)).map(str::to_owned).collect()
    }
}

#[expect(clippy::disallowed_methods, reason = "a test may start anywhere in time")]
fn hearing(assignment: &Assignment, generation: u64) -> Arc<Hearing> {
    let salt = Salt::derive(&[9; 32], "web", generation);
    let cohort = Cohort::of(assignment, generation, salt, std::time::Instant::now());
    Arc::new(Hearing { cohort, ..Hearing::default() })
}

fn with(field: &str, value: &str) -> String {
    get("/").replace("\r\n\r\n", &format!("\r\n{field}: {value}\r\n\r\n"))
}

/// Asks as each of these clients, through a rollout that is aborted in the end: nobody moves back before.
async fn assert_sticky(site: &Site, stage: &mut Stage, clients: &[String]) {
    let mut fell = vec!["stable".to_owned(); clients.len()];
    for bp in WEIGHTS {
        stage.publish(&site.at(bp));
        for (client, before) in clients.iter().zip(&mut fell) {
            let first = stage.ask(client).await.text().to_owned();
            assert!(first == *before || first == "canary", "{client:?} was moved back at {bp} bp");
            for _ in 0..3 {
                assert_eq!(stage.ask(client).await.text(), first, "{client:?} at {bp} bp");
            }
            *before = first;
        }
        let moved = fell.iter().filter(|arm| *arm == "canary").count();
        assert!(bp != HALF || (1..clients.len()).contains(&moved), "{moved} at {bp} bp");
    }
    assert!(fell.iter().all(|arm| arm == "canary"));
    let served = site.canary.count();
    site.hearing.trip.trip();
    for client in clients {
        assert_eq!(stage.ask(client).await.text(), "stable", "after a conviction");
    }
    stage.publish(&site.at(0));
    for client in clients {
        assert_eq!(stage.ask(client).await.text(), "stable", "at zero");
    }
    assert_eq!(site.canary.count(), served);
}

#[tokio::test]
async fn a_client_stays_where_its_cookie_fell() {
    let site = Site::of(Assignment::Cookie).await;
    let mut stage = Stage::of(&site.at(1));
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(with("Cookie", &ticket(&stage.ask(&get("/")).await)));
    }
    assert_sticky(&site, &mut stage, &clients).await;
}

#[tokio::test]
async fn a_client_stays_where_its_field_fell() {
    let site = Site::of(Assignment::Header("X-User".into())).await;
    let mut stage = Stage::of(&site.at(1));
    let clients: Vec<_> = (0..CLIENTS).map(|user| with("x-user", &user.to_string())).collect();
    assert_sticky(&site, &mut stage, &clients).await;
    assert_eq!(stage.ask(&get("/")).await.fields("set-cookie").len(), 0);
}

#[tokio::test]
async fn a_client_stays_where_its_address_fell() {
    let site = Site::of(Assignment::Ip).await;
    let trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let mut stage = Setup { trusted_proxies, ..Setup::default() }.of(&site.at(1));
    let clients: Vec<_> = (0..CLIENTS).map(|host| with("X-Forwarded-For", &format!("192.0.2.{host}"))).collect();
    assert_sticky(&site, &mut stage, &clients).await;
}

#[tokio::test]
async fn a_client_cannot_choose_its_address() {
    let site = Site::of(Assignment::Ip).await;
    let stage = Stage::of(&site.at(HALF));
    let Cohort::Keyed(keyed) = &site.hearing.cohort else { panic!("addresses are keys") };
    let IpAddr::V4(own) = stage.address.ip() else { panic!("the edge listens on an IPv4 address") };
    let expected = keyed.key(&own.octets()).track(Weight::from_bp(HALF).unwrap()).label();
    for host in 0..CLIENTS {
        let answer = stage.ask(&with("X-Forwarded-For", &format!("192.0.2.{host}"))).await;
        assert_eq!(answer.text(), expected);
    }
}

/// The cookie that an answer gives.
fn ticket(answer: &Message) -> String {
    answer.field("set-cookie").expect("a cookie").split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_cookie_is_given_once_and_to_new_clients_alone() {
    let site = Site::of(Assignment::Cookie).await;
    let mut stage = Stage::of(&site.at(HALF));
    let given = stage.ask(&get("/")).await.field("set-cookie").unwrap().to_owned();
    assert!(given.ends_with("; Max-Age=86400; Path=/; HttpOnly; SameSite=Lax"), "{given}");
    let own = given.split(';').next().unwrap();
    assert_eq!(stage.ask(&with("Cookie", own)).await.field("set-cookie"), None);
    for foreign in ["__canaryd_web=1.2.3", "__canaryd_web=", "a=b", &own.replace("_web=1.", "_web=2.")] {
        assert!(ticket(&stage.ask(&with("Cookie", foreign)).await).starts_with("__canaryd_web=1."), "{foreign}");
    }
    stage.publish(&site.at(0));
    assert_eq!(stage.ask(&get("/")).await.field("set-cookie"), None, "nobody is given one for nothing");
    stage.publish(&site.at(HALF));
    site.hearing.trip.trip();
    assert_eq!(stage.ask(&get("/")).await.field("set-cookie"), None, "nor for a canary that is convicted");
}

#[tokio::test]
async fn a_cookie_of_an_ended_try_means_nothing() {
    let site = Site::of(Assignment::Cookie).await;
    let mut stage = Stage::of(&site.at(10_000));
    let old = ticket(&stage.ask(&get("/")).await);
    let next = hearing(&Assignment::Cookie, 2);
    stage.publish(&stable(&[site.safe.address]).heard(&[site.canary.address], HALF, &site.ledger, &next).route());
    assert!(ticket(&stage.ask(&with("Cookie", &old)).await).starts_with("__canaryd_web=2."));
}

#[tokio::test]
async fn a_cookie_is_secure_where_a_trusted_proxy_says_that_the_connection_is() {
    let site = Site::of(Assignment::Cookie).await;
    let trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let stage = Setup { trusted_proxies, ..Setup::default() }.of(&site.at(HALF));
    let given = |answer: Message| answer.field("set-cookie").unwrap().to_owned();
    for chain in ["https", "HTTPS", "https,http", "https , http"] {
        assert!(given(stage.ask(&with("X-Forwarded-Proto", chain)).await).ends_with("; Secure"), "{chain}");
    }
    for chain in ["http", "http,https", ",https", "httpss"] {
        assert!(!given(stage.ask(&with("X-Forwarded-Proto", chain)).await).contains("Secure"), "{chain}");
    }
    assert!(!given(stage.ask(&get("/")).await).contains("Secure"));
    let stage = Stage::of(&site.at(HALF));
    assert!(!given(stage.ask(&with("X-Forwarded-Proto", "https")).await).contains("Secure"));
}

#[tokio::test]
async fn an_old_cookie_is_renewed_and_leaves_its_client_where_it_is() {
    let site = Site::of(Assignment::Cookie).await;
    let stage = Stage::of(&site.at(HALF));
    for _ in 0..CLIENTS {
        let answer = stage.ask(&get("/")).await;
        let new = ticket(&answer);
        let parts: Vec<_> = new.split('.').collect();
        let old = [parts[0], parts[1], "1", parts[3]].join(".");
        let again = stage.ask(&with("Cookie", &old)).await;
        assert_eq!((again.text(), ticket(&again)), (answer.text(), new), "with the hour of now");
    }
}

#[tokio::test]
async fn an_answer_that_gives_a_cookie_is_kept_by_no_shared_cache() {
    for (said, expected) in [
        ("", &["private"][..]),
        ("Cache-Control: public, max-age=60\r\n", &["public, max-age=60", "private"]),
        (
            "Cache-Control: s-maxage=60\r\nCache-Control: private=\"x-a\"\r\n",
            &["s-maxage=60", "private=\"x-a\"", "private"],
        ),
        ("Cache-Control: max-age=60, Private\r\n", &["max-age=60, Private"]),
        ("Cache-Control: no-store\r\n", &["no-store"]),
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\n{said}Content-Length: 0\r\n\r\n");
        let origin = Origin::start(move |_| Act::Say(answer.clone().into())).await;
        let (ledger, hearing) = (Arc::default(), hearing(&Assignment::Cookie, 1));
        let stage = Stage::of(&stable(&[origin.address]).heard(&[origin.address], HALF, &ledger, &hearing).route());
        let first = stage.ask(&get("/")).await;
        assert_eq!(first.fields("cache-control"), expected, "{said:?}");
        let own = stage.ask(&with("Cookie", &ticket(&first))).await;
        let is_added = expected.len() > said.matches("Cache").count();
        let as_said = &expected[..expected.len() - usize::from(is_added)];
        assert_eq!(own.fields("cache-control"), as_said, "without a cookie, it is the origin's affair");
    }
}

#[tokio::test]
async fn the_origins_own_cookies_are_left_alone() {
    let sets = |_: &Message| {
        Act::Say(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n".to_vec())
    };
    let origin = Origin::start(sets).await;
    let (ledger, hearing) = (Arc::default(), hearing(&Assignment::Cookie, 1));
    let stage = Stage::of(&stable(&[origin.address]).heard(&[origin.address], HALF, &ledger, &hearing).route());
    let answer = stage.ask(&with("Cookie", "a=\"1\" ; __canaryd_web=1.2.3;b")).await;
    let given = answer.fields("set-cookie");
    assert_eq!((given[0], given[1], given.len()), ("a=1", "b=2", 3));
    assert_eq!(origin.requests()[0].field("cookie"), Some("a=\"1\" ;b"));
}

#[tokio::test]
async fn who_has_no_key_stays_with_stable_and_is_not_scored() {
    for assignment in [Assignment::Header("X-User".into()), Assignment::Header("no name".into())] {
        let site = Site::of(assignment).await;
        let mut stage = Stage::of(&site.at(9_999));
        for request in [get("/"), with("X-User", "")] {
            assert_eq!(stage.ask(&request).await.text(), "stable");
        }
        stage.publish(&site.at(10_000));
        assert_eq!(stage.ask(&get("/")).await.text(), "canary", "there is nobody else");
        stage.settled().await;
        assert!(is_untouched(&site.ledger) && site.ledger.undecided() == 0);
    }
}

#[tokio::test]
async fn a_client_counts_once() {
    let (safe, ledger) = (named("stable").await, Arc::<Ledger>::default());
    let is_bad = |request: &Message| request.first_line().contains("/bad");
    let canary = Origin::start(move |request| if is_bad(request) { Act::Say(says(500, "")) } else { ok("canary") });
    let (canary, hearing) = (canary.await, hearing(&Assignment::Header("X-User".into()), 1));
    let stage = Stage::of(&stable(&[safe.address]).heard(&[canary.address], 10_000, &ledger, &hearing).route());
    for path in ["/", "/", "/bad", "/bad", "/"] {
        for user in ["a", "b"] {
            stage
                .ask(
                    &with("X-User", user)
                        .replace("GET / ", &format!("POST {path} "))
                        .replace("\r\n\r\n", "\r\nContent-Length: 0\r\n\r\n"),
                )
                .await;
        }
    }
    stage.settled().await;
    assert_eq!(scored(&ledger, Track::Canary), [(Outcome::Success, 2), (Outcome::ServerError, 2)]);
    assert_eq!(hearing.cohort.keys().unwrap().failed(), 2);
}

#[tokio::test]
async fn who_keeps_no_cookie_takes_no_place_and_is_felt_and_not_compared() {
    let site = Site::of(Assignment::Cookie).await;
    let stage = Stage::of(&site.at(HALF));
    for _ in 0..CLIENTS {
        stage.ask(&get("/")).await;
    }
    stage.settled().await;
    assert!(is_untouched(&site.ledger) && site.ledger.undecided() == 0);
    let answered = [Track::Stable, Track::Canary].map(|track| site.ledger.arm(track).pulse().answered());
    assert_eq!(answered, [site.safe.count() as u64, site.canary.count() as u64]);
    let own = ticket(&stage.ask(&get("/")).await);
    stage.ask(&with("Cookie", &own)).await;
    stage.settled().await;
    assert_eq!(site.ledger.undecided(), 1, "it is compared as soon as it is known again");
}

const SECRET: &str = "open-sesame";

#[tokio::test]
async fn a_preview_reaches_the_canary_at_every_weight_and_is_counted_for_nobody() {
    let site = Site::of(Assignment::Ip).await;
    for bp in [0, 1] {
        let shape = stable(&[site.safe.address]).heard(&[site.canary.address], bp, &site.ledger, &site.hearing);
        let route = shape.preview(&[site.canary.address], SECRET, &site.hearing.trip).route();
        let stage = Stage::of(&route);
        for request in [with("X-Canaryd-Preview", SECRET), with("Cookie", &format!("a=b; canaryd-preview={SECRET}"))] {
            assert_eq!(stage.ask(&request).await.text(), "canary");
        }
        stage.settled().await;
        assert_eq!(route.preview.as_ref().unwrap().pool().meter.picks(), 0);
        assert!(is_untouched(&site.ledger) && site.ledger.undecided() == 0 && route.stable.meter.picks() == 0);
    }
    assert_eq!(site.asked("x-canaryd-preview"), [""; 0]);
    assert_eq!(site.asked("cookie"), ["a=b", "a=b"]);
}

#[tokio::test]
async fn what_a_preview_is_answered_is_no_traffic_of_the_canarys() {
    let site = Site::of(Assignment::Request).await;
    let mut route = (*site.at(10_000)).clone();
    let canary = route.canary.as_ref().unwrap().pool().clone();
    route.preview = Some(Preview::new(canary.clone(), Secret::new(SECRET), Arc::clone(&site.hearing.trip)));
    let stage = Stage::of(&Arc::new(route));
    let answered = || canary.meter.answers().codes().collect::<Vec<_>>();
    assert_eq!(stage.ask(&with("X-Canaryd-Preview", SECRET)).await.text(), "canary");
    stage.settled().await;
    assert_eq!(answered(), []);
    assert_eq!(stage.ask(&get("/")).await.text(), "canary");
    stage.settled().await;
    assert_eq!(answered(), [(200, 1)]);
}

#[tokio::test]
async fn a_wrong_secret_is_none_at_all() {
    let site = Site::of(Assignment::Cookie).await;
    for secret in [SECRET, ""] {
        let route = stable(&[site.safe.address]).preview(&[site.canary.address], secret, &site.hearing.trip).route();
        let stage = Stage::of(&route);
        for wrong in ["open-sesam", "open-sesame1", "Open-sesame", "x", ""] {
            assert_eq!(stage.ask(&with("X-Canaryd-Preview", wrong)).await.text(), "stable", "{wrong}");
            let cookie = with("Cookie", &format!("canaryd-preview={wrong}; canaryd-previews={SECRET}"));
            assert_eq!(stage.ask(&cookie).await.text(), "stable", "{wrong}");
        }
    }
    assert_eq!((site.canary.count(), site.asked("x-canaryd-preview")), (0, Vec::new()));
}

#[tokio::test]
async fn a_preview_ends_with_a_conviction() {
    let site = Site::of(Assignment::Request).await;
    let shape = stable(&[site.safe.address]).preview(&[site.canary.address], SECRET, &site.hearing.trip);
    let stage = Stage::of(&shape.route());
    let asks = with("X-Canaryd-Preview", SECRET);
    assert_eq!(stage.ask(&asks).await.text(), "canary");
    site.hearing.trip.trip();
    assert_eq!(stage.ask(&asks).await.text(), "stable");
}
