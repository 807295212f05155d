//! A line of the audit trail as it is written, and the proof that it is what was recorded.

use canary_config::name::ServiceName;
use rusqlite::types::ToSql;
use rusqlite::{Connection, Row};
use serde::Serialize;

use super::failure::Fault;
use crate::api::HistoryEntry;
use crate::date;
use crate::idempotency::IdempotencyKey;
use crate::store::Entry;

/// What [`read`] takes, in its order.
pub(super) const COLUMNS: &str = "id, at, service, generation, actor, command, note, transition, evidence, key, crc32";

/// What stands in the place of a name where a line is about all services. No service can have this name.
const ALL_SERVICES: &str = "*";

/// A line as it is written. Its checksum is that of its JSON.
///
/// Version 1 had no keys, and its checksum did not cover the number; its lines are read by that rule.
#[derive(Serialize)]
struct Line {
    at: String,
    service: String,
    generation: i64,
    actor: String,
    command: Option<String>,
    note: Option<String>,
    transition: String,
    evidence: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<i64>,
}

/// A line that was read, and is whole.
pub(super) struct KeptLine {
    /// What everybody may see of it.
    pub(super) entry: HistoryEntry,
    /// The client's name for the command.
    pub(super) key: Option<IdempotencyKey>,
}

/// Writes a line. What has its number already is damage, as numbers are never given twice.
pub(super) fn write(connection: &Connection, id: i64, entry: &Entry) -> Result<(), Fault> {
    let line = Line::of(id, entry)?;
    let crc32 = line.checksum()?;
    let values: [&dyn ToSql; 11] = [
        &line.id,
        &line.at,
        &line.service,
        &line.generation,
        &line.actor,
        &line.command,
        &line.note,
        &line.transition,
        &line.evidence,
        &line.key,
        &crc32,
    ];
    connection.execute(
        &format!("INSERT OR REPLACE INTO audit ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"),
        values,
    )?;
    Ok(())
}

/// Reads a row of [`COLUMNS`].
pub(super) fn read(row: &Row) -> Result<KeptLine, Fault> {
    let id = row.get(0)?;
    let line = Line {
        at: row.get(1)?,
        service: row.get(2)?,
        generation: row.get(3)?,
        actor: row.get(4)?,
        command: row.get(5)?,
        note: row.get(6)?,
        transition: row.get(7)?,
        evidence: row.get(8)?,
        key: row.get(9)?,
        id: Some(id),
    }
    .proved_by(row.get(10)?)?;
    let key = line.key.as_deref().map(str::parse).transpose();
    let entry = HistoryEntry {
        id,
        service: match line.service.as_str() {
            ALL_SERVICES => None,
            name => Some(name.parse().map_err(|error| Fault::Wrong(format!("{error}")))?),
        },
        transition: serde_json::from_str(&line.transition)?,
        // Evidence that an older canaryd wrote with an infinity in it cannot be read, and the line is worth having.
        evidence: line.evidence.and_then(|text| serde_json::from_str(&text).ok()),
        at: line.at,
        actor: line.actor,
        command: line.command,
        note: line.note,
    };
    Ok(KeptLine { entry, key: key.map_err(|error| Fault::Wrong(format!("{error}")))? })
}

// === impl Line ===

impl Line {
    fn of(id: i64, entry: &Entry) -> Result<Self, Fault> {
        let generation = entry.transition.as_ref().map_or(0, |transition| transition.generation.get());
        Ok(Self {
            at: date::to_the_millisecond(entry.at),
            service: entry.service.as_ref().map_or(ALL_SERVICES, ServiceName::as_str).to_owned(),
            generation: i64::try_from(generation).unwrap_or(i64::MAX),
            actor: entry.actor.clone(),
            command: entry.command.clone(),
            note: entry.note.clone(),
            transition: serde_json::to_string(&entry.transition)?,
            evidence: entry.evidence.as_ref().map(serde_json::to_string).transpose()?,
            key: entry.key.as_ref().map(ToString::to_string),
            id: Some(id),
        })
    }

    fn checksum(&self) -> Result<u32, Fault> {
        Ok(crc32fast::hash(&serde_json::to_vec(self)?))
    }

    /// The line, if its checksum is this one by the present rule or by that of version 1.
    fn proved_by(mut self, crc32: u32) -> Result<Self, Fault> {
        if self.checksum()? == crc32 {
            return Ok(self);
        }
        self.id = None;
        if self.key.is_none() && self.checksum()? == crc32 {
            return Ok(self);
        }
        Err(Fault::Wrong("its checksum does not match".to_owned()))
    }
}
