//! A program that keeps credentials: `docker-credential-NAME get`. The secret goes by its output alone.

use std::process::Stdio;
use std::time::Duration;

use canary_config::secret::Secret;
use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::{Credentials, RegistryError};

/// A helper that asks a person, or a cloud that does not answer, is not waited for any longer.
const HELPER_TIMEOUT: Duration = Duration::from_secs(10);
/// The most that a helper may say.
const OUTPUT_BYTES_MAX: u64 = 64 * 1024;
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
    let failed = |why: String| RegistryError::Helper { helper: helper.into(), registry: registry.into(), why };
    // The name comes from a file and becomes that of a program.
    if !helper.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)) {
        return Err(failed("is no name of a helper".into()));
    }
    let mut command = Command::new(format!("docker-credential-{helper}"));
    command.arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let child = command.spawn().map_err(|why| failed(format!("cannot be started: {why}")))?;
    let asked = timeout(HELPER_TIMEOUT, ask(child, key)).await;
    let (output, is_success) = asked
        .map_err(|_| failed(format!("does not answer within {} s", HELPER_TIMEOUT.as_secs())))?
        .map_err(|why| failed(format!("cannot be spoken with: {why}")))?;
    if !is_success {
        let is_unknown = String::from_utf8_lossy(&output).contains(NOT_FOUND);
        return if is_unknown { Ok(None) } else { Err(failed("fails".into())) };
    }
    let said: Said = serde_json::from_slice(&output).map_err(|_| failed("says what is no answer".into()))?;
    Ok(Some(if said.username == TOKEN_USER {
        Credentials::IdentityToken(Secret::new(&said.secret))
    } else {
        Credentials::Password { username: said.username, password: Secret::new(&said.secret) }
    }))
}

/// What it says, and whether it was content.
async fn ask(mut child: Child, key: &str) -> std::io::Result<(Vec<u8>, bool)> {
    if let Some(mut input) = child.stdin.take() {
        input.write_all(key.as_bytes()).await?;
    }
    let mut output = Vec::new();
    if let Some(said) = child.stdout.take() {
        said.take(OUTPUT_BYTES_MAX).read_to_end(&mut output).await?;
    }
    Ok((output, child.wait().await?.success()))
}
