//! A program that keeps credentials: `docker-credential-NAME get`. The secret goes by its output alone.

use std::io;
use std::time::Duration;

use canary_config::secret::Secret;
use serde::Deserialize;
use tokio::process::Command;

use super::{Credentials, RegistryError};
use crate::program;

/// A helper that asks a person, or a cloud that does not answer, is not waited for any longer.
const HELPER_TIMEOUT: Duration = Duration::from_secs(10);
/// What helpers say when they know nothing of a registry.
const NOT_FOUND: &str = "credentials not found";
/// The user of what is an identity token.
const TOKEN_USER: &str = "<token>";

/// What a helper says. It is never shown.
#[derive(Deserialize)]
struct Said {
    #[serde(rename = "Username", default)]
    username: String,
    #[serde(rename = "Secret")]
    secret: String,
}

/// What the helper knows of a registry, which it calls `key`.
pub(super) async fn get(helper: &str, registry: &str, key: &str) -> Result<Option<Credentials>, RegistryError> {
    // The name comes from a file and becomes that of a program.
    let is_name = helper.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    let said = if is_name {
        said(Command::new(format!("docker-credential-{helper}")), key).await
    } else {
        Err("is no name of a helper".into())
    };
    said.map_err(|why| RegistryError::Helper { helper: helper.into(), registry: registry.into(), why })
}

/// What a program says when it is asked as a helper is; else why it does not, without a word of it.
async fn said(mut command: Command, key: &str) -> Result<Option<Credentials>, String> {
    command.arg("get");
    let answer = program::run(command, Some(&Secret::new(key)), HELPER_TIMEOUT).await;
    let program::Said { is_success, output, .. } = answer.map_err(|why| match why.kind() {
        io::ErrorKind::TimedOut => format!("does not answer within {} s", HELPER_TIMEOUT.as_secs()),
        _ => format!("cannot be started: {why}"),
    })?;
    if !is_success {
        return if output.contains(NOT_FOUND) { Ok(None) } else { Err("fails".into()) };
    }
    let said: Said = serde_json::from_str(&output).map_err(|_| "says what is no answer")?;
    Ok(Some(if said.username == TOKEN_USER {
        Credentials::IdentityToken(Secret::new(&said.secret))
    } else {
        Credentials::Password { username: said.username, password: Secret::new(&said.secret) }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn answer(script: &str) -> Result<Option<Credentials>, String> {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        said(command, "reg.lan").await
    }

    #[tokio::test]
    async fn a_helper_is_asked_by_its_input_and_answers_by_its_output() {
        let password = Credentials::Password { username: "me".into(), password: Secret::new("hush reg.lan get") };
        let script = r#"read -r key || :; printf '{"Username": "me", "Secret": "hush %s %s"}' "$key" "$0""#;
        assert_eq!(answer(script).await, Ok(Some(password)));
        let token = answer(r#"echo '{"Username": "<token>", "Secret": "hush"}'"#).await;
        assert_eq!(token, Ok(Some(Credentials::IdentityToken(Secret::new("hush")))));
    }

    #[tokio::test]
    async fn a_helper_that_knows_nothing_is_told_from_one_that_fails() {
        assert_eq!(answer("echo credentials not found in native keychain; exit 1").await, Ok(None));
        assert_eq!(answer("echo hush; exit 1").await, Err("fails".into()));
        assert_eq!(answer("echo hush").await, Err("says what is no answer".into()));
    }
}
