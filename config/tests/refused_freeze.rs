//! What is wrong with a window in which nothing is to be started.

use crate::support::{GOOD, assert_refused, case, refused};

#[test]
fn a_window_has_a_name_a_beginning_and_an_end() {
    assert_refused(&[
        case(
            "[store]",
            r#"[[freeze]]
[store]"#,
            r#"canaryd.toml:7:1: freeze[0]: `name` is missing; write one, such as name = "weekend"
canaryd.toml:7:1: freeze[0]: `from` is missing; write a time, such as "Fri 16:00" or "2026-12-20 00:00"
canaryd.toml:7:1: freeze[0]: `to` is missing; write a time, such as "Fri 16:00" or "2026-12-20 00:00""#,
        ),
        case(
            "[store]",
            r#"[[freeze]]
name = ""
from = "Fri 16:00"
to = "Mon 08:00"
[store]"#,
            "canaryd.toml:8:8: freeze[0].name: `` cannot be a name; use 1 to 63 letters, digits, `.`, `_` or `-`, beginning with a letter or a digit",
        ),
        case(
            "[store]",
            r#"[[freeze]]
name = "a"
from = "Fri 16:00"
to = "Mon 08:00"
[[freeze]]
name = "a"
from = "Sat 16:00"
to = "Mon 08:00"
[store]"#,
            "canaryd.toml:12:8: freeze[1].name: `a` is already freeze[0].name (8:8); give each its own name",
        ),
        case(
            "[store]",
            r#"freeze = { name = "a" }
[store]"#,
            "canaryd.toml:7:1: metrics.freeze: there is no such key; the keys here are address, bearer_token_file",
        ),
        case(
            "[store]",
            r#"[freeze]
name = "a"
[store]"#,
            "canaryd.toml:7:1: freeze: a table or a date stands here; write an array in [ ], or [[freeze]] with two brackets",
        ),
    ]);
}

#[test]
fn a_window_lasts_for_some_time() {
    assert_refused(&[
        case(
            "[store]",
            r#"[[freeze]]
name = "a"
from = "Fri 16:00"
to = "friday 16:00"
[store]"#,
            "canaryd.toml:10:6: freeze[0].to: `friday 16:00` is not after `from`; write a later time",
        ),
        case(
            "[store]",
            r#"[[freeze]]
name = "a"
from = "2026-12-20 00:00"
to = "2026-12-20 00:00"
[store]"#,
            "canaryd.toml:10:6: freeze[0].to: `2026-12-20 00:00` is not after `from`; write a later time",
        ),
        case(
            "[store]",
            r#"[[freeze]]
name = "a"
from = "2026-12-20 00:00"
to = "2026-12-19 23:59"
[store]"#,
            "canaryd.toml:10:6: freeze[0].to: `2026-12-19 23:59` is not after `from`; write a later time",
        ),
        case(
            "[store]",
            r#"[[freeze]]
name = "a"
from = "2026-03-29 02:10"
to = "2026-03-29 02:50"
timezone = "Europe/Berlin"
[store]"#,
            "canaryd.toml:10:6: freeze[0].to: `2026-03-29 02:50` is not after `from`; write a later time",
        ),
    ]);
}

#[test]
fn both_ends_of_a_window_are_of_one_kind() {
    assert_refused(&[
        case(
            "[store]",
            r#"[[freeze]]
name = "a"
from = "Fri 16:00"
to = "2026-12-19 23:59"
[store]"#,
            "canaryd.toml:10:6: freeze[0].to: `2026-12-19 23:59` comes once, and `from` every week; write a day of the week in both, or a date",
        ),
        case(
            "[store]",
            r#"[[freeze]]
name = "a"
from = "2026-12-19 23:59"
to = "Mon 08:00"
[store]"#,
            "canaryd.toml:10:6: freeze[0].to: `Mon 08:00` comes every week, and `from` once; write a day of the week in both, or a date",
        ),
    ]);
}

