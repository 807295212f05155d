//! The layout of the file, and the way from every older layout to the present one.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::failure::Fault;

/// The layout that this program writes. It reads every older one, and leaves a newer one alone.
pub const SCHEMA_VERSION: i32 = 3;

/// How to get to each version from the one before it. What has been released never changes.
const MIGRATIONS: [(i32, &str); 3] = [(1, VERSION_1), (2, VERSION_2), (3, VERSION_3)];

const VERSION_1: &str = "CREATE TABLE services (
         name TEXT NOT NULL PRIMARY KEY,
         saved TEXT NOT NULL,
         crc32 INTEGER NOT NULL
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE seal (
         id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
         stop TEXT NOT NULL,
         crc32 INTEGER NOT NULL
     ) STRICT;
     CREATE TABLE audit (
         id INTEGER NOT NULL PRIMARY KEY,
         at TEXT NOT NULL,
         service TEXT NOT NULL,
         generation INTEGER NOT NULL,
         actor TEXT NOT NULL,
         command TEXT,
         note TEXT,
         transition TEXT NOT NULL,
         evidence TEXT,
         crc32 INTEGER NOT NULL
     ) STRICT;
     CREATE TABLE room (
         id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
         bytes BLOB NOT NULL
     ) STRICT;";

/// The checksums of what version 1 wrote stay good: see the rules of the seal and of a line.
const VERSION_2: &str = "CREATE TABLE freezes (
         number INTEGER NOT NULL PRIMARY KEY,
         kept TEXT NOT NULL,
         crc32 INTEGER NOT NULL
     ) STRICT;
     ALTER TABLE audit ADD COLUMN key TEXT;
     ALTER TABLE seal ADD COLUMN last_entry INTEGER;";

/// The checksums of what version 2 wrote stay good too.
const VERSION_3: &str = "CREATE TABLE papers (
         service TEXT NOT NULL,
         kind TEXT NOT NULL,
         generation INTEGER NOT NULL,
         body TEXT NOT NULL,
         crc32 INTEGER NOT NULL,
         PRIMARY KEY (service, kind, generation)
     ) STRICT, WITHOUT ROWID;
     ALTER TABLE seal ADD COLUMN evidence INTEGER;
     ALTER TABLE seal ADD COLUMN seed TEXT;";

/// The layout of the file. Reading it changes nothing.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Whether a canaryd wrote the file, or nobody anything at all. Every version has a seal.
pub(super) fn is_ours(connection: &Connection) -> rusqlite::Result<bool> {
    let count = "SELECT count(*) = 0 OR sum(name = 'seal') > 0 FROM sqlite_schema";
    connection.query_row(count, [], |row| row.get(0))
}

/// Looks at every page of the file.
pub(super) fn examine(connection: &Connection, version: i32) -> Result<(), Fault> {
    if version < 1 {
        return Err(Fault::Wrong(format!("its version is {version}, which no canaryd has written")));
    }
    // Beyond `quick_check` this compares indexes with their tables. The audit trail is bounded, so it takes little.
    let found: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if found == "ok" { Ok(()) } else { Err(Fault::Wrong(found)) }
}

/// Undoes a change of journal, were anyone to make one by hand.
pub(super) fn keep_a_rollback_journal(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))
}

/// Brings the file from a version to the present one, in a transaction that is still to be committed: a file that then
/// turns out to be damaged stays as it was found.
pub(super) fn migrate(connection: &mut Connection, from: i32) -> rusqlite::Result<Transaction<'_>> {
    apply(connection, from, &MIGRATIONS)
}

fn apply<'a>(
    connection: &'a mut Connection,
    from: i32,
    migrations: &[(i32, &str)],
) -> rusqlite::Result<Transaction<'a>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (version, statements) in migrations.iter().filter(|(version, _)| *version > from) {
        transaction.execute_batch(statements)?;
        transaction.pragma_update(None, "user_version", version)?;
    }
    Ok(transaction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_migrations_lead_one_by_one_to_the_present_version() {
        let versions: Vec<_> = MIGRATIONS.iter().map(|(version, _)| *version).collect();
        assert_eq!(versions, (1..=SCHEMA_VERSION).collect::<Vec<_>>());
    }

    #[test]
    fn an_older_file_goes_through_the_versions_that_it_lacks_and_no_others() {
        let steps = [(1, "CREATE TABLE a (x)"), (2, "CREATE TABLE b (x)"), (3, "DROP TABLE b; CREATE TABLE c (x)")];
        let mut connection = Connection::open_in_memory().unwrap();
        apply(&mut connection, 0, &steps[..1]).unwrap().commit().unwrap();
        apply(&mut connection, 1, &steps).unwrap().commit().unwrap();
        assert_eq!(version(&connection), Ok(3));
        let tables: String =
            connection.query_row("SELECT group_concat(name) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
        assert_eq!(tables, "a,c");
    }

    #[test]
    fn a_migration_that_fails_leaves_the_file_as_it_was() {
        let mut connection = Connection::open_in_memory().unwrap();
        let steps = [(1, "CREATE TABLE a (x)"), (2, "CREATE TABLE b (x)"), (3, "CREATE TABLE a (x)")];
        apply(&mut connection, 0, &steps[..1]).unwrap().commit().unwrap();
        assert!(apply(&mut connection, 1, &steps).is_err());
        assert_eq!(version(&connection), Ok(1));
        let tables: String =
            connection.query_row("SELECT group_concat(name) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
        assert_eq!(tables, "a");
    }
}
