//! The rollout of every service. Each row has a checksum; that no row is missing, the seal says.

use std::collections::BTreeMap;

use canary_config::name::ServiceName;
use rusqlite::{Connection, params};

use super::failure::Fault;
use super::seal::checksum;
use crate::rollout::Saved;

/// A row as it is written.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) saved: String,
    crc32: u32,
}

/// Writes one service's row. The seal is broken until it is written in the same transaction.
pub(super) fn put(connection: &Connection, service: &ServiceName, saved: &Saved) -> Result<(), Fault> {
    let saved = serde_json::to_string(saved)?;
    let crc32 = checksum(&[service.as_str(), &saved]);
    connection.execute(
        "INSERT OR REPLACE INTO services (name, saved, crc32) VALUES (?1, ?2, ?3)",
        params![service.as_str(), saved, crc32],
    )?;
    Ok(())
}

/// Every row, by name.
pub(super) fn rows(connection: &Connection) -> rusqlite::Result<Vec<Row>> {
    connection
        .prepare("SELECT name, saved, crc32 FROM services ORDER BY name")?
        .query_map([], |row| Ok(Row { name: row.get(0)?, saved: row.get(1)?, crc32: row.get(2)? }))?
        .collect()
}

/// What the rows say.
pub(super) fn parse(rows: &[Row]) -> Result<BTreeMap<ServiceName, Saved>, Fault> {
    rows.iter().map(parse_row).collect()
}

fn parse_row(row: &Row) -> Result<(ServiceName, Saved), Fault> {
    let Row { name, saved, crc32 } = row;
    if checksum(&[name, saved]) != *crc32 {
        return Err(Fault::Wrong(format!("the checksum of the service `{name}` does not match")));
    }
    let service = name.parse().map_err(|error| Fault::Wrong(format!("{error}")))?;
    let saved = serde_json::from_str(saved)
        .map_err(|error| Fault::Wrong(format!("the rollout of the service `{name}` cannot be read: {error}")))?;
    Ok((service, saved))
}
