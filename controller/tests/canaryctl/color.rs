//! Colour says nothing that is not said without it.

use canary_controller::render::{self, Color};
use serde_json::json;

use crate::canaryctl::answers::history;
use crate::canaryctl::fixture::{aborted, held_approval, overview, parsed, progressing, store_trouble, with};
use crate::canaryctl::golden::assert_golden;

/// The text without escapes of colour.
fn without_color(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').unwrap().1)
}

#[test]
fn a_colored_status() {
    let service = with(progressing(), json!({ "store_trouble": store_trouble()["message"] }));
    // The escapes are written out, so that the file can be read.
    let text = render::status(&parsed(&service), Color::Always).replace('\u{1b}', "\\e");
    assert_golden("status_color", &text);
}

#[test]
fn color_changes_no_letter_and_no_column() {
    for service in [progressing(), held_approval(), aborted()].map(|service| parsed(&service)) {
        assert_eq!(without_color(&render::status(&service, Color::Always)), render::status(&service, Color::Never));
    }
    let overview = parsed(&overview());
    assert_eq!(without_color(&render::overview(&overview, Color::Always)), render::overview(&overview, Color::Never));
    let history = parsed(&history());
    assert_eq!(without_color(&render::history(&history, Color::Always)), render::history(&history, Color::Never));
}
