//! The table of all keys is true: it has the keys that the file may have, no others, and their defaults.

use std::collections::BTreeSet;
use std::path::Path;

use canary_config::daemon::Config;

use crate::support::refused;

const REFERENCE: &str = include_str!("../../docs/configuration.md");

/// The least that a file must say, table by table.
const LEAST: [(&str, &str); 3] = [
    ("[listen.web]", "address = \"127.0.0.1:0\"\n"),
    ("[services.web]", "rule = \"Host(`example.com`)\"\n"),
    ("[services.web.releases.v1]", "backends = [\"127.0.0.1:9001\"]\n"),
];

/// What a table needs so that some of its keys may be written.
const NEEDED: [(&str, &[&str]); 4] = [
    ("[services.web.rollout]", &["", "strategy = \"rolling\"\n", "pause = \"manual\"\n"]),
    ("[services.web.hooks.pre_deploy]", &["url = \"http://localhost/\"\n"]),
    ("[services.web.smoke]", &["requests = [{}]\n"]),
    ("[[freeze]]", &["name = \"a\"\nfrom = \"Mon 00:00\"\nto = \"Tue 00:00\"\n"]),
];

struct Row<'a> {
    key: &'a str,
    default: &'a str,
}

/// The sections of the reference: a table's header as the file has it, and its rows.
fn sections() -> impl Iterator<Item = (String, Vec<Row<'static>>)> {
    REFERENCE.split("\n## ").skip(1).map(|section| {
        let (header, rest) = section.split_once('\n').unwrap();
        let cells =
            rest.lines().filter_map(|line| line.strip_prefix("| `")).map(|line| line.split(" | ").collect::<Vec<_>>());
        let rows = cells.filter(|cells| cells.len() == 4);
        let rows = rows.map(|cells| Row { key: cells[0].trim_end_matches('`'), default: cells[2] });
        (header.replacen("listen.NAME", "listen.web", 1).replacen("services.NAME", "services.web", 1), rows.collect())
    })
}

/// The keys that the reader knows in a table, by what it says about one that it does not know.
fn known(header: &str) -> BTreeSet<String> {
    let said = refused(&format!("{header}\nno-such-key = 1\n"));
    let (_, keys) = said.split_once("the keys here are ").unwrap();
    keys.split(", ").map(str::to_owned).collect()
}

/// The least file with these keys in one of its tables.
fn with(header: &str, keys: &str) -> String {
    let mut text = String::new();
    let is_discovered = header.starts_with("[services.web.docker");
    if is_discovered {
        text += "[docker]\n";
    }
    for (table, least) in LEAST.into_iter().filter(|(table, _)| !is_discovered || !table.contains("releases")) {
        let keys = if table == header { keys } else { "" };
        text += &format!("{table}\n{least}{keys}");
    }
    if LEAST.iter().all(|(table, _)| *table != header) {
        text += &format!("{header}\n{keys}");
    }
    text
}

#[test]
fn every_key_is_in_the_reference_and_every_key_of_the_reference_is_one() {
    for (header, rows) in sections() {
        let documented: BTreeSet<_> = rows.iter().map(|row| row.key.to_owned()).collect();
        assert_eq!(documented.len(), rows.len(), "{header} has a key twice");
        assert_eq!(documented, known(&header), "{header}");
    }
    let first = |header: String| header.trim_start_matches('[').split(['.', ']']).next().map(str::to_owned);
    let tables = sections().filter_map(|(header, _)| first(header));
    assert_eq!(tables.collect::<BTreeSet<_>>(), known(""));
}

#[test]
fn a_default_of_the_reference_changes_nothing() {
    let load = |text: &str| Config::parse(text, Path::new("canaryd.toml"));
    let mut checked = 0;
    for (header, rows) in sections() {
        let needed = NEEDED.iter().find(|(table, _)| *table == header).map_or(&[""][..], |(_, needed)| *needed);
        for Row { key, default } in rows {
            let Some(default) = default.strip_prefix('`').and_then(|text| text.strip_suffix('`')) else { continue };
            let given = |needed: &str| load(&with(&header, &format!("{needed}{key} = {default}\n"))).ok();
            let (needed, config) = needed.iter().find_map(|needed| Some((needed, given(needed)?))).unwrap();
            assert_eq!(Ok(config), load(&with(&header, needed)), "{header} {key}");
            checked += 1;
        }
    }
    assert!(checked >= 30, "the reference has {checked} defaults; is its table still read?");
}
