//! Where canaryd listens: a flag wins over the environment, and that over the default.

use std::ffi::OsString;
use std::path::PathBuf;

use http::Uri;
use http::uri::Scheme;

use crate::ctl::args::help::GLOBAL_OPTIONS;
use crate::ctl::exit_code::Exit;
use crate::ctl::failure::Failure;

/// Where canaryd listens unless it was told otherwise.
const SOCKET_DEFAULT: &str = "/run/canaryd/canaryd.sock";

const HINT: &str = "write it as http://HOST:PORT, as `admin.address` in canaryd.toml has it";

/// Where canaryd listens.
#[derive(Debug, clap::Args)]
pub struct Place {
    /// The control socket of canaryd [env: CANARYD_SOCKET] [default: /run/canaryd/canaryd.sock]
    #[arg(long, global = true, value_name = "PATH", conflicts_with = "url", help_heading = GLOBAL_OPTIONS)]
    socket: Option<PathBuf>,
    /// Use canaryd's address, such as http://10.0.0.2:9902, not its socket [env: CANARYD_URL]
    #[arg(long, global = true, value_name = "URL", help_heading = GLOBAL_OPTIONS)]
    url: Option<String>,
    /// The file with the bearer token for --url [env: CANARYD_TOKEN_FILE]
    #[arg(long, global = true, value_name = "FILE", help_heading = GLOBAL_OPTIONS)]
    token_file: Option<PathBuf>,
}

/// Where canaryd is, and the file with the token for it.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::ctl) enum Found {
    /// At a socket.
    Socket(PathBuf),
    /// At an address.
    Remote { authority: http::uri::Authority, token_file: Option<PathBuf> },
}

// === impl Place ===

impl Place {
    /// Where canaryd is to be looked for.
    ///
    /// # Errors
    /// The URL is none that can be used.
    pub(in crate::ctl) fn find(&self, environment: impl Fn(&str) -> Option<OsString>) -> Result<Found, Failure> {
        let environment = |name: &str| environment(name).filter(|value| !value.is_empty());
        if let Some(socket) = &self.socket {
            return Ok(Found::Socket(socket.clone()));
        }
        let url = self.url.clone().or_else(|| environment("CANARYD_URL").map(|url| url.to_string_lossy().into_owned()));
        let Some(url) = url else {
            let socket = environment("CANARYD_SOCKET").unwrap_or_else(|| SOCKET_DEFAULT.into());
            return Ok(Found::Socket(socket.into()));
        };
        let token_file = self.token_file.clone().or_else(|| environment("CANARYD_TOKEN_FILE").map(PathBuf::from));
        Ok(Found::Remote { authority: authority(&url)?, token_file })
    }
}

fn authority(url: &str) -> Result<http::uri::Authority, Failure> {
    let wrong = |what: &str| Failure::new(Exit::Usage, format!("the URL {url} {what}"), HINT);
    let uri: Uri = url.parse().map_err(|error| wrong(&format!("cannot be read: {error}")))?;
    match uri.scheme() {
        Some(scheme) if *scheme == Scheme::HTTP => {}
        Some(scheme) if *scheme == Scheme::HTTPS => {
            let hint = "use http:// on a network that you trust, or the control socket, for example over ssh";
            return Err(Failure::new(Exit::Usage, format!("the URL {url}: https is not available yet"), hint));
        }
        _ => return Err(wrong("does not begin with http://")),
    }
    let is_bare = uri.path() == "/" && uri.query().is_none();
    let authority = uri.authority().filter(|authority| is_bare && !authority.as_str().contains('@'));
    authority.cloned().ok_or_else(|| wrong("says more than a host and a port"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(socket: Option<&str>, url: Option<&str>, environment: &[(&str, &str)]) -> Result<Found, Exit> {
        let place = Place { socket: socket.map(Into::into), url: url.map(Into::into), token_file: None };
        let value = |name: &str| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into());
        place.find(value).map_err(|failure| failure.exit)
    }

    fn socket(path: &str) -> Result<Found, Exit> {
        Ok(Found::Socket(path.into()))
    }

    fn remote(authority: &str) -> Result<Found, Exit> {
        Ok(Found::Remote { authority: authority.parse().unwrap(), token_file: None })
    }

    #[test]
    fn a_flag_wins_over_the_environment_and_a_url_over_a_socket() {
        let both = [("CANARYD_SOCKET", "/b"), ("CANARYD_URL", "http://b:2")];
        assert_eq!(find(None, None, &[]), socket(SOCKET_DEFAULT));
        assert_eq!(find(None, None, &[("CANARYD_SOCKET", "/b"), ("CANARYD_URL", "")]), socket("/b"));
        assert_eq!(find(Some("/a"), None, &both), socket("/a"));
        assert_eq!(find(None, Some("http://[::1]:1/"), &both), remote("[::1]:1"));
        assert_eq!(find(None, None, &both), remote("b:2"));
    }

    #[test]
    fn what_is_no_plain_address_is_refused() {
        for url in
            ["https://a:1", "a:1", "http://", "ftp://a", "http://a/v1", "http://a/?b", "http://me@a", "http://a b"]
        {
            assert_eq!(find(None, Some(url), &[]), Err(Exit::Usage), "{url}");
        }
    }
}
