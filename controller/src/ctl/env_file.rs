//! The variables of a deployment: those of the command line, and those of a file as `docker run --env-file` reads it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::api::Variables;
use crate::ctl::exit_code::Exit;
use crate::ctl::failure::Failure;

/// The bit that lets everybody read a file.
const WORLD_READABLE: u32 = 0o004;

/// The variables, and what there is to say of the file.
pub(super) fn variables(file: Option<&Path>, given: &[String]) -> Result<(Variables, Vec<String>), Failure> {
    let (mut variables, mut warnings) = (BTreeMap::new(), Vec::new());
    if let Some(file) = file {
        let text = fs::read_to_string(file).map_err(|error| unreadable(file, &error))?;
        if fs::metadata(file).is_ok_and(|metadata| metadata.mode() & WORLD_READABLE != 0) {
            let shown = file.display();
            warnings.push(format!("{shown}: everybody on this machine can read it; chmod 600 {shown}"));
        }
        for (index, line) in text.lines().enumerate() {
            let line = line.trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let place = format!("{}:{}", file.display(), index + 1);
            let (name, value) = pair(line).ok_or_else(|| no_pair(&place))?;
            warnings.extend(literal(name, value).map(|what| format!("{place}: {what}")));
            variables.insert(name.to_owned(), value.to_owned());
        }
    }
    for text in given {
        let (name, value) = pair(text).ok_or_else(|| no_pair("--env"))?;
        variables.insert(name.to_owned(), value.to_owned());
    }
    Ok((Variables(variables), warnings))
}

fn pair(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once('=')?;
    let is_name = !name.is_empty() && !name.contains(char::is_whitespace);
    is_name.then_some((name, value))
}

/// What would stand in the variable as it is written, where something else was meant.
fn literal(name: &str, value: &str) -> Option<String> {
    let is_quoted = |quote: char| value.len() > 1 && value.starts_with(quote) && value.ends_with(quote);
    if is_quoted('"') || is_quoted('\'') {
        return Some(format!("the quotes become part of {name}; remove them, if they are not meant to"));
    }
    value.contains("${").then(|| format!("${{...}} stands in {name} as it is written; put the value there"))
}

fn no_pair(place: &str) -> Failure {
    // What is written there may be a secret.
    Failure::plain(Exit::Usage, format!("{place}: this is no variable; write NAME=VALUE"))
}

fn unreadable(file: &Path, error: &io::Error) -> Failure {
    Failure::plain(Exit::Usage, format!("{}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, given: &[&str]) -> (Vec<(String, String)>, Vec<String>) {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        let given: Vec<_> = given.iter().map(ToString::to_string).collect();
        let (variables, warnings) = variables(Some(file.path()), &given).unwrap();
        let place = file.path().display().to_string();
        (variables.0.into_iter().collect(), warnings.iter().map(|warning| warning.replace(&place, "FILE")).collect())
    }

    #[test]
    fn a_file_is_read_as_docker_reads_it_and_the_command_line_goes_before_it() {
        let (variables, warnings) = read("# a remark\n\nA=1\nB=two words \n  C=a=b\n", &["A=2", "D="]);
        let expected = [("A", "2"), ("B", "two words "), ("C", "a=b"), ("D", "")];
        assert_eq!(variables, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(warnings, Vec::<String>::new());
    }

    #[test]
    fn what_is_taken_literally_is_warned_of_without_its_value() {
        let (_, warnings) = read("A=\"hunter2\"\nB=${HOME}/x\n", &[]);
        let expected = [
            "FILE:1: the quotes become part of A; remove them, if they are not meant to",
            "FILE:2: ${...} stands in B as it is written; put the value there",
        ];
        assert_eq!(warnings, expected);
    }

    #[test]
    fn what_is_no_variable_is_refused_without_being_shown() {
        let failure = variables(None, &["hunter2".to_owned()]).unwrap_err();
        assert_eq!(
            (failure.exit, failure.what.as_str()),
            (Exit::Usage, "--env: this is no variable; write NAME=VALUE")
        );
    }
}
