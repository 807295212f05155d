//! The variables of a deployment: those of the command line, and those of a file as `docker run --env-file` reads it.

use std::collections::BTreeMap;

use canary_config::secret::Secret;

use crate::api::Variables;
use crate::ctl::exit_code::Exit;
use crate::ctl::failure::Failure;

/// A file that has been read, and decrypted where that was needed.
#[derive(Debug)]
pub(super) struct EnvFile {
    /// How it is shown.
    pub(super) name: String,
    pub(super) text: Secret,
    /// Whether everybody on the machine can read its values where they lie.
    pub(super) readers: Readers,
}

/// Who can read the values of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readers {
    /// Those who are meant to.
    Some,
    /// Everybody on this machine.
    All,
}

/// The variables, and what there is to say of them. One that is named alone has its value from `environment`.
pub(super) fn variables(
    file: Option<&EnvFile>,
    given: &[String],
    environment: impl Fn(&str) -> Option<String>,
) -> Result<(Variables, Vec<String>), Failure> {
    let (mut variables, mut warnings) = (BTreeMap::new(), Vec::new());
    if let Some(EnvFile { name: file, text, readers }) = file {
        if *readers == Readers::All {
            warnings.push(format!("{file}: everybody on this machine can read it; chmod 600 {file}"));
        }
        for (index, line) in text.expose().lines().enumerate() {
            let line = line.trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let place = format!("{file}:{}", index + 1);
            let (name, value) = pair(line).ok_or_else(|| no_pair(&place))?;
            warnings.extend(literal(name, value).map(|what| format!("{place}: {what}")));
            variables.insert(name.to_owned(), value.to_owned());
        }
    }
    let mut shown = Vec::new();
    for text in given {
        if let Some((name, value)) = pair(text) {
            shown.push(name);
            variables.insert(name.to_owned(), value.to_owned());
        } else if is_name(text) {
            let value = environment(text).ok_or_else(unset)?;
            variables.insert(text.clone(), value);
        } else {
            return Err(no_pair("--env"));
        }
    }
    if !shown.is_empty() {
        let names = shown.join(", ");
        let what = format!("--env shows the value of {names} in the list of processes; if it is a secret, ");
        warnings.push(what + "use --env NAME, which takes it from the environment, or --env-file");
    }
    Ok((Variables(variables), warnings))
}

fn pair(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once('=')?;
    is_plausible(name).then_some((name, value))
}

fn is_plausible(name: &str) -> bool {
    !name.is_empty() && !name.contains(char::is_whitespace)
}

/// Whether a word is nothing but a name as shells take it: any other may be a value whose name was forgotten.
fn is_name(word: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !word.is_empty() && word.bytes().all(is_letter) && !word.starts_with(|first: char| first.is_ascii_digit())
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

fn unset() -> Failure {
    // The word may be a value all the same.
    let what = "--env: a variable that is named without a value is not set here, or is no text";
    Failure::new(Exit::Usage, what, "export it, or write NAME=VALUE")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, given: &[&str]) -> (Vec<(String, String)>, Vec<String>) {
        let file = EnvFile { name: "FILE".to_owned(), text: Secret::new(text), readers: Readers::Some };
        let given: Vec<_> = given.iter().map(ToString::to_string).collect();
        let (variables, warnings) =
            variables(Some(&file), &given, |name| (name == "HERE").then(|| "here".to_owned())).unwrap();
        (variables.0.into_iter().collect(), warnings)
    }

    #[test]
    fn a_file_is_read_as_docker_reads_it_and_the_command_line_goes_before_it() {
        let (variables, warnings) = read("# a remark\n\nA=1\nB=two words \n  C=a=b\n", &["A=2", "D=", "HERE"]);
        let expected = [("A", "2"), ("B", "two words "), ("C", "a=b"), ("D", ""), ("HERE", "here")];
        assert_eq!(variables, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let expected = "--env shows the value of A, D in the list of processes; if it is a secret, use --env NAME, which \
                        takes it from the environment, or --env-file";
        assert_eq!(warnings, [expected]);
        assert_eq!(read("A=1", &["HERE"]).1, Vec::<String>::new());
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
        for word in ["hunter2!", "hunter2"] {
            let failure = variables(None, &[word.to_owned()], |_| None).unwrap_err();
            assert_eq!(failure.exit, Exit::Usage);
            assert!(failure.what.starts_with("--env: ") && !format!("{failure:?}").contains("hunter2"), "{failure:?}");
        }
    }
}
