//! The way to canaryd: from what the command line and the environment say to somebody who can ask.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use canary_config::secret::Secret;

use crate::client::{Client, Endpoint};
use crate::ctl::args::{Found, Place};
use crate::ctl::exit_code::Exit;
use crate::ctl::failure::Failure;
use crate::ctl::output::Output;

/// The longest token, in bytes; canaryd takes no longer one either.
const TOKEN_BYTES_MAX: usize = 4 * 1024;

/// Permissions by which everybody may read a file.
const WORLD_READABLE: u32 = 0o004;

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
    let wrong = |what: &str| Failure::new(Exit::Usage, format!("the token file {shown} {what}"), "it holds one word");
    let (text, mode) = read(path).map_err(|error| wrong(&format!("cannot be read: {error}")))?;
    if mode & WORLD_READABLE != 0 {
        output.warn(&format!("everybody on this host can read the token file {shown}; `chmod o= {shown}`"));
    }
    let token = text.trim_end_matches(['\r', '\n']);
    match token.len() {
        0 => Err(wrong("is empty")),
        length if length > TOKEN_BYTES_MAX => Err(wrong(&format!("holds more than {TOKEN_BYTES_MAX} bytes"))),
        _ if token.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Secret::new(token)),
        _ => Err(wrong("holds more than one word of ASCII")),
    }
}

fn read(path: &Path) -> io::Result<(String, u32)> {
    let file = File::open(path)?;
    let mode = file.metadata()?.mode();
    let mut text = String::new();
    // One byte more than a token and its line end shows that the file is too long.
    file.take(TOKEN_BYTES_MAX as u64 + 3).read_to_string(&mut text)?;
    Ok((text, mode))
}
