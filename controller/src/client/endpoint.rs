//! Where canaryd is asked: at its socket, or at an address with a token.

use core::net::IpAddr;
use std::fmt;
use std::io;
use std::path::PathBuf;

use canary_config::secret::Secret;
use http::header::{AUTHORIZATION, HOST};
use http::request::Builder;
use http::uri::Authority;
use http::{HeaderValue, Method, Request};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::client::{CONNECT_TIMEOUT, Error};

/// The port of an address that names none.
const PORT_DEFAULT: u16 = 80;

/// Where canaryd is asked.
#[derive(Clone, Debug)]
pub struct Endpoint(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Socket(PathBuf),
    Remote { authority: Authority, authorization: Option<HeaderValue> },
}

/// A connection of either kind.
pub(super) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

// === impl Endpoint ===

impl Endpoint {
    /// The control socket at this path.
    #[must_use]
    pub const fn socket(path: PathBuf) -> Self {
        Self(Kind::Socket(path))
    }

    /// An address, in plain HTTP, and the bearer token that it wants: one word of visible ASCII, else none is sent.
    #[must_use]
    pub fn remote(authority: Authority, token: Option<&Secret>) -> Self {
        let bearer = |token: &Secret| {
            let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose())).ok()?;
            value.set_sensitive(true);
            Some(value)
        };
        let authorization = token.and_then(bearer);
        Self(Kind::Remote { authority, authorization })
    }

    /// A request to it, without what it is about.
    pub(super) fn request(&self, method: Method, target: &str) -> Builder {
        let request = Request::builder().method(method).uri(target);
        match &self.0 {
            Kind::Socket(_) => request.header(HOST, "canaryd"),
            Kind::Remote { authority, authorization } => {
                let request = request.header(HOST, authority.as_str());
                authorization.iter().fold(request, |request, value| request.header(AUTHORIZATION, value))
            }
        }
    }

    pub(super) async fn connect(&self) -> Result<Box<dyn Wire>, Error> {
        let connected = timeout(CONNECT_TIMEOUT, self.open()).await;
        let connected = connected.unwrap_or_else(|_elapsed| Err(io::ErrorKind::TimedOut.into()));
        connected.map_err(|why| Error::Unreachable { place: self.clone(), why })
    }

    async fn open(&self) -> io::Result<Box<dyn Wire>> {
        match &self.0 {
            Kind::Socket(path) => Ok(Box::new(UnixStream::connect(path).await?)),
            Kind::Remote { authority, .. } => {
                let host = authority.host().trim_start_matches('[').trim_end_matches(']');
                let port = authority.port_u16().unwrap_or(PORT_DEFAULT);
                Ok(Box::new(TcpStream::connect((host, port)).await?))
            }
        }
    }

    /// Whether others can read what is sent to it: it goes over a network, as it is.
    #[must_use]
    pub fn is_exposed(&self) -> bool {
        let Kind::Remote { authority, .. } = &self.0 else { return false };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        !(host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()))
    }

    /// Whether it is an address.
    #[must_use]
    pub const fn is_remote(&self) -> bool {
        matches!(self.0, Kind::Remote { .. })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Socket(path) => path.display().fmt(f),
            Kind::Remote { authority, .. } => write!(f, "http://{authority}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_over_a_network_is_told_from_what_stays_here() {
        let is_exposed = |text: &'static str| Endpoint::remote(Authority::from_static(text), None).is_exposed();
        assert!(["10.0.0.2:9902", "edge.example", "[fd00::1]:9902", "localhost.example"].into_iter().all(is_exposed));
        assert!(!["127.0.0.1:9902", "localhost:9902", "[::1]:9902"].into_iter().any(is_exposed));
        assert!(!Endpoint::socket("/run/canaryd.sock".into()).is_exposed());
    }
}
