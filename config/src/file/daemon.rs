//! `[admin]`, `[metrics]`, `[store]`, `[access_log]` and `[proxy]`: what concerns the daemon alone.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::Path;

use serde::Deserialize;
use serde_spanned::Spanned;

use super::address::Purpose;
use super::count::WrittenCount;
use super::duration::{WAIT_OR_NONE, WrittenDuration};
use super::problems::{Placed, Section};
use crate::daemon::{AccessLog, Admin, Metrics, Proxy};
use crate::quoted::Quoted;

/// The longest path that a Unix socket can have, in bytes, without its final zero.
const SOCKET_PATH_BYTES_MAX: usize = 107;
/// The most threads that the data plane may have.
const WORKERS_MAX: usize = 256;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct WrittenAdmin {
    socket: Option<Spanned<String>>,
    socket_group: Option<Spanned<String>>,
    socket_mode: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct WrittenMetrics {
    address: Option<Spanned<String>>,
    bearer_token_file: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct WrittenStore {
    pub(super) path: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct WrittenAccessLog {
    output: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct WrittenProxy {
    workers: Option<Spanned<WrittenCount>>,
    drain_timeout: Option<Spanned<WrittenDuration>>,
}

// === impl WrittenAdmin ===

impl WrittenAdmin {
    pub(super) fn meant(self, section: &mut Section<'_, '_>) -> Admin {
        let default = Admin::default();
        let span = self.socket.as_ref().map(Spanned::span).unwrap_or_default();
        let socket = section.path("socket", self.socket, default.socket);
        let length = socket.as_os_str().len();
        if length > SOCKET_PATH_BYTES_MAX {
            let message = format!("the path has {length} bytes; write one of at most {SOCKET_PATH_BYTES_MAX}");
            section.report("socket", &span, message);
        }
        let socket_group = self.socket_group.map(|group| {
            let text = group.get_ref();
            if text.is_empty() || text.contains(|c: char| c.is_whitespace() || c.is_control() || c == ':') {
                let message = format!("{} is not a group; write the name of one, such as \"docker\"", Quoted(text));
                section.report("socket_group", &group.span(), message);
            }
            text.as_str().into()
        });
        let socket_mode = self.socket_mode.map_or(default.socket_mode, |mode| {
            octal(mode.get_ref()).unwrap_or_else(|message| {
                section.report("socket_mode", &mode.span(), message);
                default.socket_mode
            })
        });
        Admin { socket, socket_group, socket_mode, remote: None }
    }
}

fn octal(text: &str) -> Result<u32, String> {
    let is_octal = (3..=4).contains(&text.len()) && text.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| is_octal && *mode <= 0o777);
    mode.ok_or_else(|| format!("{} is not a mode; write octal digits, such as \"0660\"", Quoted(text)))
}

// === impl WrittenMetrics ===

impl WrittenMetrics {
    pub(super) fn meant(self, section: &mut Section<'_, '_>, listeners: &[Placed<SocketAddr>]) -> Metrics {
        let default = Metrics::default();
        // The default may collide too; then the place is the file's first, and the key says which it is.
        let address = match &self.address {
            Some(written) => section.address("address", written, Purpose::Metrics),
            None => Some(Placed { key: section.key().child("address"), span: 0..0, value: default.address }),
        };
        if let Some(address) = &address {
            section.bound_apart(address, listeners);
        }
        let bearer_token = section.token("bearer_token_file", self.bearer_token_file);
        Metrics { address: address.map_or(default.address, |address| address.value), bearer_token }
    }
}

// === impl WrittenAccessLog ===

impl WrittenAccessLog {
    pub(super) fn meant(self, section: &mut Section<'_, '_>) -> AccessLog {
        let Some(output) = self.output else { return AccessLog::default() };
        match output.get_ref().as_str() {
            "stdout" => AccessLog::Stdout,
            "off" => AccessLog::Off,
            path if Path::new(path).is_absolute() && !path.contains('\0') => AccessLog::File(path.into()),
            other => {
                let message = format!(
                    "{} is not an output; write \"stdout\", \"off\" or a path that begins with a slash",
                    Quoted(other)
                );
                section.report("output", &output.span(), message);
                AccessLog::default()
            }
        }
    }
}

// === impl WrittenProxy ===

impl WrittenProxy {
    pub(super) fn meant(self, section: &mut Section<'_, '_>) -> Proxy {
        let default = Proxy::default();
        let workers = section.count("workers", self.workers.as_ref(), &(1..=WORKERS_MAX), default.workers.get());
        Proxy {
            workers: NonZeroUsize::new(workers).unwrap_or(default.workers),
            drain_timeout: section.duration("drain_timeout", self.drain_timeout, WAIT_OR_NONE, default.drain_timeout),
        }
    }
}
