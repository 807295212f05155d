//! The proof that everything on which decisions rest is what was recorded.
//!
//! Each row of the services and of the freezes has a checksum, and the seal has one over all of them, the way the
//! process stopped, and the last number of the audit trail. SQLite finds damage to its own structure; the checksums
//! find damage to a row, and the seal finds rows that are gone.

use std::collections::BTreeMap;

use canary_config::name::ServiceName;
use rusqlite::{Connection, params};

use super::failure::Fault;
use super::{audit, freezes, services};
use crate::freeze::KeptFreeze;
use crate::rollout::{Saved, Stop};

/// What stands before the last number and before each freeze. Neither a name nor JSON holds it.
const SEPARATOR: u8 = 1;

/// What is kept, and was found to be whole.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) services: BTreeMap<ServiceName, Saved>,
    pub(super) freezes: Vec<KeptFreeze>,
    pub(super) stop: Stop,
    /// The number that was given last in the audit trail. It is kept here because its line may be gone.
    pub(super) last_entry: i64,
}

/// What is sealed, as it is written.
struct Sealed {
    services: Vec<services::Row>,
    freezes: Vec<freezes::Row>,
    stop: String,
    /// Nothing in a file that comes from version 1, until it is sealed anew.
    last_entry: Option<i64>,
}

/// Reads everything, and trusts only what is whole.
pub(super) fn read(connection: &Connection) -> Result<Held, Fault> {
    let (stop, last_entry, crc32): (String, Option<i64>, u32) =
        connection.query_row("SELECT stop, last_entry, crc32 FROM seal WHERE id = 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
    let sealed = Sealed::of(connection, stop, last_entry)?;
    if sealed.checksum() != crc32 {
        return Err(Fault::Wrong("the seal over all services and freezes does not match them".to_owned()));
    }
    Ok(Held {
        services: services::parse(&sealed.services)?,
        freezes: freezes::parse(&sealed.freezes)?,
        stop: parse_stop(&sealed.stop)?,
        last_entry: sealed.last_entry.map_or_else(|| audit::newest(connection), Ok)?,
    })
}

/// Seals what is written.
pub(super) fn write(connection: &Connection, stop: Stop, last_entry: i64) -> Result<(), Fault> {
    let sealed = Sealed::of(connection, stop_label(stop).to_owned(), Some(last_entry))?;
    connection.execute(
        "INSERT OR REPLACE INTO seal (id, stop, last_entry, crc32) VALUES (1, ?1, ?2, ?3)",
        params![sealed.stop, sealed.last_entry, sealed.checksum()],
    )?;
    Ok(())
}

/// The checksum of a row. No text in one holds a zero byte, so two different rows never look alike.
pub(super) fn checksum(texts: &[&str]) -> u32 {
    crc32fast::hash(texts.join("\0").as_bytes())
}

// === impl Sealed ===

impl Sealed {
    fn of(connection: &Connection, stop: String, last_entry: Option<i64>) -> Result<Self, Fault> {
        Ok(Self { services: services::rows(connection)?, freezes: freezes::rows(connection)?, stop, last_entry })
    }

    /// No two different contents look alike. Without freezes and a last number it is the checksum of version 1.
    fn checksum(&self) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        for row in &self.services {
            for text in [&row.name, &row.saved] {
                hasher.update(text.as_bytes());
                hasher.update(&[0]);
            }
        }
        hasher.update(self.stop.as_bytes());
        let last_entry = self.last_entry.map(|last| last.to_string());
        for text in last_entry.iter().chain(self.freezes.iter().map(|row| &row.kept)) {
            hasher.update(&[SEPARATOR]);
            hasher.update(text.as_bytes());
        }
        hasher.finalize()
    }
}

// === functions ===

const fn stop_label(stop: Stop) -> &'static str {
    match stop {
        Stop::Orderly => "orderly",
        Stop::Unclean => "unclean",
    }
}

fn parse_stop(text: &str) -> Result<Stop, Fault> {
    [Stop::Orderly, Stop::Unclean]
        .into_iter()
        .find(|stop| stop_label(*stop) == text)
        .ok_or_else(|| Fault::Wrong(format!("`{text}` is no way to stop")))
}
