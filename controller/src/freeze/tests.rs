use std::path::Path;
use std::time::Duration;

use canary_config::daemon::Config;

use super::*;

/// A file with a window for all from 2 to 6 o'clock, and one for web from 4 to 8.
const WINDOWS: &str = r#"
[listen.web]
address = "127.0.0.1:0"
[services.web]
rule = "PathPrefix(`/`)"
stable = "v1"
releases.v1.backends = ["127.0.0.1:1"]
[[freeze]]
name = "all"
from = "2026-09-21 02:00"
to = "2026-09-21 06:00"
timezone = "UTC"
[[freeze]]
name = "one"
from = "2026-09-21 04:00"
to = "2026-09-21 08:00"
timezone = "UTC"
services = ["web"]
"#;

/// A day at midnight, and moments of it.
const DAY: u64 = 1_790_000_000 / 86_400 * 86_400;

fn at(hour: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(DAY + hour * 3_600)
}

fn service(name: &str) -> ServiceName {
    name.parse().unwrap()
}

fn said(whom: Option<&str>, hour: u64) -> Said {
    Said { service: whom.map(service), actor: "uid 1".into(), note: None, at: at(hour) }
}

/// Two services, and a clock.
struct Days {
    services: Vec<ServiceName>,
    windows: Vec<FreezeWindow>,
}

impl Days {
    fn without_windows() -> Self {
        Self { services: vec![service("api"), service("web")], windows: Vec::new() }
    }

    fn with_windows() -> Self {
        let config = Config::parse(WINDOWS, Path::new("canaryd.toml")).unwrap();
        Self { windows: config.freezes, ..Self::without_windows() }
    }

    fn calendar(&self, hour: u64) -> Calendar<'_> {
        Calendar { windows: &self.windows, services: &self.services, now: at(hour) }
    }

    fn is_frozen(&self, freezes: &Freezes, whom: &str, hour: u64) -> bool {
        freezes.in_force(&service(whom), &self.calendar(hour)).is_some()
    }

    /// Who is frozen at an hour: `a` for api, `w` for web.
    fn frozen(&self, freezes: &Freezes, hour: u64) -> String {
        let frozen = self.services.iter().filter(|service| self.is_frozen(freezes, service.as_str(), hour));
        frozen.map(|service| &service.as_str()[..1]).collect()
    }

    fn unfreeze(&self, freezes: &Freezes, whom: Option<&str>, hour: u64) -> Option<Freezes> {
        freezes.unfreeze(said(whom, hour), &self.calendar(hour))
    }
}

#[test]
fn a_freeze_is_about_whom_it_names_until_it_ends() {
    let days = Days::without_windows();
    let one = Freezes::default().freeze(said(Some("web"), 1), Some(at(3)));
    assert_eq!([0, 1, 2].map(|hour| days.frozen(&one, hour + 1)), ["w", "w", ""]);
    let all = Freezes::default().freeze(said(None, 1), None);
    assert_eq!([1, 9_999].map(|hour| days.frozen(&all, hour)), ["aw", "aw"]);
}

#[test]
fn of_several_the_one_that_ends_last_is_shown() {
    let days = Days::without_windows();
    let freezes = Freezes::default().freeze(said(Some("web"), 1), None).freeze(said(None, 1), Some(at(5)));
    let until = |whom: &str| freezes.in_force(&service(whom), &days.calendar(2)).unwrap().until();
    assert_eq!((until("web"), until("api")), (None, Some(at(5))));
}

#[test]
fn a_new_word_takes_the_place_of_the_old_one() {
    let days = Days::without_windows();
    let freezes = Freezes::default().freeze(said(None, 1), None).freeze(said(None, 2), Some(at(3)));
    assert_eq!((freezes.kept().len(), days.frozen(&freezes, 3).as_str()), (1, ""));
    let freezes = freezes.freeze(said(Some("web"), 4), None);
    assert_eq!(freezes.kept().len(), 1, "what has ended is kept no longer");
}

