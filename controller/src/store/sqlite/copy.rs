//! A backup: made while the store is used, and taken over in the place of a store that is not.

use std::path::Path;

use rusqlite::{Connection, MAIN_DB};

use super::failure::reading;
use super::{Mark, audit, change, look_at, open_whole, schema, seal, writing};
use crate::rollout::Stop;
use crate::store::{Stables, StoreError, stables_of};

/// The largest store of which a backup is made, in bytes: it passes through memory. The audit trail is bounded, so a
/// store of common size has a few MiB.
pub const BACKUP_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// What a copy says once it can take the place of a store.
#[derive(Debug)]
pub(in crate::store) struct TakenOver {
    pub(in crate::store) stables: Stables,
    /// When its newest line of the audit trail was written.
    pub(in crate::store) newest_at: Option<String>,
    /// The lines of the audit trail that cannot be read.
    pub(in crate::store) damaged: usize,
}

/// The whole file as it is between two records. It is looked at first, so that no backup of a damaged store is taken
/// for one.
pub(super) fn bytes(connection: &mut Connection, path: &Path) -> Result<Vec<u8>, StoreError> {
    let fail = |fault| reading(path, fault);
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, u32>(0).map(u64::from));
    let size = number("page_count").and_then(|count| Ok(count * number("page_size")?));
    let bytes = size.map_err(|error| fail(error.into()))?;
    if bytes > BACKUP_BYTES_MAX {
        return Err(StoreError::TooLarge { path: path.to_owned(), bytes, limit: BACKUP_BYTES_MAX });
    }
    schema::examine(connection, schema::SCHEMA_VERSION).map_err(fail)?;
    seal::read(connection).map_err(fail)?;
    let image = connection.serialize(MAIN_DB).map_err(|error| fail(error.into()))?;
    Ok(image.to_vec())
}

/// Makes a copy fit to take the place of a store: it is looked at, brought to the present layout, and from then on says
/// that the stop was unclean, so that no rollout resumes beyond its first step. Its audit trail goes on from a number
/// that is at least `last_entry`.
pub(in crate::store) fn take_over(path: &Path, last_entry: i64) -> Result<TakenOver, StoreError> {
    let (mut connection, _) = open_whole(path)?;
    let changed = change(&mut connection, Mark::Set(Stop::Unclean), |_, held| {
        held.last_entry = held.last_entry.max(last_entry);
        Ok(())
    });
    let finish = |fault| writing(path, fault);
    let held = changed.map_err(finish)?;
    let (newest_at, damaged) = audit::survey(&connection).map_err(|fault| reading(path, fault))?;
    connection.close().map_err(|(_, error)| finish(error.into()))?;
    Ok(TakenOver { stables: stables_of(&held.services), newest_at, damaged })
}

/// Ends what a killed process has left beside a store, and says which number its audit trail gave last; nothing if it
/// cannot be read.
///
/// # Errors
/// It is the file of another program.
pub(in crate::store) fn settle(path: &Path) -> Result<Option<i64>, StoreError> {
    let (connection, version) = match look_at(path) {
        Ok(found) => found,
        Err(error @ StoreError::Foreign { .. }) => return Err(error),
        Err(_) => return Ok(None),
    };
    Ok(match version {
        schema::SCHEMA_VERSION => seal::read(&connection).ok().map(|held| held.last_entry),
        _ => audit::newest(&connection).ok(),
    })
}
