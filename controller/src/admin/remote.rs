//! The control interface over TCP: for whoever has the token and names a host that is ours.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use canary_config::daemon::RemoteAdmin;
use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, Uri};
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::admin::peer::Peer;
use crate::admin::refused::Refused;
use crate::api::{Problem, ProblemKind};
use crate::bearer::Bearer;
use crate::clock;

/// How long a request without the right token waits for its answer.
const REFUSAL_DELAY: Duration = Duration::from_millis(500);

/// So many of them wait at once; the next ones are answered without, so that they take nothing from anybody.
const DELAYED_MAX: usize = 16;

/// What may be asked without the token, and by any name: that the process answers.
const HEALTH_PATH: &str = "/healthz";

/// A bound address for the control interface.
#[derive(Debug)]
pub struct RemoteListener {
    listener: TcpListener,
    door: Door,
}

/// The address cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("admin.address: cannot listen on {address}: {why}; stop what listens there, or change the address")]
pub struct RemoteError {
    /// Which address.
    address: SocketAddr,
    /// What the system said.
    why: io::Error,
}

/// Who may come in.
#[derive(Debug)]
pub(super) struct Door {
    token: Bearer,
    hosts: Vec<Box<str>>,
    delayed: Semaphore,
    refused: Refused,
}

// === impl RemoteListener ===

impl RemoteListener {
    /// Binds the address.
    ///
    /// # Errors
    /// When the system says no.
    pub fn bind(config: &RemoteAdmin) -> Result<Self, RemoteError> {
        let bind = || {
            let listener = TcpListener::bind(config.address)?;
            listener.set_nonblocking(true)?;
            tracing::info!(listener = "admin", address = %listener.local_addr()?, "listening");
            Ok(listener)
        };
        let listener = bind().map_err(|why| RemoteError { address: config.address, why })?;
        Ok(Self { listener, door: Door::new(config) })
    }

    pub(super) fn into_parts(self) -> io::Result<(tokio::net::TcpListener, Arc<Door>)> {
        Ok((tokio::net::TcpListener::from_std(self.listener)?, Arc::new(self.door)))
    }
}

// === impl Door ===

impl Door {
    fn new(config: &RemoteAdmin) -> Self {
        Self {
            token: Bearer::new(config.bearer_token.clone()),
            hosts: config.hosts.clone(),
            delayed: Semaphore::new(DELAYED_MAX),
            refused: Refused::default(),
        }
    }

    /// Keeps whoever lacks the token waiting for a moment, as long as there is room to wait.
    async fn turn_away(&self, peer: IpAddr) -> Problem {
        self.refused.note(peer, clock::now());
        if let Ok(_place) = self.delayed.try_acquire() {
            sleep(REFUSAL_DELAY).await;
        }
        let message = "authorization: the token of admin.bearer_token_file is needed; send `Bearer TOKEN`";
        Problem::new(ProblemKind::Unauthorized, message)
    }
}

/// Lets a request pass that names a host of ours and carries the token.
pub(super) async fn at_the_door(
    State(door): State<Arc<Door>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let Peer::Remote { address, found_at } = peer else { return Ok(next.run(request).await) };
    if request.uri().path() == HEALTH_PATH {
        return Ok(next.run(request).await);
    }
    if !is_for_us(&door.hosts, found_at, request.uri(), request.headers()) {
        let message = "host: the request is for a host that is not ours; name it in admin.hosts if it is";
        return Err(Problem::new(ProblemKind::Misdirected, message));
    }
    if !door.token.is_in(request.headers()) {
        return Err(door.turn_away(address).await);
    }
    Ok(next.run(request).await)
}

/// Whether every host that a request names is ours. A page whose name was made to lead here names another.
fn is_for_us(hosts: &[Box<str>], found_at: IpAddr, uri: &Uri, headers: &HeaderMap) -> bool {
    let mut fields = headers.get_all(HOST).iter();
    let (Some(field), None) = (fields.next(), fields.next()) else { return false };
    let Some(named) = field.to_str().ok().and_then(|host| host.parse::<Authority>().ok()) else { return false };
    let is_plain = !named.as_str().contains('@');
    is_plain && is_ours(hosts, found_at, &named) && uri.authority().is_none_or(|named| is_ours(hosts, found_at, named))
}

fn is_ours(hosts: &[Box<str>], found_at: IpAddr, named: &Authority) -> bool {
    let host = named.host();
    let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    match literal.parse::<IpAddr>() {
        Ok(address) if address.to_canonical() == found_at => true,
        _ if found_at.is_loopback() && host.eq_ignore_ascii_case("localhost") => true,
        _ => hosts.iter().any(|ours| ours.eq_ignore_ascii_case(host) || ours.eq_ignore_ascii_case(literal)),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn is_taken(found_at: &str, hosts: &[&'static str], target: &str) -> bool {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(HOST, HeaderValue::from_static(host));
        }
        let found_at = found_at.parse().expect("an address");
        is_for_us(&["canary.test".into()], found_at, &target.parse().expect("a target"), &headers)
    }

    #[test]
    fn a_request_for_one_of_our_names_is_taken() {
        for (found_at, host) in [
            ("127.0.0.1", "localhost:9900"),
            ("127.0.0.1", "127.0.0.1"),
            ("::1", "[::1]:9900"),
            ("::1", "LOCALHOST"),
            ("10.0.0.5", "10.0.0.5:9900"),
            ("10.0.0.5", "Canary.test"),
            ("10.0.0.5", "canary.test:1"),
        ] {
            assert!(is_taken(found_at, &[host], "/v1/services"), "{host} at {found_at}");
            assert!(is_taken(found_at, &[host], &format!("http://{host}/v1/services")), "{host} at {found_at}");
        }
    }

    #[test]
    fn a_request_for_another_name_is_not() {
        for (found_at, hosts) in [
            ("127.0.0.1", &[][..]),
            ("127.0.0.1", &["evil.test"]),
            ("127.0.0.1", &["127.0.0.2"]),
            ("127.0.0.1", &["::1"]),
            ("10.0.0.5", &["localhost"]),
            ("10.0.0.5", &["canary.test.evil.test"]),
            ("10.0.0.5", &["evil.test@canary.test"]),
            ("10.0.0.5", &["canary.test", "evil.test"]),
            ("10.0.0.5", &[""]),
        ] {
            assert!(!is_taken(found_at, hosts, "/"), "{hosts:?} at {found_at}");
        }
        assert!(!is_taken("10.0.0.5", &["canary.test"], "http://evil.test/"), "the target counts too");
    }
}
