//! The proof that everything on which decisions rest is what was recorded.
//!
//! Each row of the services and of the freezes has a checksum, and the seal has one over all of them, the way the
//! process stopped, the last number of the audit trail, and the seed. SQLite finds damage to its own structure; the
//! checksums find damage to a row, and the seal finds rows that are gone.
//!
//! The seal also says which evidence there is. Where that is not so, the rest is trusted all the same.

use std::collections::BTreeMap;

use canary_config::name::ServiceName;
use rusqlite::{Connection, params};

use super::failure::Fault;
use super::{audit, freezes, papers, services};
use crate::freeze::KeptFreeze;
use crate::rollout::{Saved, Stop};
use crate::store::Seed;

/// What stands before each text that is neither a service nor the way of the stop. Neither a name nor JSON holds it.
const SEPARATOR: u8 = 1;

/// The checksum where there is no evidence.
const NO_EVIDENCE: u32 = 0;

/// What is kept, and was found to be whole.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) services: BTreeMap<ServiceName, Saved>,
    pub(super) freezes: Vec<KeptFreeze>,
    pub(super) stop: Stop,
    /// The number that was given last in the audit trail. It is kept here because its line may be gone.
    pub(super) last_entry: i64,
    /// A new one where there was none yet. It counts from when it is sealed.
    pub(super) seed: Seed,
    pub(super) evidence: Evidence,
}

/// Whether the evidence that is there is the evidence that was left there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Evidence {
    Whole,
    Torn,
}

/// What is sealed, as it is written.
struct Sealed {
    services: Vec<services::Row>,
    freezes: Vec<freezes::Row>,
    stop: String,
    /// Nothing in a file that comes from version 1, until it is sealed anew.
    last_entry: Option<i64>,
    /// The checksum of the evidence, and the seed; nothing in a file that comes from version 2, until it is sealed anew.
    evidence: Option<u32>,
    seed: Option<String>,
}

/// Reads everything, and trusts only what is whole.
pub(super) fn read(connection: &Connection) -> Result<Held, Fault> {
    let (sealed, crc32) = Sealed::read(connection)?;
    if sealed.checksum() != crc32 {
        return Err(Fault::Wrong("the seal over all services and freezes does not match them".to_owned()));
    }
    let seed = sealed.seed.as_deref().map(|text| Seed::from_hex(text).ok_or("the seed cannot be read"));
    let is_whole = sealed.evidence.unwrap_or(NO_EVIDENCE) == papers::evidence_checksum(connection)?;
    Ok(Held {
        services: services::parse(&sealed.services)?,
        freezes: freezes::parse(&sealed.freezes)?,
        stop: parse_stop(&sealed.stop)?,
        last_entry: sealed.last_entry.map_or_else(|| audit::newest(connection), Ok)?,
        seed: seed.unwrap_or_else(|| Ok(Seed::fresh())).map_err(|found| Fault::Wrong(found.to_owned()))?,
        evidence: if is_whole { Evidence::Whole } else { Evidence::Torn },
    })
}

/// Seals what is written.
pub(super) fn write(connection: &Connection, stop: Stop, last_entry: i64, seed: &Seed) -> Result<(), Fault> {
    let sealed = Sealed {
        services: services::rows(connection)?,
        freezes: freezes::rows(connection)?,
        stop: stop_label(stop).to_owned(),
        last_entry: Some(last_entry),
        evidence: Some(papers::evidence_checksum(connection)?),
        seed: Some(seed.to_hex()),
    };
    connection.execute(
        "INSERT OR REPLACE INTO seal (id, stop, last_entry, evidence, seed, crc32) VALUES (1, ?1, ?2, ?3, ?4, ?5)",
        params![sealed.stop, sealed.last_entry, sealed.evidence, sealed.seed, sealed.checksum()],
    )?;
    Ok(())
}

/// The checksum of a row. No text in one holds a zero byte, so two different rows never look alike.
pub(super) fn checksum(texts: &[&str]) -> u32 {
    crc32fast::hash(texts.join("\0").as_bytes())
}

// === impl Sealed ===

impl Sealed {
    /// What was sealed, and the checksum beside it.
    fn read(connection: &Connection) -> Result<(Self, u32), Fault> {
        let (services, freezes) = (services::rows(connection)?, freezes::rows(connection)?);
        let columns = "SELECT stop, last_entry, evidence, seed, crc32 FROM seal WHERE id = 1";
        let sealed = connection.query_row(columns, [], |row| {
            let (stop, last_entry, evidence, seed) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            Ok((Self { services, freezes, stop, last_entry, evidence, seed }, row.get(4)?))
        })?;
        Ok(sealed)
    }

    /// No two different contents look alike. Without what is newer it is the checksum of the version that lacked it.
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
        let evidence = self.evidence.map(|checksum| checksum.to_string());
        let freezes = self.freezes.iter().map(|row| &row.kept);
        for text in last_entry.iter().chain(freezes).chain(&evidence).chain(&self.seed) {
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
