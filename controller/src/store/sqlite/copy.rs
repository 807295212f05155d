//! A backup, made while the store is used.

use std::path::Path;

use rusqlite::{Connection, MAIN_DB};

use super::failure::reading;
use super::{schema, seal};
use crate::store::StoreError;

/// The largest store of which a backup is made, in bytes: it passes through memory. The audit trail is bounded, so a
/// store of common size has a few MiB.
pub const BACKUP_BYTES_MAX: u64 = 256 * 1024 * 1024;

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
