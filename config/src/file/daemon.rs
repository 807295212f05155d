//! `[metrics]`, `[store]`, `[access_log]` and `[proxy]`: what concerns the daemon alone.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::Path;

use serde::Deserialize;
use serde_spanned::Spanned;

use super::address::Purpose;
use super::count::WrittenCount;
use super::duration::{WAIT_OR_NONE, WrittenDuration};
use super::problems::{Placed, Section};
use crate::daemon::{AccessLog, Metrics, Proxy};
use crate::quoted::Quoted;

/// The most threads that the data plane may have.
const WORKERS_MAX: usize = 256;

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

// === impl WrittenMetrics ===

impl WrittenMetrics {
    /// The page, and where its address is written.
    pub(super) fn meant(
        self,
        section: &mut Section<'_, '_>,
        listeners: &[Placed<SocketAddr>],
    ) -> (Metrics, Option<Placed<SocketAddr>>) {
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
        let bound = address.as_ref().map_or(default.address, |address| address.value);
        (Metrics { address: bound, bearer_token }, address)
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
