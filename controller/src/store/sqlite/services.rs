//! The rollout of every service, and the proof that it is what was recorded.
//!
//! Each row has a checksum, and a seal has one over all rows and the way the process stopped. SQLite finds damage to
//! its own structure; the checksums find damage to a row, and the seal finds rows that are gone.

use std::collections::BTreeMap;

use canary_config::name::ServiceName;
use rusqlite::{Connection, params};

use super::failure::Fault;
use crate::rollout::{Saved, Stop};
use crate::store::Loaded;

/// A row as it is written.
struct Row {
    name: String,
    saved: String,
    crc32: u32,
}

/// Reads everything, and trusts only what is whole.
pub(super) fn read(connection: &Connection) -> Result<Loaded, Fault> {
    let rows = rows(connection)?;
    let (stop, crc32): (String, u32) =
        connection.query_row("SELECT stop, crc32 FROM seal WHERE id = 1", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if sealed(&rows, &stop) != crc32 {
        return Err(Fault::Wrong("the seal over all services does not match them".to_owned()));
    }
    let services = rows.iter().map(parse).collect::<Result<BTreeMap<_, _>, _>>()?;
    Ok(Loaded { services, stop: parse_stop(&stop)?, freezes: Vec::new(), answered: Vec::new() })
}

/// Writes one service's row. The seal is broken until [`seal`] is called in the same transaction.
pub(super) fn put(connection: &Connection, service: &ServiceName, saved: &Saved) -> Result<(), Fault> {
    let saved = serde_json::to_string(saved)?;
    let crc32 = checksum(service.as_str(), &saved);
    connection.execute(
        "INSERT OR REPLACE INTO services (name, saved, crc32) VALUES (?1, ?2, ?3)",
        params![service.as_str(), saved, crc32],
    )?;
    Ok(())
}

/// Seals what is written.
pub(super) fn seal(connection: &Connection, stop: Stop) -> Result<(), Fault> {
    let stop = stop_label(stop);
    let crc32 = sealed(&rows(connection)?, stop);
    connection.execute("INSERT OR REPLACE INTO seal (id, stop, crc32) VALUES (1, ?1, ?2)", params![stop, crc32])?;
    Ok(())
}

fn rows(connection: &Connection) -> rusqlite::Result<Vec<Row>> {
    connection
        .prepare("SELECT name, saved, crc32 FROM services ORDER BY name")?
        .query_map([], |row| Ok(Row { name: row.get(0)?, saved: row.get(1)?, crc32: row.get(2)? }))?
        .collect()
}

fn parse(row: &Row) -> Result<(ServiceName, Saved), Fault> {
    let Row { name, saved, crc32 } = row;
    if checksum(name, saved) != *crc32 {
        return Err(Fault::Wrong(format!("the checksum of the service `{name}` does not match")));
    }
    let service = name.parse().map_err(|error| Fault::Wrong(format!("{error}")))?;
    let saved = serde_json::from_str(saved)
        .map_err(|error| Fault::Wrong(format!("the rollout of the service `{name}` cannot be read: {error}")))?;
    Ok((service, saved))
}

/// No name and no JSON text holds a zero byte, so two different sets of rows never look alike.
fn sealed(rows: &[Row], stop: &str) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for row in rows {
        for text in [&row.name, &row.saved] {
            hasher.update(text.as_bytes());
            hasher.update(&[0]);
        }
    }
    hasher.update(stop.as_bytes());
    hasher.finalize()
}

fn checksum(name: &str, saved: &str) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(name.as_bytes());
    hasher.update(&[0]);
    hasher.update(saved.as_bytes());
    hasher.finalize()
}

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
