//! A file of another program at the place of the store is not ours to move.

use std::fs;
use std::path::Path;

use rusqlite::Connection;

use super::fixture::{beside, degraded, folder, idle, names_in, ready, record, services, stables, store_in};

fn letter(path: &Path) {
    fs::write(path, "a letter\n".repeat(500)).unwrap();
}

fn database_of_another_program(path: &Path) {
    let words = "CREATE TABLE bookmarks (url TEXT); PRAGMA user_version = 67";
    Connection::open(path).unwrap().execute_batch(words).unwrap();
}

#[test]
fn a_file_that_never_was_a_store_is_left_as_it_is() {
    for (make, found) in [
        (letter as fn(&Path), "file is not a database"),
        (database_of_another_program, "it is a database of another program"),
    ] {
        let folder = folder();
        let path = store_in(&folder);
        make(&path);
        let before = fs::read(&path).unwrap();
        for _ in 0..2 {
            let (reason, last) = degraded(&path);
            let expected = format!(
                "the file {} is no store of canaryd: {found}; it is left as it is; move it away, or name another path \
                 for the store, then restart canaryd",
                path.display()
            );
            assert_eq!(reason, expected);
            assert!(last.is_empty());
        }
        assert_eq!(fs::read(&path).unwrap(), before);
        assert_eq!(names_in(folder.path()), ["canaryd.db", "canaryd.db.lock"]);
        fs::rename(&path, beside(&path, ".letter")).unwrap();
        ready(&path);
    }
}

#[test]
fn where_a_store_has_been_it_is_taken_for_what_became_of_it() {
    let folder = folder();
    let path = store_in(&folder);
    ready(&path).0.record(&record("web", idle("v5", 5))).unwrap();
    fs::remove_file(&path).unwrap();
    database_of_another_program(&path);
    let (reason, last) = degraded(&path);
    let expected = format!(
        "the store {0} is unreadable: it is a database of another program; it is kept as {0}.unreadable-0; \
         restart canaryd to begin a new one",
        path.display()
    );
    assert_eq!(reason, expected);
    assert_eq!(last, stables([("web", "v5")]));
    assert_eq!(ready(&path).1.services, services([("web", idle("v5", 0))]));
}
