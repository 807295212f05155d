//! The file that every test begins with, and what becomes of it when a piece of it is changed.

pub(crate) mod walk;

use std::path::Path;

use canary_config::daemon::Config;

/// The file of the documentation. It loads in this and in every later version.
pub(crate) const GOOD: &str = include_str!("canaryd.toml");

/// What its table of a rollout holds.
pub(crate) const ROLLOUT: &str = r#"strategy = "canary"
steps = [10, 25, 100]      # or tables { weight, min_duration, max_duration, pause }
min_duration = "60s"
max_duration = "15m"
on_thin_evidence = "hold"  # "promote" | "abort"
probation = "10m"
alpha = 0.05
"#;

/// A wrong file: the good one with `from` replaced by `to`, and the whole text of what is said about it.
pub(crate) struct Case {
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    pub(crate) says: &'static str,
}

pub(crate) const fn case(from: &'static str, to: &'static str, says: &'static str) -> Case {
    Case { from, to, says }
}

/// The good file with a piece of it replaced. The piece must be there exactly once.
pub(crate) fn with(from: &str, to: &str) -> String {
    assert_eq!(GOOD.matches(from).count(), 1, "{from:?} must be in the good file once");
    GOOD.replace(from, to)
}

pub(crate) fn good(text: &str) -> Config {
    Config::parse(text, Path::new("canaryd.toml")).unwrap_or_else(|errors| panic!("{errors}"))
}

/// The whole text of what is wrong.
pub(crate) fn refused(text: &str) -> String {
    match Config::parse(text, Path::new("canaryd.toml")) {
        Ok(_) => panic!("this should have been refused:\n{text}"),
        Err(errors) => errors.to_string(),
    }
}

/// Every case says what it should. All that differ are shown at once.
pub(crate) fn assert_refused(cases: &[Case]) {
    let mut different = String::new();
    for Case { from, to, says } in cases {
        let said = refused(&with(from, to));
        if said != *says {
            different += &format!("{to}\n  said: {said}\n  not:  {says}\n");
        }
    }
    assert!(different.is_empty(), "{different}");
}
