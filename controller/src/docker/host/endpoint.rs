//! Where an Engine is, and how it is spoken with.

use std::time::Duration;

use bollard::{API_DEFAULT_VERSION, BollardRequest, Docker};
use canary_config::docker::DockerHost;
use http::HeaderValue;

use super::HostError;

/// The header of the credentials of a registry.
const REGISTRY_AUTH: &str = "x-registry-auth";

/// A client of the Engine there, which has not spoken yet.
pub(in crate::docker) fn client(host: &DockerHost, limit: Duration) -> Result<Docker, HostError> {
    let limit = limit.as_secs();
    let docker = match host {
        DockerHost::Unix(path) => Docker::connect_with_unix(&path.to_string_lossy(), limit, API_DEFAULT_VERSION),
        DockerHost::Tcp { address, tls: None } => {
            Docker::connect_with_http(&format!("tcp://{address}"), limit, API_DEFAULT_VERSION)
        }
        DockerHost::Tcp { address, tls: Some(tls) } => {
            let address = format!("tcp://{address}");
            Docker::connect_with_ssl(&address, &tls.key, &tls.cert, &tls.ca, limit, API_DEFAULT_VERSION)
        }
    };
    let docker = docker.map_err(|why| HostError::Unreachable { at: shown(host), why: why.to_string() })?;
    Ok(docker.with_request_modifier(in_the_alphabet_of_urls))
}

/// Where it is, in words.
pub(in crate::docker) fn shown(host: &DockerHost) -> String {
    match host {
        DockerHost::Unix(path) => format!("unix://{}", path.display()),
        DockerHost::Tcp { address, .. } => format!("tcp://{address}"),
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
