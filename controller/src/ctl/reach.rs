//! The way to canaryd: from what the command line and the environment say to somebody who can ask.

use std::path::Path;

use canary_config::secret::Secret;
use canary_config::token_file::{Readers, TokenError, TokenFile};

use crate::client::{Client, Endpoint};
use crate::ctl::args::{Found, Place};
use crate::ctl::exit_code::Exit;
use crate::ctl::failure::Failure;
use crate::ctl::output::Output;

/// Somebody who asks where it was said.
pub(super) fn client(place: &Place, output: &Output) -> Result<Client, Failure> {
    let endpoint = match place.find(|name| std::env::var_os(name))? {
        Found::Socket(path) => Endpoint::socket(path),
        Found::Remote { authority, token_file: None } => Endpoint::remote(authority, None),
        Found::Remote { authority, token_file: Some(path) } => {
            Endpoint::remote(authority, Some(&token(&path, output)?))
        }
    };
    Ok(Client::new(endpoint))
}

fn token(path: &Path, output: &Output) -> Result<Secret, Failure> {
    let shown = path.display();
    let wrong = |error: TokenError| Failure::plain(Exit::Usage, format!("the token file {shown} {error}"));
    let TokenFile { token, readers } = TokenFile::read(path).map_err(wrong)?;
    if readers == Readers::All {
        output.warn(&format!("everybody on this host can read the token file {shown}; `chmod o= {shown}`"));
    }
    Ok(token)
}
