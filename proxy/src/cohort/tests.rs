//! Where keys fall, and which cookies say so.

use std::time::{Duration, Instant, UNIX_EPOCH};

use canary_config::cohort::Assignment;
use canary_config::weight::Weight;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use rand::rngs::SmallRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};

use super::{Cohort, CohortKey, Hour, Keyed, Salt, Scheme};
use crate::clock;
use crate::track::Track;

const SEED: u64 = 0xc0;

fn keyed_at(assignment: &Assignment, generation: u64, now: Instant) -> Keyed {
    match Cohort::of(assignment, generation, Salt::derive(&[3; 32], "web", generation), now) {
        Cohort::Keyed(keyed) => *keyed,
        Cohort::Chance => panic!("{assignment} goes by keys"),
    }
}

fn by_cookie(generation: u64) -> Keyed {
    keyed_at(&Assignment::Cookie, generation, clock::now())
}

fn bp(bp: u16) -> Weight {
    Weight::from_bp(bp).unwrap()
}

fn admitted(keyed: &Keyed, cookies: &[&str]) -> Option<CohortKey> {
    let fields = cookies.iter().map(|cookie| (COOKIE, HeaderValue::from_bytes(cookie.as_bytes()).unwrap()));
    keyed.admitted(&fields.collect::<HeaderMap>(), "web", noon()).map(|admitted| admitted.key)
}

fn noon() -> Hour {
    hour(12)
}

/// The hour of a day at which something is asked.
fn hour(hour: u64) -> Hour {
    Hour::of(UNIX_EPOCH + Duration::from_hours(hour))
}

#[test]
fn raising_the_weight_never_moves_a_key_back() {
    let mut rng = SmallRng::seed_from_u64(SEED);
    let edges = [0, 1, u64::MAX / 2, u64::MAX - 1, u64::MAX];
    for key in edges.into_iter().chain((0..2_000).map(|_| rng.next_u64())).map(CohortKey) {
        let is_canary = |weight| key.track(bp(weight)) == Track::Canary;
        let raised_at = (0..=10_000).find(|weight| is_canary(*weight)).unwrap();
        assert!((raised_at..=10_000).all(is_canary), "{key:?}, seed {SEED}");
        assert!(raised_at > 0, "nobody falls to a canary of weight zero");
    }
}

#[test]
fn as_many_keys_fall_to_the_canary_as_its_weight_says() {
    const KEYS: u32 = 100_000;
    let keyed = keyed_at(&Assignment::Ip, 1, clock::now());
    let keys: Vec<_> = (0..KEYS).map(|client| keyed.key(&client.to_be_bytes())).collect();
    for weight in [1, 100, 1_000, 2_500, 5_000, 9_999] {
        let share = f64::from(weight) / 10_000.0;
        let count = keys.iter().filter(|key| key.track(bp(weight)) == Track::Canary).count() as f64;
        let (mean, deviation) = (f64::from(KEYS) * share, (f64::from(KEYS) * share * (1.0 - share)).sqrt());
        assert!((count - mean).abs() < 5.0 * deviation, "{count} keys at {weight} bp");
    }
}

#[test]
fn the_next_try_chooses_others() {
    const CLIENTS: u32 = 20_000;
    let of = |generation| {
        let keyed = keyed_at(&Assignment::Ip, generation, clock::now());
        (0..CLIENTS).map(move |client| keyed.key(&client.to_be_bytes()).track(bp(1_000)) == Track::Canary)
    };
    let both = of(1).zip(of(2)).filter(|(first, second)| *first && *second).count();
    // One in a hundred falls to both by chance: five standard deviations around 200.
    assert!((130..=270).contains(&both), "{both} of {CLIENTS} were chosen twice");
    assert!(of(1).eq(of(1)), "the same try chooses the same");
}

#[test]
fn a_client_is_known_again_by_its_cookie() {
    let keyed = by_cookie(7);
    for number in [0, 1, u64::MAX] {
        let (ticket, key) = keyed.admit(number, noon());
        assert_eq!(admitted(&keyed, &[&format!("__canaryd_web={ticket}")]), Some(key));
        assert_eq!(admitted(&keyed, &["a=b", &format!("c=d;__canaryd_web={ticket} ; e=f")]), Some(key));
        assert_eq!(admitted(&keyed, &[&format!("__canaryd_web=old; __canaryd_web={ticket}")]), Some(key));
    }
}

#[test]
fn a_cookie_that_is_no_good_does_not_hide_one_that_is() {
    let keyed = by_cookie(7);
    let (ticket, key) = keyed.admit(5, noon());
    let forged = |count: usize| {
        let forged = (0..count).map(|mac| format!("__canaryd_web=7.0000000000000005.12.{mac:032x}; "));
        forged.collect::<String>() + &format!("__canaryd_web={ticket}")
    };
    assert_eq!([admitted(&keyed, &[&forged(1)]), admitted(&keyed, &[&forged(3)])], [Some(key); 2]);
    assert_eq!(admitted(&keyed, &[&forged(4)]), None, "there is an end to it");
}

