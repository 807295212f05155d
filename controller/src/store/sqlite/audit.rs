//! The audit trail: what changed, when, on whose word and on what evidence. It is read by people; no decision rests
//! on it, so a line that is damaged is left out, and the rest is shown.
//!
//! It has no index: at its greatest length a look through all of it takes a few milliseconds.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow::{self, Break, Continue};

use canary_config::name::ServiceName;
use rusqlite::{Connection, Params, params};

use super::failure::Fault;
use super::line::{self, KeptLine};
use crate::api::{HistoryEntry, RolloutSummary};
use crate::rollout::Reason;
use crate::store::story::Story;
use crate::store::{ANSWERED_MAX, Answered, Entry, HISTORY_LIMIT_MAX, HistoryQuery, Order};

/// So many lines are kept; the oldest go first.
pub const AUDIT_ROWS_MAX: u32 = 10_000;

/// Adds a line under the number after the last one that was given, and gives its number. The oldest line goes if there
/// are too many.
pub(super) fn append(connection: &Connection, last: i64, entry: &Entry) -> Result<i64, Fault> {
    let id = last.saturating_add(1);
    line::write(connection, id, entry)?;
    // A number that was never given is damage.
    connection.execute("DELETE FROM audit WHERE id > ?1", [id])?;
    let oldest: i64 = connection.query_row("SELECT min(id) FROM audit", [], |row| row.get(0))?;
    // A backup that was restored may have left a gap in the numbers, so their span alone does not say how many there are.
    if id.saturating_sub(oldest) >= i64::from(AUDIT_ROWS_MAX) {
        let cut = "DELETE FROM audit WHERE id <= (SELECT id FROM audit ORDER BY id DESC LIMIT 1 OFFSET ?1)";
        connection.execute(cut, [AUDIT_ROWS_MAX])?;
    }
    Ok(id)
}

/// The greatest number of a line; 0 if there is none.
pub(super) fn newest(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT coalesce(max(id), 0) FROM audit", [], |row| row.get(0))
}

/// The lines that are asked for.
pub(super) fn select(connection: &Connection, query: &HistoryQuery) -> Result<Vec<HistoryEntry>, Fault> {
    let limit = query.limit.min(HISTORY_LIMIT_MAX);
    let (after, direction) = match query.order {
        Order::NewestFirst => (i64::MIN, "DESC"),
        Order::After(id) => (id, "ASC"),
    };
    let clause = format!(
        "WHERE id > ?1 AND (?2 IS NULL OR service = ?2) AND (?3 IS NULL OR generation = ?3) ORDER BY id {direction}"
    );
    let service = query.service.as_ref().map(ServiceName::as_str);
    let generation = query.generation.map(|generation| i64::try_from(generation.get()).unwrap_or(i64::MAX));
    let mut entries = Vec::new();
    walk(connection, &clause, params![after, service, generation], |line| {
        if entries.len() == limit {
            return Break(());
        }
        entries.push(line.entry);
        Continue(())
    })?;
    Ok(entries)
}

/// The newest rollouts of a service first, as far as the trail reaches back.
pub(super) fn rollouts(
    connection: &Connection,
    service: &ServiceName,
    limit: usize,
) -> Result<Vec<RolloutSummary>, Fault> {
    let mut story = Story::of_the_newest(limit.min(HISTORY_LIMIT_MAX));
    walk(connection, "WHERE service = ?1 ORDER BY id DESC", [service.as_str()], |line| story.take(line.entry))?;
    Ok(story.rollouts())
}

/// The commands with a key that were done last, the oldest first.
pub(super) fn answered(connection: &Connection) -> Result<Vec<Answered>, Fault> {
    let (mut answered, mut places) = (Vec::<Answered>::new(), BTreeMap::new());
    let mut taken_back = BTreeSet::new();
    walk(connection, "WHERE key IS NOT NULL ORDER BY id DESC", [], |KeptLine { entry, key }| {
        let Some(key) = key else { return Continue(()) };
        if entry.transition.as_ref().is_some_and(|transition| transition.reason == Reason::Overtaken) {
            taken_back.insert(key);
            return Continue(());
        }
        // What was done before it was taken back was not done.
        let Some(command) = entry.command.filter(|_| !taken_back.contains(&key)) else { return Continue(()) };
        let is_new = !places.contains_key(&key);
        if is_new && answered.len() == ANSWERED_MAX {
            return Break(());
        }
        let place = *places.entry(key.clone()).or_insert(answered.len());
        if is_new {
            answered.push(Answered { key, command, moves: Vec::new() });
        }
        if let Some(answered) = answered.get_mut(place) {
            answered.moves.push((entry.service, entry.transition));
        }
        Continue(())
    })?;
    answered.iter_mut().for_each(|answered| answered.moves.reverse());
    answered.reverse();
    Ok(answered)
}

/// When the newest line was written that can be read, and how many cannot.
pub(super) fn survey(connection: &Connection) -> Result<(Option<String>, usize), Fault> {
    let mut newest_at = None;
    let damaged = walk(connection, "ORDER BY id", [], |line| {
        newest_at = Some(line.entry.at);
        Continue(())
    })?;
    Ok((newest_at, damaged))
}

/// Shows the lines that are whole until enough have been seen, and counts those between that are not.
fn walk(
    connection: &Connection,
    clause: &str,
    params: impl Params,
    mut take: impl FnMut(KeptLine) -> ControlFlow<()>,
) -> Result<usize, Fault> {
    let mut statement = connection.prepare(&format!("SELECT {} FROM audit {clause}", line::COLUMNS))?;
    let mut rows = statement.query(params)?;
    let mut damaged = 0;
    while let Some(row) = rows.next()? {
        match line::read(row) {
            Ok(line) => {
                if take(line).is_break() {
                    break;
                }
            }
            Err(_) => damaged += 1,
        }
    }
    if damaged > 0 {
        tracing::warn!(damaged, "lines of the audit trail are damaged and were left out");
    }
    Ok(damaged)
}
