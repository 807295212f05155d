//! The service that the images of the tests hold, compiled once for a target folder.

use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

const SOURCE: &str = include_str!("../../docker/web.rs");

/// A static program.
pub(super) fn program() -> Vec<u8> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let mut hasher = DefaultHasher::new();
    SOURCE.hash(&mut hasher);
    let path = folder.join(format!("web-{:016x}", hasher.finish()));
    fs::read(&path).unwrap_or_else(|_| {
        compile(folder, &path);
        fs::read(&path).expect("it was compiled")
    })
}

/// Compiles it beside its place, and moves it there in one go: what is there is whole, whoever else does the same.
fn compile(folder: &Path, path: &Path) {
    let new = tempfile::tempdir_in(folder).expect("a folder in the target folder");
    let (source, program): (PathBuf, _) = (new.path().join("web.rs"), new.path().join("web"));
    fs::write(&source, SOURCE).expect("our own folder takes a file");
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args(["--edition", "2024", "-C", "opt-level=1", "-C", "strip=symbols", "-C", "target-feature=+crt-static"]);
    let compiled = rustc.arg("-o").arg(&program).arg(&source).output().expect("rustc can be run");
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    fs::rename(program, path).expect("they are in one folder");
}
