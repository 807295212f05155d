//! When a freeze window is in force: to the minute, also where clocks are changed.

use std::time::{Duration, SystemTime};

use canary_config::freeze::FreezeWindow;
use canary_config::name::ServiceName;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::support::walk::Walk;
use crate::support::{GOOD, good};

fn zone(name: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(name).unwrap()
}

fn window(from: &str, to: &str, zone: &str) -> FreezeWindow {
    let keys = format!("from = \"{from}\"\nto = \"{to}\"\ntimezone = \"{zone}\"\n");
    good(&format!("{GOOD}[[freeze]]\nname = \"window\"\n{keys}")).freezes.remove(0)
}

fn web() -> ServiceName {
    "web".parse().unwrap()
}

/// Until when the freeze lasts that is in force at a time, both in UTC.
fn until(window: &FreezeWindow, at: &str) -> Option<String> {
    let at: DateTime = at.parse().unwrap();
    let at = SystemTime::from(at.to_zoned(TimeZone::UTC).unwrap().timestamp());
    let until = window.in_force_until(&web(), at)?;
    Some(Timestamp::try_from(until).unwrap().strftime("%F %H:%M").to_string())
}

#[test]
fn a_dated_window_is_in_force_from_its_beginning_until_its_end() {
    let window = window("2026-12-20 00:00", "2027-01-02 12:30", "Europe/Berlin");
    let end = Some("2027-01-02 11:30".to_owned());
    assert_eq!(until(&window, "2026-12-19 22:59:59"), None);
    assert_eq!(until(&window, "2026-12-19 23:00"), end);
    assert_eq!(until(&window, "2027-01-02 11:29:59.999999999"), end);
    assert_eq!(until(&window, "2027-01-02 11:30"), None);
}

#[test]
fn a_weekly_window_goes_over_the_end_of_the_week() {
    let window = window("Fri 16:00", "Monday 08:00", "UTC");
    let end = Some("2026-07-06 08:00".to_owned());
    assert_eq!(until(&window, "2026-07-03 15:59:59"), None);
    for at in ["2026-07-03 16:00", "2026-07-05 23:59", "2026-07-06 00:00", "2026-07-06 07:59:59"] {
        assert_eq!(until(&window, at), end, "{at}");
    }
    assert_eq!(until(&window, "2026-07-06 08:00"), None);
    assert_eq!(until(&window, "2026-07-10 16:00").as_deref(), Some("2026-07-13 08:00"));
}

#[test]
fn a_weekly_window_may_leave_only_an_hour() {
    let window = window("Fri 16:00", "Fri 15:00", "UTC");
    assert_eq!(until(&window, "2026-07-03 14:59").as_deref(), Some("2026-07-03 15:00"));
    assert_eq!(until(&window, "2026-07-03 15:00"), None);
    assert_eq!(until(&window, "2026-07-03 16:00").as_deref(), Some("2026-07-10 15:00"));
    assert_eq!(until(&window, "2026-07-08 00:00").as_deref(), Some("2026-07-10 15:00"));
}

#[test]
fn a_window_is_about_the_services_that_it_names() {
    let other = "[services.api]\nrule = \"Host(`a`)\"\nreleases.v1.backends = [\"127.0.0.1:9003\"]\n";
    let freeze = "[[freeze]]\nname = \"api\"\nfrom = \"Mon 00:00\"\nto = \"Tue 00:00\"\nservices = [\"api\"]\n";
    let window = good(&format!("{GOOD}{other}{freeze}")).freezes.remove(0);
    let monday = SystemTime::UNIX_EPOCH + Duration::from_secs(4 * 24 * 60 * 60);
    assert_eq!(window.in_force_until(&web(), monday), None);
    assert_eq!(window.in_force_until(&"api".parse().unwrap(), monday), Some(monday + Duration::from_secs(86_400)));
}

#[test]
fn a_window_that_has_begun_stays_in_force_when_the_clocks_go_back_to_the_day_before() {
    let window = window("Sun 00:00", "Sun 12:00", "America/St_Johns");
    let end = Some("2010-11-07 15:30".to_owned());
    assert_eq!(until(&window, "2010-11-07 02:29:59"), None);
    // Midnight; one minute later it is 23:01 again, and a second midnight comes.
    for at in ["2010-11-07 02:30", "2010-11-07 02:31", "2010-11-07 03:00", "2010-11-07 03:30"] {
        assert_eq!(until(&window, at), end, "{at}");
    }
}

#[test]
fn at_the_ends_of_time_nothing_is_frozen_and_nothing_panics() {
    let windows =
        [window("Fri 16:00", "Mon 08:00", "Europe/Berlin"), window("9999-12-30 00:00", "9999-12-30 12:00", "UTC")];
    for seconds in [u64::MAX / 4, 253_402_207_200, 400_000_000_000, 377_705_116_799] {
        for at in [
            SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)),
            SystemTime::UNIX_EPOCH.checked_sub(Duration::from_secs(seconds)),
        ] {
            let Some(at) = at else { continue };
            for window in &windows {
                let until = window.in_force_until(&web(), at);
                assert!(until.is_none_or(|until| until > at), "{at:?}");
            }
        }
    }
}

/// Zones, and a day near which their clocks are put forward or back: by an hour, by half of one, at midnight, by a day.
const CHANGES: [(&str, &str); 8] = [
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("Australia/Lord_Howe", "2026-04-05"),
    ("Australia/Lord_Howe", "2026-10-04"),
    ("America/Santiago", "2026-04-04"),
    ("America/Santiago", "2026-09-06"),
    ("Pacific/Apia", "2011-12-30"),
    ("UTC", "2026-07-01"),
];

#[test]
fn a_weekly_window_agrees_with_a_walk_from_minute_to_minute() {
    for (name, day) in CHANGES {
        let walk = Walk::around(&zone(name), day);
        for seed in 0..16 {
            let [from, to] = walk.moments(seed);
            if from == to {
                continue;
            }
            let window = window(&from.to_string(), &to.to_string(), name);
            let expected = walk.weekly(from, to);
            for (at, until) in walk.looks(&expected) {
                assert_eq!(window.in_force_until(&web(), at), until, "seed {seed}: {from} to {to} in {name} at {at:?}");
            }
        }
    }
}