#[test]
fn an_old_cookie_is_given_anew_to_the_same_client() {
    let keyed = by_cookie(7);
    let (ticket, key) = keyed.admit(5, hour(100));
    let asks = |value: &str, now| {
        let cookie = HeaderValue::from_str(&format!("__canaryd_web={value}")).unwrap();
        keyed.admitted(&HeaderMap::from_iter([(COOKIE, cookie)]), "web", hour(now)).unwrap()
    };
    for now in [0, 99, 100, 111] {
        assert_eq!(
            (asks(&ticket.to_string(), now).key, asks(&ticket.to_string(), now).renewed),
            (key, None),
            "at {now}"
        );
    }
    for now in [112, 123, 1_000] {
        let renewed = asks(&ticket.to_string(), now).renewed.unwrap();
        assert_eq!(renewed, keyed.admit(5, hour(now)).0);
        assert_eq!((asks(&renewed.to_string(), now).key, asks(&renewed.to_string(), now).renewed), (key, None));
    }
}

#[test]
fn a_cookie_of_another_try_or_service_or_of_nobody_means_nothing() {
    let keyed = by_cookie(7);
    let (own, other) = (keyed.admit(5, noon()).0.to_string(), by_cookie(8).admit(5, noon()).0.to_string());
    let (generation, rest) = own.split_once('.').unwrap();
    let moved = other.replacen("8.", "7.", 1);
    let crafted = [
        other,
        moved,
        format!("07.{rest}").replace("07", "+7"),
        own.to_uppercase().replace('F', "f") + "0",
        format!("{generation}.{rest}.x"),
        format!("{generation}.{}", &rest[..rest.len() - 1]),
        format!("{generation}.0000000000000006{}", &rest[16..]),
        own.replacen(".12.", ".", 1),
        own.replacen(".12.", ".1000000000.", 1),
        own.replacen(".12.", "..", 1),
        own.replacen(".12.", ".-1.", 1),
        format!("18446744073709551623.{rest}"),
        String::new(),
        "..".into(),
        "7.\u{e9}.".into(),
    ];
    for value in &crafted {
        assert_eq!(admitted(&keyed, &[&format!("__canaryd_web={value}")]), None, "{value}");
    }
    for name in ["__canaryd_api", "__canaryd_we", "__canaryd_webs", "canaryd_web", "__CANARYD_WEB"] {
        assert_eq!(admitted(&keyed, &[&format!("{name}={own}")]), None, "{name}");
    }
    assert_eq!(admitted(&keyed, &[]), None);
}

#[test]
fn a_cookie_that_is_made_up_never_chooses_the_arm() {
    const CLIENTS: u64 = 20_000;
    let (keyed, ended, mut rng) = (by_cookie(7), by_cookie(6), SmallRng::seed_from_u64(SEED));
    // Whoever comes without a cookie that is believed is drawn as a new client, whatever it brought.
    for request in 0..CLIENTS {
        let mac: u128 = rng.random();
        let crafted = match request % 3 {
            0 => format!("7.{:016x}.12.{mac:032x}", rng.next_u64()),
            1 => ended.admit(rng.next_u64(), noon()).0.to_string(),
            _ => {
                let mut genuine = keyed.admit(rng.next_u64(), noon()).0.to_string().into_bytes();
                let (at, to) = (rng.random_range(0..genuine.len()), b"0123456789abcdef."[rng.random_range(0..17)]);
                let before = std::mem::replace(&mut genuine[at], to);
                // The hour says nothing.
                if before == to || (19..21).contains(&at) && to.is_ascii_digit() {
                    continue;
                }
                String::from_utf8(genuine).unwrap()
            }
        };
        assert_eq!(admitted(&keyed, &[&format!("__canaryd_web={crafted}")]), None, "seed {SEED}: {crafted}");
    }
}

#[test]
fn a_ticket_is_written_as_browsers_want_it() {
    let (ticket, _) = by_cookie(7).admit(255, noon());
    let (value, plain) = (ticket.to_string(), ticket.set_cookie("web", Scheme::Http));
    assert!(value.starts_with("7.00000000000000ff.12.") && value.len() == 54, "{value}");
    assert_eq!(plain, format!("__canaryd_web={value}; Max-Age=86400; Path=/; HttpOnly; SameSite=Lax"));
    assert_eq!(ticket.set_cookie("web", Scheme::Https), plain + "; Secure");
}

#[test]
fn a_field_name_that_cannot_be_is_nobodys() {
    let keyed = keyed_at(&Assignment::Header("no name".into()), 1, clock::now());
    assert_eq!(keyed.source, super::Source::Header(None));
}
