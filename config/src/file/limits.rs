//! `[limits]`: what clients may use up.

use serde::Deserialize;
use serde_spanned::Spanned;

use super::count::WrittenCount;
use super::duration::{WAIT, WrittenDuration};
use super::problems::Section;
use crate::daemon::Limits;

/// More than any one host has sockets for.
const CONNECTIONS_MAX: usize = 1_000_000;
/// A head is kept in memory whole while it is read.
const HEAD_BYTES_MAX: usize = 1024 * 1024;
/// Less than this, and an ordinary browser would be refused.
const HEAD_BYTES_MIN: usize = 1024;
/// The most fields that the HTTP reader takes.
const HEAD_FIELDS_MAX: usize = 256;
const HEAD_FIELDS_MIN: usize = 8;
const TARGET_BYTES_MIN: usize = 64;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct WrittenLimits {
    connections: Option<Spanned<WrittenCount>>,
    connections_per_ip: Option<Spanned<WrittenCount>>,
    head_timeout: Option<Spanned<WrittenDuration>>,
    keep_alive: Option<Spanned<WrittenDuration>>,
    body_idle: Option<Spanned<WrittenDuration>>,
    head_bytes: Option<Spanned<WrittenCount>>,
    head_fields: Option<Spanned<WrittenCount>>,
    target_bytes: Option<Spanned<WrittenCount>>,
}

// === impl WrittenLimits ===

impl WrittenLimits {
    pub(super) fn meant(self, section: &mut Section<'_, '_>) -> Limits {
        let default = Limits::default();
        let connections = 1..=CONNECTIONS_MAX;
        let (bytes, fields) = (HEAD_BYTES_MIN..=HEAD_BYTES_MAX, HEAD_FIELDS_MIN..=HEAD_FIELDS_MAX);
        let head_bytes = section.count("head_bytes", self.head_bytes.as_ref(), &bytes, default.head_bytes);
        // The target is a part of the head.
        let target = TARGET_BYTES_MIN..=head_bytes;
        Limits {
            connections: section.count("connections", self.connections.as_ref(), &connections, default.connections),
            connections_per_ip: section.count(
                "connections_per_ip",
                self.connections_per_ip.as_ref(),
                &connections,
                default.connections_per_ip,
            ),
            head_timeout: section.duration("head_timeout", self.head_timeout, WAIT, default.head_timeout),
            keep_alive: section.duration("keep_alive", self.keep_alive, WAIT, default.keep_alive),
            body_idle: section.duration("body_idle", self.body_idle, WAIT, default.body_idle),
            head_bytes,
            head_fields: section.count("head_fields", self.head_fields.as_ref(), &fields, default.head_fields),
            target_bytes: section.count(
                "target_bytes",
                self.target_bytes.as_ref(),
                &target,
                default.target_bytes.min(head_bytes),
            ),
        }
    }
}
