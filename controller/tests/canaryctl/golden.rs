//! Whole outputs, kept as files and compared as a whole.

use std::path::Path;

/// Compares the text with `tests/golden/NAME.txt`. With `GOLDEN=write` in the environment it becomes that file, for a
/// human to read before it is committed.
pub(crate) fn assert_golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name).with_extension("txt");
    if std::env::var_os("GOLDEN").is_some_and(|value| value == "write") {
        std::fs::write(&path, text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(golden == text, "{}\n--- expected ---\n{golden}--- shown ---\n{text}", path.display());
}
