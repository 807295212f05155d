//! What a canary's containers left behind: how each ended, and what it wrote last.

use crate::api::{ContainerEnd, LastWords};
use crate::render::fields::Fields;
use crate::render::paint::Style;

const LABEL: &str = "last words";

/// What is known of each container, with all the lines that there are.
pub(super) fn last_words(fields: Fields, all: &[LastWords]) -> Fields {
    all.iter().enumerate().fold(fields, |fields, (index, words)| {
        let label = if index == 0 { LABEL } else { "" };
        let fields = fields.styled(label, &ending(words), Style::Bad);
        let fields = words
            .trouble
            .iter()
            .fold(fields, |fields, why| fields.styled("", &format!("its log is not known: {why}"), Style::Warning));
        let fields =
            words.log.iter().fold(fields, |fields, line| fields.styled("", &format!("│ {line}"), Style::Quiet));
        words
            .checks
            .iter()
            .fold(fields, |fields, check| fields.styled("", &format!("health check: {check}"), Style::Quiet))
    })
}

/// `web-2 (5ed2013b40f6) ran out of memory (exit code 137), started again twice`.
fn ending(words: &LastWords) -> String {
    let LastWords { container, name, ended, restarts, .. } = words;
    let end = match ended {
        None if words.trouble.is_some() => "is not to be seen".to_owned(),
        None => "still ran when this was written".to_owned(),
        Some(ContainerEnd { exit_code, error: Some(error), .. }) => {
            format!("did not start (exit code {exit_code}): {error}")
        }
        Some(ContainerEnd { exit_code, out_of_memory: true, .. }) => {
            format!("ran out of memory (exit code {exit_code})")
        }
        Some(ContainerEnd { exit_code, was_told: true, .. }) => format!("was stopped (exit code {exit_code})"),
        Some(ContainerEnd { exit_code, .. }) => format!("ended by itself (exit code {exit_code})"),
    };
    let restarts = match restarts {
        0 => String::new(),
        1 => ", started again once".to_owned(),
        times => format!(", started again {times} times"),
    };
    format!("{name} ({container}) {end}{restarts}")
}
