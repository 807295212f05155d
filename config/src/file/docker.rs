//! `[docker]`: which Engine, and what canaryd may do there.

use std::fs::{self, File};
use std::io;
use std::num::NonZeroU16;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_spanned::Spanned;

use super::admin;
use super::count::WrittenCount;
use super::path::{SOCKET_PATH_BYTES_MAX, advice};
use super::problems::Section;
use crate::docker::{Docker, DockerHost, DockerMode, DockerTls, KEEP_RELEASES_MAX};
use crate::quoted::{Excerpt, Quoted};

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct WrittenDocker {
    mode: Option<Spanned<String>>,
    host: Option<Spanned<String>>,
    tls: Option<Spanned<WrittenTls>>,
    keep_releases: Option<Spanned<WrittenCount>>,
    registry_auth_file: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
struct WrittenTls {
    ca: Option<Spanned<String>>,
    cert: Option<Spanned<String>>,
    key: Option<Spanned<String>>,
}

// === impl WrittenDocker ===

impl WrittenDocker {
    pub(super) fn meant(self, section: &mut Section<'_, '_>) -> Docker {
        let default = Docker::default();
        let mode = self.mode.and_then(|written| section.choice("mode", &written, &DockerMode::ALL, DockerMode::as_str));
        let mode = mode.unwrap_or(default.mode);
        let of_provision = [
            ("keep_releases", self.keep_releases.as_ref().map(Spanned::span)),
            ("registry_auth_file", self.registry_auth_file.as_ref().map(Spanned::span)),
        ];
        for (name, place) in of_provision.into_iter().filter_map(|(name, place)| Some((name, place?))) {
            if mode == DockerMode::Discover {
                section.warn(name, &place, "nothing is deployed; write mode = \"provision\", or remove this");
            }
        }
        let keep_releases = section.count(
            "keep_releases",
            self.keep_releases.as_ref(),
            &(0..=KEEP_RELEASES_MAX),
            default.keep_releases,
        );
        let registry_auth_file =
            self.registry_auth_file.map(|file| section.readable("registry_auth_file", &file, "config.json"));
        let host = match self.host {
            Some(written) => section.docker_host(&written),
            None => Some(default.host),
        };
        let tls = self.tls.map(|tls| (tls.span(), tls.into_inner()));
        let host = match (host, tls) {
            (Some(DockerHost::Tcp { address, .. }), Some((span, tls))) => {
                DockerHost::Tcp { address, tls: tls.meant(&span, &mut section.child("tls")) }
            }
            (Some(host @ DockerHost::Unix(_)), Some((span, _))) => {
                let message = "a socket of this machine has no TLS; write host = \"tcp://HOST:PORT\", or remove this";
                section.report("tls", &span, message);
                host
            }
            (Some(host), None) => host,
            (None, tls) => {
                tls.map(|(span, tls)| tls.meant(&span, &mut section.child("tls")));
                Docker::default().host
            }
        };
        Docker { mode, host, keep_releases, registry_auth_file }
    }
}

// === impl WrittenTls ===

impl WrittenTls {
    fn meant(self, span: &Range<usize>, section: &mut Section<'_, '_>) -> Option<DockerTls> {
        let files = [("ca", &self.ca), ("cert", &self.cert), ("key", &self.key)];
        let [ca, cert, key] = files.map(|(name, file)| {
            let file = file.as_ref()?;
            Some(section.readable(name, file, &format!("{name}.pem")))
        });
        if let (Some(ca), Some(cert), Some(key)) = (ca, cert, key) {
            return Some(DockerTls { ca, cert, key });
        }
        let missing = files.iter().filter(|(_, file)| file.is_none());
        let missing = missing.map(|(name, _)| format!("{name} = \"{name}.pem\"")).collect::<Vec<_>>().join(" and ");
        section.report_self(span, format_args!("TLS needs all of ca, cert and key; write {missing} too"));
        None
    }
}

// === impl Section ===

impl Section<'_, '_> {
    /// The Engine that a key of this table names.
    fn docker_host(&mut self, written: &Spanned<String>) -> Option<DockerHost> {
        let host = host(written.get_ref());
        host.map_err(|message| self.report("host", &written.span(), message)).ok()
    }

    /// The file that a key of this table names; it must be there to be read.
    fn readable(&mut self, name: &str, written: &Spanned<String>, example: &str) -> PathBuf {
        let path = self.path(name, Some(written.clone()), example.into());
        if !written.get_ref().is_empty()
            && let Err(error) = opened(&path)
        {
            let (shown, advice) = (Quoted(written.get_ref()), advice(&error));
            self.report(name, &written.span(), format_args!("the file {shown} cannot be read: {advice}"));
        }
        path
    }
}

/// Whether a file can be read. A folder can be opened, but not read.
fn opened(path: &Path) -> io::Result<()> {
    if fs::metadata(path)?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    File::open(path).map(drop)
}

fn host(text: &str) -> Result<DockerHost, String> {
    const EXAMPLES: &str = "\"unix:///var/run/docker.sock\" or \"tcp://127.0.0.1:2375\"";
    let shown = Quoted(text);
    if let Some(path) = text.strip_prefix("unix://") {
        if !Path::new(path).is_absolute() || path.contains('\0') {
            return Err(format!("{shown} is no socket; write its whole path, such as \"unix:///var/run/docker.sock\""));
        }
        if path.len() > SOCKET_PATH_BYTES_MAX {
            let length = path.len();
            return Err(format!("the path has {length} bytes; write one of at most {SOCKET_PATH_BYTES_MAX}"));
        }
        return Ok(DockerHost::Unix(path.into()));
    }
    if let Some(address) = text.strip_prefix("tcp://") {
        let tcp = |address| DockerHost::Tcp { address, tls: None };
        let message = || format!("{shown} names no host and port; write both, such as \"tcp://127.0.0.1:2375\"");
        return self::address(address).map(tcp).ok_or_else(message);
    }
    Err(match text.split_once("://") {
        Some(("http" | "https", rest)) => {
            let rest = Excerpt(rest.trim_end_matches('/'));
            format!("{shown} is written otherwise here; write \"tcp://{rest}\"")
        }
        Some(("ssh", _)) => format!("{shown} cannot be spoken to; forward its socket and write {EXAMPLES}"),
        _ => format!("{shown} is not an Engine; write {EXAMPLES}"),
    })
}

/// A host name or an IP address, and a port.
fn address(text: &str) -> Option<Box<str>> {
    let (name, port) = text.rsplit_once(':')?;
    let port: NonZeroU16 = port.parse().ok()?;
    let name = admin::host(name).ok()?;
    Some(format!("{name}:{port}").into())
}
