//! The audit trail: what changed, when, on whose word and on what evidence. It is read by people; no decision rests
//! on it, so a line that is damaged is left out, and the rest is shown.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use canary_config::name::ServiceName;
use rusqlite::{Connection, Row, params};
use serde::Serialize;

use super::failure::Fault;
use crate::api::HistoryEntry;
use crate::store::{Entry, HISTORY_LIMIT_MAX, HistoryQuery};

/// So many lines are kept; the oldest go first.
pub const AUDIT_ROWS_MAX: u32 = 10_000;

/// What stands in the place of a name where a line is about all services. No service can have this name.
const ALL_SERVICES: &str = "*";

/// The last second of the year 9999, beyond which RFC 3339 has no words.
const LATEST: Duration = Duration::from_secs(253_402_300_799);

/// A line as it is written. Its checksum is that of its JSON.
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
}

/// Adds a line, and drops the oldest one if there are too many.
pub(super) fn append(connection: &Connection, entry: &Entry) -> Result<(), Fault> {
    let line = Line::of(entry)?;
    connection.execute(
        "INSERT INTO audit (at, service, generation, actor, command, note, transition, evidence, crc32)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            line.at,
            line.service,
            line.generation,
            line.actor,
            line.command,
            line.note,
            line.transition,
            line.evidence,
            line.checksum()?,
        ],
    )?;
    // Lines are only ever added at one end and dropped at the other, so their numbers have no gaps.
    connection.execute("DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?1", [AUDIT_ROWS_MAX])?;
    Ok(())
}

/// The newest lines first.
pub(super) fn select(connection: &Connection, query: &HistoryQuery) -> rusqlite::Result<Vec<HistoryEntry>> {
    let mut statement = connection.prepare(
        "SELECT id, at, service, generation, actor, command, note, transition, evidence, crc32
         FROM audit WHERE ?1 IS NULL OR service = ?1 ORDER BY id DESC LIMIT ?2",
    )?;
    let limit = u32::try_from(query.limit.min(HISTORY_LIMIT_MAX)).unwrap_or(u32::MAX);
    let mut rows = statement.query(params![query.service.as_ref().map(ServiceName::as_str), limit])?;
    let (mut entries, mut damaged) = (Vec::new(), 0_usize);
    while let Some(row) = rows.next()? {
        match read(row) {
            Ok(entry) => entries.push(entry),
            Err(_) => damaged += 1,
        }
    }
    if damaged > 0 {
        tracing::warn!(damaged, "lines of the audit trail are damaged and were left out");
    }
    Ok(entries)
}

// === impl Line ===

impl Line {
    fn of(entry: &Entry) -> Result<Self, Fault> {
        let generation = entry.transition.as_ref().map_or(0, |transition| transition.generation.get());
        Ok(Self {
            at: rfc_3339(entry.at),
            service: entry.service.as_ref().map_or(ALL_SERVICES, ServiceName::as_str).to_owned(),
            generation: i64::try_from(generation).unwrap_or(i64::MAX),
            actor: entry.actor.clone(),
            command: entry.command.clone(),
            note: entry.note.clone(),
            transition: serde_json::to_string(&entry.transition)?,
            evidence: entry.evidence.as_ref().map(serde_json::to_string).transpose()?,
        })
    }

    fn checksum(&self) -> Result<u32, Fault> {
        Ok(crc32fast::hash(&serde_json::to_vec(self)?))
    }
}

// === functions ===

fn read(row: &Row) -> Result<HistoryEntry, Fault> {
    let line = Line {
        at: row.get(1)?,
        service: row.get(2)?,
        generation: row.get(3)?,
        actor: row.get(4)?,
        command: row.get(5)?,
        note: row.get(6)?,
        transition: row.get(7)?,
        evidence: row.get(8)?,
    };
    if line.checksum()? != row.get::<_, u32>(9)? {
        return Err(Fault::Wrong("its checksum does not match".to_owned()));
    }
    Ok(HistoryEntry {
        id: row.get(0)?,
        service: match line.service.as_str() {
            ALL_SERVICES => None,
            name => Some(name.parse().map_err(|error| Fault::Wrong(format!("{error}")))?),
        },
        transition: serde_json::from_str(&line.transition)?,
        // JSON has no infinity: evidence that holds one is written and cannot be read, and the line is worth having.
        evidence: line.evidence.and_then(|text| serde_json::from_str(&text).ok()),
        at: line.at,
        actor: line.actor,
        command: line.command,
        note: line.note,
    })
}

/// A clock may be wrong by any amount, and then the nearest time that can be written is.
fn rfc_3339(at: SystemTime) -> String {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default().min(LATEST);
    humantime::format_rfc3339_millis(UNIX_EPOCH + since).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_can_be_written() {
        for (at, text) in [
            (UNIX_EPOCH + Duration::from_millis(1_790_000_000_123), "2026-09-21T14:13:20.123Z"),
            (UNIX_EPOCH - Duration::from_secs(9), "1970-01-01T00:00:00.000Z"),
            (UNIX_EPOCH + 2 * LATEST, "9999-12-31T23:59:59.000Z"),
        ] {
            assert_eq!(rfc_3339(at), text);
        }
    }
}
