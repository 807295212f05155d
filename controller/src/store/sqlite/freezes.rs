//! The freezes by an operator's word. Each row has a checksum; that no row is missing, the seal says.

use canary_config::name::ServiceName;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::date;
use super::failure::Fault;
use super::seal::checksum;
use crate::freeze::{Effect, KeptFreeze};

/// A row as it is written.
pub(super) struct Row {
    pub(super) kept: String,
    crc32: u32,
}

/// A freeze as it is written. Its dates are RFC 3339 in UTC.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    service: Option<ServiceName>,
    actor: String,
    note: Option<String>,
    since: String,
    until: Option<String>,
    effect: Effect,
}

/// Writes these in the place of all. The seal is broken until it is written in the same transaction.
pub(super) fn replace(connection: &Connection, freezes: &[KeptFreeze]) -> Result<(), Fault> {
    connection.execute("DELETE FROM freezes", [])?;
    for (number, freeze) in (1_i64..).zip(freezes) {
        let kept = serde_json::to_string(&Written::of(freeze))?;
        let crc32 = checksum(&[&kept]);
        connection
            .execute("INSERT INTO freezes (number, kept, crc32) VALUES (?1, ?2, ?3)", params![number, kept, crc32])?;
    }
    Ok(())
}

/// Every row, in the order in which they were recorded.
pub(super) fn rows(connection: &Connection) -> rusqlite::Result<Vec<Row>> {
    connection
        .prepare("SELECT kept, crc32 FROM freezes ORDER BY number")?
        .query_map([], |row| Ok(Row { kept: row.get(0)?, crc32: row.get(1)? }))?
        .collect()
}

/// What the rows say.
pub(super) fn parse(rows: &[Row]) -> Result<Vec<KeptFreeze>, Fault> {
    rows.iter().map(parse_row).collect()
}

fn parse_row(Row { kept, crc32 }: &Row) -> Result<KeptFreeze, Fault> {
    if checksum(&[kept]) != *crc32 {
        return Err(Fault::Wrong("the checksum of a freeze does not match".to_owned()));
    }
    let written: Written =
        serde_json::from_str(kept).map_err(|error| Fault::Wrong(format!("a freeze cannot be read: {error}")))?;
    written.freeze()
}

// === impl Written ===

impl Written {
    fn of(freeze: &KeptFreeze) -> Self {
        let KeptFreeze { service, actor, note, since, until, effect } = freeze.clone();
        Self { service, actor, note, since: date::exact(since), until: until.map(date::exact), effect }
    }

    fn freeze(self) -> Result<KeptFreeze, Fault> {
        let Self { service, actor, note, since, until, effect } = self;
        let (since, until) = (date::parse(&since)?, until.as_deref().map(date::parse).transpose()?);
        Ok(KeptFreeze { service, actor, note, since, until, effect })
    }
}