#[test]
fn one_is_spared_while_all_are_frozen() {
    let days = Days::without_windows();
    let all = Freezes::default().freeze(said(None, 1), Some(at(9)));
    let spared = days.unfreeze(&all, Some("web"), 2).unwrap();
    assert_eq!(days.frozen(&spared, 3), "a");
    assert!(days.unfreeze(&spared, Some("web"), 3).is_none(), "nothing freezes it");
    // A word about it alone counts, and a new word about all.
    assert_eq!(days.frozen(&spared.freeze(said(Some("web"), 4), None), 5), "aw");
    assert_eq!(days.frozen(&spared.freeze(said(None, 4), None), 5), "aw");
    assert_eq!(days.frozen(&spared.freeze(said(Some("api"), 4), None), 5), "a");
}

#[test]
fn all_are_freed_at_once() {
    let days = Days::without_windows();
    let freezes = Freezes::default().freeze(said(None, 1), None).freeze(said(Some("web"), 1), None);
    let freezes = days.unfreeze(&freezes, Some("api"), 2).unwrap();
    let freed = days.unfreeze(&freezes, None, 3).unwrap();
    assert_eq!(freed, Freezes::default());
    assert!(days.unfreeze(&freed, None, 4).is_none());
}

#[test]
fn what_is_lifted_for_one_alone_is_kept_for_it_alone() {
    let days = Days::without_windows();
    let freezes = Freezes::default().freeze(said(Some("web"), 1), None).freeze(said(Some("api"), 1), None);
    let freezes = days.unfreeze(&freezes, Some("web"), 2).unwrap();
    assert_eq!((days.frozen(&freezes, 3).as_str(), freezes.kept().len()), ("a", 1));
}

#[test]
fn windows_freeze_by_themselves() {
    let (days, none) = (Days::with_windows(), Freezes::default());
    let frozen = [1, 2, 5, 6, 8].map(|hour| days.frozen(&none, hour));
    assert_eq!(frozen, ["", "aw", "aw", "w", ""]);
    let all = |hour| {
        let calendar = days.calendar(hour);
        let in_force = none.all_in_force(&calendar);
        in_force.iter().map(InForce::status).map(|status| (status.window.unwrap(), status.service)).collect::<Vec<_>>()
    };
    assert_eq!(all(5), [("all".to_owned(), None), ("one".to_owned(), Some(service("web")))]);
    assert_eq!(none.in_force(&service("web"), &days.calendar(5)).unwrap().until(), Some(at(8)));
}

#[test]
fn a_window_is_lifted_until_its_end_and_no_longer() {
    let (days, none) = (Days::with_windows(), Freezes::default());
    // At 3 only the first window is in force; the second begins at 4, and nobody has lifted that.
    let lifted = days.unfreeze(&none, Some("web"), 3).unwrap();
    assert_eq!([3, 4].map(|hour| days.frozen(&lifted, hour)), ["a", "aw"]);
    let lifted = days.unfreeze(&none, None, 5).unwrap();
    assert_eq!([5, 7].map(|hour| days.frozen(&lifted, hour)), ["", ""]);
    assert_eq!(lifted.kept()[0].until, Some(at(8)));
    // The next time it counts again: a lift of yesterday says nothing of today.
    let yesterday = Freezes::new(vec![KeptFreeze { since: at(1), until: None, ..lifted.kept()[0].clone() }]);
    assert_eq!(days.frozen(&yesterday, 5), "aw");
}

#[test]
fn a_short_freeze_does_not_bring_back_a_window_that_was_lifted() {
    let days = Days::with_windows();
    let lifted = days.unfreeze(&Freezes::default(), Some("web"), 5).unwrap();
    let short = |whom| lifted.freeze(said(whom, 5), Some(at(5) + Duration::from_secs(1)));
    assert_eq!([Some("api"), Some("web"), None].map(|whom| days.frozen(&short(whom), 7)), ["", "", ""]);
}
