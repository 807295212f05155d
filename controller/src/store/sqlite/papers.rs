//! The papers beside the rollouts. Each row has a checksum, and one that is damaged is left out: no paper is worth more
//! than the store.
//!
//! Accounts are read by people. Evidence is what a judge goes on from, so the seal also says which of it there is: if
//! that is not so, none of it counts.

use std::collections::BTreeMap;

use canary_config::name::ServiceName;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::failure::Fault;
use super::seal::checksum;
use crate::rollout::{Generation, Saved, State};
use crate::store::{Paper, PaperKind};

/// So many accounts of a service are kept; those of its oldest rollouts go first.
pub const ACCOUNTS_MAX: u32 = 20;

/// The longest paper that is kept, in bytes.
pub const PAPER_BYTES_MAX: usize = 128 * 1024;

/// What [`read`] takes, in its order.
const COLUMNS: &str = "service, generation, kind, body, crc32";

/// Puts a paper in the place of the one under its key. The seal is broken until it is written in the same transaction.
///
/// One that is too long is left out: what it would be recorded with must not wait for it.
pub(super) fn put(connection: &Connection, paper: &Paper) -> Result<(), Fault> {
    let Paper { service, generation, kind, body } = paper;
    let (name, number, label) = (service.as_str(), number_of(*generation), label_of(*kind));
    let remove = "DELETE FROM papers WHERE service = ?1 AND kind = ?2 AND generation = ?3";
    connection.execute(remove, params![name, label, number])?;
    if body.is_empty() {
        return Ok(());
    }
    // Containers rest on a shelf; what is only told can be left out.
    if body.len() > PAPER_BYTES_MAX && *kind != PaperKind::Shelf {
        tracing::warn!(%service, %generation, bytes = body.len(), "a paper ({label}) is too long and was left out");
        return Ok(());
    }
    let crc32 = checksum_of(name, number, label, body);
    let insert = format!("INSERT INTO papers ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5)");
    connection.execute(&insert, params![name, number, label, body, crc32])?;
    // Nobody goes on from the evidence of a try that is over.
    let others_max = match kind {
        PaperKind::Evidence | PaperKind::Shelf => 1,
        PaperKind::Account => ACCOUNTS_MAX,
    };
    let cut = "DELETE FROM papers WHERE service = ?1 AND kind = ?2 AND generation <= (SELECT generation FROM papers
         WHERE service = ?1 AND kind = ?2 ORDER BY generation DESC LIMIT 1 OFFSET ?3)";
    connection.execute(cut, params![name, label, others_max])?;
    Ok(())
}

/// The account of a rollout, if there is one that can be read.
pub(super) fn account(
    connection: &Connection,
    service: &ServiceName,
    generation: Generation,
) -> Result<Option<Paper>, Fault> {
    let query = format!("SELECT {COLUMNS} FROM papers WHERE service = ?1 AND kind = ?2 AND generation = ?3");
    let key = params![service.as_str(), label_of(PaperKind::Account), number_of(generation)];
    let read = connection.query_row(&query, key, |row| Ok(read(row))).optional()?;
    Ok(read.and_then(whole))
}

/// What of it can be read that a process goes on from: all evidence, every shelf, and the accounts of rollouts that are
/// under way.
pub(super) fn to_go_on_from(
    connection: &Connection,
    services: &BTreeMap<ServiceName, Saved>,
) -> Result<Vec<Paper>, Fault> {
    let query = format!("SELECT {COLUMNS} FROM papers WHERE kind IN (?1, ?2) ORDER BY service, generation");
    let mut statement = connection.prepare(&query)?;
    let kinds = [PaperKind::Evidence, PaperKind::Shelf].map(label_of);
    let rows = statement.query_map(kinds, |row| Ok(read(row)))?;
    let mut papers: Vec<_> = rows.filter_map(|row| row.map(whole).transpose()).collect::<rusqlite::Result<_>>()?;
    for (service, saved) in services {
        if matches!(saved.state, State::UnderWay { .. }) {
            papers.extend(account(connection, service, saved.generation)?);
        }
    }
    Ok(papers)
}

/// The checksum over which evidence there is. It does not cover what each says, which its own checksum does.
pub(super) fn evidence_checksum(connection: &Connection) -> rusqlite::Result<u32> {
    let query = "SELECT service, generation, crc32 FROM papers WHERE kind = ?1 ORDER BY service, generation";
    let mut hasher = crc32fast::Hasher::new();
    let mut statement = connection.prepare(query)?;
    let mut rows = statement.query([label_of(PaperKind::Evidence)])?;
    while let Some(row) = rows.next()? {
        let (service, generation, crc32): (String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        hasher.update(format!("{service}\0{generation}\0{crc32}\0").as_bytes());
    }
    Ok(hasher.finalize())
}

/// Throws away all evidence.
pub(super) fn forget_evidence(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM papers WHERE kind = ?1", [label_of(PaperKind::Evidence)]).map(drop)
}

/// Reads a row of [`COLUMNS`].
fn read(row: &Row) -> Result<Paper, Fault> {
    let (name, number, label, body): (String, i64, String, String) =
        (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
    if row.get::<_, u32>(4)? != checksum_of(&name, number, &label, &body) {
        return Err(Fault::Wrong("its checksum does not match".to_owned()));
    }
    let service = name.parse().map_err(|error| Fault::Wrong(format!("{error}")))?;
    let kind =
        [PaperKind::Evidence, PaperKind::Account, PaperKind::Shelf].into_iter().find(|kind| label_of(*kind) == label);
    let kind = kind.ok_or_else(|| Fault::Wrong(format!("`{label}` is no kind of paper")))?;
    Ok(Paper { service, generation: serde_json::from_value(number.into())?, kind, body })
}

/// What can be read; what cannot is told.
fn whole(read: Result<Paper, Fault>) -> Option<Paper> {
    read.inspect_err(|fault| tracing::warn!(?fault, "a paper beside a rollout is damaged and was left out")).ok()
}

fn checksum_of(service: &str, generation: i64, kind: &str, body: &str) -> u32 {
    checksum(&[service, &generation.to_string(), kind, body])
}

fn number_of(generation: Generation) -> i64 {
    i64::try_from(generation.get()).unwrap_or(i64::MAX)
}

const fn label_of(kind: PaperKind) -> &'static str {
    match kind {
        PaperKind::Evidence => "evidence",
        PaperKind::Account => "account",
        PaperKind::Shelf => "shelf",
    }
}