#[test]
fn a_time_is_one_that_a_clock_and_a_calendar_show() {
    assert_refused(&[
        case(
            "[store]",
            r#"[[freeze]]
name = "a"
from = "tomorrow"
to = "Mon 8:00"
[store]"#,
            r#"canaryd.toml:9:8: freeze[0].from: `tomorrow` is not a time; write a day or a date and a time, such as "Fri 16:00" or "2026-12-20 00:00"
canaryd.toml:10:6: freeze[0].to: `Mon 8:00` is not a time; write a day or a date and a time, such as "Fri 16:00" or "2026-12-20 00:00""#,
        ),
        case(
            "[store]",
            r#"[[freeze]]
name = "a"
from = "Mon 24:00"
to = "Montag 08:00"
[store]"#,
            r#"canaryd.toml:9:8: freeze[0].from: `Mon 24:00` has a time outside 00:00 to 23:59; midnight is 00:00 of the next day
canaryd.toml:10:6: freeze[0].to: `Montag 08:00` has no day of the week; write one such as Fri or Friday before the time"#,
        ),
        case(
            "[store]",
            r#"[[freeze]]
name = "a"
from = "2027-02-29 00:00"
to = "2027-03-01"
[store]"#,
            r#"canaryd.toml:9:8: freeze[0].from: `2027-02-29 00:00` has a date that does not exist; write year, month and day, such as "2026-12-20 00:00"
canaryd.toml:10:6: freeze[0].to: `2027-03-01` is not a time; write a day or a date and a time, such as "Fri 16:00" or "2026-12-20 00:00""#,
        ),
        case(
            "[store]",
            r#"[[freeze]]
name = "a"
from = 2026-12-20T00:00:00
to = "Mon 08:00"
[store]"#,
            "canaryd.toml:9:8: freeze[0].from: a table or a date stands here; write text in double quotes",
        ),
    ]);
}

#[test]
fn a_time_zone_is_one_of_those_there_are() {
    assert_refused(&[
        case(
            "[store]",
            r#"[[freeze]]
name = "a"
from = "Fri 16:00"
to = "Mon 08:00"
timezone = "Europe/Berln"
[store]"#,
            r#"canaryd.toml:11:12: freeze[0].timezone: `Europe/Berln` is not a time zone; did you mean "Europe/Berlin"? write an IANA name, such as "Europe/Berlin""#,
        ),
        case(
            "[store]",
            r#"[[freeze]]
name = "a"
from = "Fri 16:00"
to = "Mon 08:00"
timezone = "+01:00"
[store]"#,
            r#"canaryd.toml:11:12: freeze[0].timezone: `+01:00` is not a time zone; write an IANA name, such as "Europe/Berlin""#,
        ),
        case(
            "[store]",
            r#"[[freeze]]
name = "a"
from = "Fri 16:00"
to = "Mon 08:00"
timezone = ""
[store]"#,
            r#"canaryd.toml:11:12: freeze[0].timezone: `` is not a time zone; write an IANA name, such as "Europe/Berlin""#,
        ),
    ]);
}

#[test]
fn a_window_is_about_services_that_are_declared() {
    assert_refused(&[
        case(
            "[store]",
            r#"[[freeze]]
name = "a"
from = "Fri 16:00"
to = "Mon 08:00"
services = ["web", "wbe", "api"]
[store]"#,
            r#"canaryd.toml:11:20: freeze[0].services[1]: `wbe` is not a service; did you mean `web`? write one of web
canaryd.toml:11:27: freeze[0].services[2]: `api` is not a service; write one of web"#,
        ),
        case(
            "[store]",
            r#"[[freeze]]
name = "a"
from = "Fri 16:00"
to = "Mon 08:00"
services = []
[store]"#,
            "canaryd.toml:11:12: freeze[0].services: no service is named; name some, or leave it out to freeze them all",
        ),
        case(
            "[store]",
            r#"[[freeze]]
name = "a"
from = "Fri 16:00"
to = "Mon 08:00"
service = "web"
[store]"#,
            "canaryd.toml:11:1: freeze[0].service: there is no such key; did you mean `services`? the keys here are name, from, to, timezone, services",
        ),
    ]);
}

#[test]
fn there_are_not_too_many_windows() {
    let windows = "[[freeze]]\n".repeat(101);
    let said = refused(&format!("{GOOD}{windows}"));
    assert_eq!(said, "canaryd.toml:125:1: freeze: 101 windows are too many; write at most 100");
}
