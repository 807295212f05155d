//! The canary's requests that speak against it, one by one.

use std::collections::BTreeMap;

use crate::api::{Account, AccountMore, AccountRequest};
use crate::render::NOTHING;
use crate::render::fields::Fields;
use crate::render::number::{count, latency};
use crate::render::paint::{Color, Style};
use crate::render::table::{Cell, Column, table};

/// How a request ended that was answered well, and too late.
const SLOW: &str = "success";

/// The columns of an id that canaryd has drawn: it is to be searched for, and must not be cut.
const ID_COLUMNS: usize = 32;

const COLUMNS_OF_REQUESTS: [Column; 6] = [
    Column::of_words("REQUEST", ID_COLUMNS),
    Column::of_words("BEGAN", 12),
    Column::of_names("ROUTE", 40),
    Column::of_words("ANSWER", 13),
    Column::of_numbers("TOOK", 7),
    Column::of_numbers("STABLE", 6),
];

/// Those that had a part in the verdict, and those that were still on their way.
pub(super) fn requests(account: &Account, color: Color) -> String {
    let shown = account.requests.iter().filter(|request| has_a_part(account, request));
    let (late, in_time): (Vec<_>, Vec<_>) = shown.partition(|request| request.is_after_verdict);
    let which = if are_slow_ones_shown(account) { "failed or were slow" } else { "failed" };
    let what = format!("of the canary that {which}; STABLE is what stable answered in place");
    let mut text = section("requests", &what, &in_time, color);
    text += &section("later", "they were on their way when the canary was convicted", &late, color);
    match notes(account) {
        notes if notes.is_empty() => text,
        notes => {
            text + &notes
                .iter()
                .fold(Fields::new(color).blank(), |fields, (label, note)| fields.styled(label, note, Style::Quiet))
                .into_text()
        }
    }
}

/// Where failures convicted, successes that took long would hide them.
fn are_slow_ones_shown(account: &Account) -> bool {
    account.conviction.as_ref().is_none_or(|conviction| conviction.canary.slow_above_ms.is_some())
}

fn has_a_part(account: &Account, request: &AccountRequest) -> bool {
    request.outcome != SLOW || are_slow_ones_shown(account)
}

fn section(label: &str, what: &str, requests: &[&AccountRequest], color: Color) -> String {
    if requests.is_empty() {
        return String::new();
    }
    let rows: Vec<_> = requests.iter().map(|request| row(request)).collect();
    let head = Fields::new(color).blank().styled(label, what, Style::Quiet).into_text();
    head + &table(&COLUMNS_OF_REQUESTS, &rows, color)
}

fn row(request: &AccountRequest) -> [Cell; 6] {
    let AccountRequest { id, at, method, path, waited_us, rescued, .. } = request;
    [
        Cell::plain(id),
        Cell::plain(time_of_day(at)),
        Cell::plain(format!("{method} {path}")),
        Cell::styled(answer(request), if request.outcome == SLOW { Style::Warning } else { Style::Bad }),
        Cell::plain(latency(*waited_us as f64 / 1_000.0)),
        Cell::plain(rescued.map_or_else(|| NOTHING.to_owned(), |status| status.to_string())),
    ]
}

/// How the attempt ended; the word itself if it is one of a newer canaryd.
fn answer(request: &AccountRequest) -> String {
    let word = match request.outcome.as_str() {
        SLOW => "slow",
        "server_error" => "",
        "connect_failed" => "no connection",
        "reset" => "cut off",
        "timed_out" => "timed out",
        "unanswered" => "too slow",
        other => other,
    };
    match request.status {
        Some(status) if word.is_empty() => status.to_string(),
        Some(status) => format!("{status} {word}"),
        None if word.is_empty() => request.outcome.clone(),
        None => word.to_owned(),
    }
}

/// `12:00:17.123` of RFC 3339; all of it if it is anything else.
fn time_of_day(at: &str) -> &str {
    at.split_once('T').and_then(|(_, time)| time.strip_suffix('Z')).unwrap_or(at)
}

/// What is not told one by one, and whose requests they were.
fn notes(account: &Account) -> Vec<(&'static str, String)> {
    let AccountMore { failed, slow, missed } = account.more;
    let slow = slow + account.requests.iter().filter(|request| !has_a_part(account, request)).count() as u64;
    let more = [(failed, "more failed"), (slow, "more slow"), (missed, "too many at once to be written down")];
    let more: Vec<_> = more
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{} {what}", count(*number)))
        .collect();
    let mut backends = BTreeMap::<_, u64>::new();
    for request in account.requests.iter().filter(|request| has_a_part(account, request)) {
        *backends.entry(request.backend).or_default() += 1;
    }
    let backends: Vec<_> = backends.iter().map(|(backend, number)| format!("{backend} ({})", count(*number))).collect();
    let notes = [("and", more.join(", ")), ("backends", backends.join(", "))];
    notes.into_iter().filter(|(_, note)| !note.is_empty()).collect()
}
