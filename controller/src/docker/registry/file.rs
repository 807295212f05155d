//! The `config.json` of Docker's client, as far as it is about registries.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use canary_config::secret::Secret;
use serde::Deserialize;

use super::{Credentials, HUB_KEY, RegistryError};
use crate::docker::reference::HUB;

/// Other ways in which Docker's own registry is called.
const HUB_HOSTS: [&str; 3] = ["index.docker.io", "registry-1.docker.io", HUB];

/// What is written in the file. It shows the names of registries, and no more.
#[derive(Default, Deserialize)]
pub(super) struct ConfigFile {
    #[serde(default)]
    auths: HashMap<String, Auth>,
    #[serde(default, rename = "credHelpers")]
    helpers: HashMap<String, String>,
    #[serde(default, rename = "credsStore")]
    store: Option<String>,
}

#[derive(Default, Deserialize)]
struct Auth {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
    registrytoken: Option<String>,
}

// === impl ConfigFile ===

impl ConfigFile {
    pub(super) fn parse(text: &[u8], path: &Path) -> Result<Self, RegistryError> {
        // The parser's own message may hold a piece of what it read.
        serde_json::from_slice(text).map_err(|why| RegistryError::Malformed { path: path.into(), line: why.line() })
    }

    /// The helper program that knows a registry, by the last part of its name.
    pub(super) fn helper(&self, registry: &str) -> Option<&str> {
        let own = self.helpers.iter().find(|(key, _)| host(key) == registry).map(|(_, helper)| helper);
        own.or(self.store.as_ref()).map(String::as_str).filter(|helper| !helper.is_empty())
    }

    /// What the file itself says of a registry.
    pub(super) fn entry(&self, registry: &str, path: &Path) -> Result<Option<Credentials>, RegistryError> {
        // Docker's client writes its historical key; any other way of writing it counts less.
        let keys = self.auths.keys().filter(|key| host(key) == registry);
        let Some(key) = keys.min_by_key(|key| (*key != HUB_KEY, (*key).clone())) else { return Ok(None) };
        let malformed = || RegistryError::Entry { path: path.into(), registry: registry.into() };
        self.auths[key].credentials().map_err(|NoCredentials| malformed())
    }
}

impl fmt::Debug for ConfigFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigFile").field("auths", &self.auths.keys()).field("helpers", &self.helpers).finish()
    }
}

// === impl Auth ===

struct NoCredentials;

impl Auth {
    fn credentials(&self) -> Result<Option<Credentials>, NoCredentials> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        if let Some(token) = given(&self.identitytoken) {
            return Ok(Some(Credentials::IdentityToken(Secret::new(&token))));
        }
        if let Some(token) = given(&self.registrytoken) {
            return Ok(Some(Credentials::RegistryToken(Secret::new(&token))));
        }
        if let Some(auth) = given(&self.auth) {
            let decoded = STANDARD.decode(auth.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            let pair = decoded.ok_or(NoCredentials)?;
            let (username, password) = pair.split_once(':').ok_or(NoCredentials)?;
            return Ok(Some(password_of(username, password.trim_end_matches('\0'))));
        }
        Ok(given(&self.username)
            .zip(given(&self.password))
            .map(|(username, password)| password_of(&username, &password)))
    }
}

fn password_of(username: &str, password: &str) -> Credentials {
    Credentials::Password { username: username.into(), password: Secret::new(password) }
}

/// The host that a key of the file means: `https://reg.lan/v2/` is `reg.lan`.
fn host(key: &str) -> &str {
    let bare = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let host = bare.split('/').next().unwrap_or(bare);
    if HUB_HOSTS.contains(&host) { HUB } else { host }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{
        "auths": {
            "https://index.docker.io/v1/": { "auth": "bWU6aHVzaDpodXNo" },
            "index.docker.io": { "auth": "b3RoZXI6b2xk" },
            "https://reg.lan/v2/": { "username": "me", "password": "hush" },
            "registry:5000": { "auth": "bWU6aHVzaA==", "identitytoken": "token" },
            "empty": {},
            "broken": { "auth": "%" }
        },
        "credHelpers": { "gcr.io": "gcloud" }
    }"#;

    fn entry(registry: &str) -> Option<Credentials> {
        file().entry(registry, Path::new("config.json")).unwrap()
    }

    fn file() -> ConfigFile {
        ConfigFile::parse(FILE.as_bytes(), Path::new("config.json")).unwrap()
    }

    #[test]
    fn each_registry_is_found_by_its_host() {
        assert_eq!(entry("docker.io"), Some(password_of("me", "hush:hush")));
        assert_eq!(entry("reg.lan"), Some(password_of("me", "hush")));
        assert_eq!(entry("registry:5000"), Some(Credentials::IdentityToken(Secret::new("token"))));
        assert_eq!([entry("empty"), entry("quay.io")], [None, None]);
    }

    #[test]
    fn a_helper_is_asked_for_its_own_registry_only() {
        assert_eq!([file().helper("gcr.io"), file().helper("reg.lan")], [Some("gcloud"), None]);
        let stored = ConfigFile { store: Some("pass".into()), ..file() };
        assert_eq!([stored.helper("gcr.io"), stored.helper("reg.lan")], [Some("gcloud"), Some("pass")]);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_without_its_secrets() {
        let broken = file().entry("broken", Path::new("config.json")).unwrap_err().to_string();
        let message =
            "config.json: the entry of broken is no user and password; write it anew by `docker login broken`";
        assert_eq!(broken, message);
        let malformed = ConfigFile::parse(b"{\n \"auths\": \"hush\" }", Path::new("config.json")).unwrap_err();
        let message = "config.json: line 2: this is no config.json of Docker's client; write it anew by `docker login`";
        assert_eq!(malformed.to_string(), message);
        assert!(!format!("{:?} {malformed:?}", file()).contains("hush"));
    }
}
