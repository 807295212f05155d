//! `[admin]`: who may give orders, by the socket and over TCP.

use std::net::{Ipv6Addr, SocketAddr};

use serde::Deserialize;
use serde_spanned::Spanned;

use super::address::Purpose;
use super::path::SOCKET_PATH_BYTES_MAX;
use super::problems::{Placed, Section};
use crate::daemon::{Admin, RemoteAdmin};
use crate::quoted::Quoted;

/// The longest host name that DNS allows, in bytes.
const HOST_LENGTH_MAX: usize = 253;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct WrittenAdmin {
    socket: Option<Spanned<String>>,
    socket_group: Option<Spanned<String>>,
    socket_mode: Option<Spanned<String>>,
    address: Option<Spanned<String>>,
    bearer_token_file: Option<Spanned<String>>,
    hosts: Option<Spanned<Vec<Spanned<String>>>>,
}

/// What of the table is about TCP.
struct WrittenRemote {
    address: Option<Spanned<String>>,
    bearer_token_file: Option<Spanned<String>>,
    hosts: Option<Spanned<Vec<Spanned<String>>>>,
}

// === impl WrittenAdmin ===

impl WrittenAdmin {
    pub(super) fn meant(self, section: &mut Section<'_, '_>, bound: &[Placed<SocketAddr>]) -> Admin {
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
        let Self { address, bearer_token_file, hosts, .. } = self;
        let remote = WrittenRemote { address, bearer_token_file, hosts }.meant(section, bound);
        Admin { socket, socket_group, socket_mode, remote }
    }
}

fn octal(text: &str) -> Result<u32, String> {
    let is_octal = (3..=4).contains(&text.len()) && text.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| is_octal && *mode <= 0o777);
    mode.ok_or_else(|| format!("{} is not a mode; write octal digits, such as \"0660\"", Quoted(text)))
}

// === impl WrittenRemote ===

impl WrittenRemote {
    fn meant(self, section: &mut Section<'_, '_>, bound: &[Placed<SocketAddr>]) -> Option<RemoteAdmin> {
        let Some(written) = self.address else {
            let useless = [
                ("bearer_token_file", self.bearer_token_file.map(|file| file.span())),
                ("hosts", self.hosts.map(|hosts| hosts.span())),
            ];
            for (name, place) in useless.into_iter().filter_map(|(name, place)| Some((name, place?))) {
                let example = Purpose::Admin.example();
                let message = format!("nobody is listened to over TCP; write address = \"{example}\", or remove this");
                section.report(name, &place, message);
            }
            return None;
        };
        let address = section.address("address", &written, Purpose::Admin);
        if let Some(address) = &address {
            section.bound_apart(address, bound);
            if address.value.ip().is_unspecified() && self.hosts.is_none() {
                let message = "no request names this address as its host; write those that they name, such as \
                               hosts = [\"edge.example.com\"]";
                section.warn("address", &address.span, message);
            }
            if !address.value.ip().is_loopback() {
                let message = "the token and every order cross the network in the clear; write a loopback address, \
                               or let only a proxy with TLS reach this one";
                section.warn("address", &address.span, message);
            }
        }
        if self.bearer_token_file.is_none() {
            let message = "orders over TCP need a token; write bearer_token_file = \"token\", and the token into that \
                           file, or remove this";
            section.report("address", &written.span(), message);
        }
        let bearer_token = section.token("bearer_token_file", self.bearer_token_file);
        let hosts = self.hosts.map(|hosts| section.hosts("hosts", hosts.get_ref())).unwrap_or_default();
        Some(RemoteAdmin { address: address?.value, bearer_token: bearer_token?, hosts })
    }
}

// === impl Section ===

impl Section<'_, '_> {
    /// The hosts that an array of this table gives, in lower case.
    fn hosts(&mut self, name: &str, written: &[Spanned<String>]) -> Vec<Box<str>> {
        let mut hosts = Vec::new();
        for (index, text) in written.iter().enumerate() {
            match host(text.get_ref()) {
                Ok(host) => hosts.push(host),
                Err(message) => {
                    let key = self.key().child(name).item(index);
                    self.report_at(&key, &text.span(), message);
                }
            }
        }
        hosts
    }
}

/// A host as a request names it in `Host`, without its port.
pub(super) fn host(text: &str) -> Result<Box<str>, String> {
    let host = text.to_ascii_lowercase();
    let address = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
    let is_address = address.is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok());
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if is_address || (host.len() <= HOST_LENGTH_MAX && host.split('.').all(is_label)) {
        return Ok(host.into());
    }
    Err(format!(
        "{} is not a host; write a name or an IP address without port, such as \"edge.example.com\"",
        Quoted(text)
    ))
}
