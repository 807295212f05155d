//! Where an Engine is, and how it is spoken with.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use bollard::{API_DEFAULT_VERSION, BollardRequest, Docker};
use canary_config::docker::{DockerHost, DockerTls};
use http::HeaderValue;

use super::HostError;

/// The header of the credentials of a registry.
const REGISTRY_AUTH: &str = "x-registry-auth";

/// Where an Engine is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// At a socket of this machine.
    Unix(PathBuf),
    /// Over TCP.
    Tcp {
        /// A host name or an IP address, and a port.
        address: Box<str>,
        /// How both sides prove who they are.
        tls: Option<Tls>,
    },
}

/// The PEM files by which canaryd and an Engine know each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// Who signed the Engine's certificate.
    pub ca: PathBuf,
    /// The certificate of canaryd.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

// === impl Endpoint ===

impl From<&DockerHost> for Endpoint {
    fn from(host: &DockerHost) -> Self {
        match host.clone() {
            DockerHost::Unix(path) => Self::Unix(path),
            DockerHost::Tcp { address, tls } => {
                let tls = tls.map(|DockerTls { ca, cert, key }| Tls { ca, cert, key });
                Self::Tcp { address, tls }
            }
        }
    }
}

impl Endpoint {
    pub(super) fn is_local(&self) -> bool {
        matches!(self, Self::Unix(_))
    }

    /// A client, which has not spoken yet.
    pub(in crate::docker) fn docker(&self, limit: Duration) -> Result<Docker, HostError> {
        let limit = limit.as_secs();
        let docker = match self {
            Self::Unix(path) => Docker::connect_with_unix(&path.to_string_lossy(), limit, API_DEFAULT_VERSION),
            Self::Tcp { address, tls: None } => {
                Docker::connect_with_http(&format!("tcp://{address}"), limit, API_DEFAULT_VERSION)
            }
            Self::Tcp { address, tls: Some(tls) } => {
                let address = format!("tcp://{address}");
                Docker::connect_with_ssl(&address, &tls.key, &tls.cert, &tls.ca, limit, API_DEFAULT_VERSION)
            }
        };
        let docker = docker.map_err(|why| HostError::Unreachable { at: self.to_string(), why: why.to_string() })?;
        Ok(docker.with_request_modifier(in_the_alphabet_of_urls))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp { address, .. } => write!(f, "tcp://{address}"),
        }
    }
}

/// An Engine reads credentials in the alphabet of URLs, and takes no notice of those that it cannot read; the client
/// writes them in the other alphabet.
fn in_the_alphabet_of_urls(mut request: BollardRequest) -> BollardRequest {
    if let Some(value) = request.headers_mut().get_mut(REGISTRY_AUTH) {
        let text: Vec<u8> = value
            .as_bytes()
            .iter()
            .map(|byte| match byte {
                b'+' => b'-',
                b'/' => b'_',
                other => *other,
            })
            .collect();
        if let Ok(mut fixed) = HeaderValue::from_bytes(&text) {
            fixed.set_sensitive(true);
            *value = fixed;
        }
    }
    request
}
