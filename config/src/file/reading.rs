//! The reading of a file: all there is to say about it.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::WrittenFile;
use super::error::{ConfigError, ConfigErrors};
use super::path::advice;
use super::problems::Problems;
use super::source::Source;
use super::syntax;
use super::warning::ConfigWarnings;
use crate::daemon::Config;

/// The largest file, in bytes. A larger one is surely not meant.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// What came of reading a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The configuration, or everything that is wrong with the file.
    pub result: Result<Config, ConfigErrors>,
    /// What is hardly meant. Where the file is wrong too, there may be more of it.
    pub warnings: ConfigWarnings,
}

// === impl Reading ===

impl Reading {
    /// Reads the file at `path` and the files that it names.
    #[must_use]
    pub fn of_file(path: &Path) -> Self {
        match text_of(path) {
            Ok(text) => Self::of_text(&text, path),
            Err(error) => error.into(),
        }
    }

    /// Reads `text` as the content of the file at `path`: messages name it, and relative paths begin at its folder.
    #[must_use]
    pub fn of_text(text: &str, path: &Path) -> Self {
        let source = Source::new(text, path);
        let written: WrittenFile = match toml::from_str(text) {
            Ok(written) => written,
            Err(error) => return syntax::problem(&source, &error).into(),
        };
        let mut problems = Problems::new(&source);
        let config = written.meant(&mut problems);
        problems.into_reading(config)
    }
}

impl From<ConfigError> for Reading {
    fn from(error: ConfigError) -> Self {
        Self { result: Err(error.into()), warnings: ConfigWarnings::default() }
    }
}

// === impl Config ===

impl Config {
    /// Reads the file at `path` and the files that it names. What is right and hardly meant, [`Reading`] says.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the file.
    pub fn load(path: &Path) -> Result<Self, ConfigErrors> {
        Reading::of_file(path).result
    }

    /// Reads `text` as the content of the file at `path`: messages name it, and relative paths begin at its folder.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the file.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigErrors> {
        Reading::of_text(text, path).result
    }
}

fn text_of(path: &Path) -> Result<String, ConfigError> {
    let unreadable = |message: String| ConfigError::unreadable(path, message);
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(|error| unreadable(format!("the file cannot be read: {}", advice(&error))))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(unreadable(format!(
            "the file has more than {FILE_BYTES_MAX} bytes; give the path of a configuration"
        )));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid_up_to = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes());
        let position = Source::new(&text, path).position(valid_up_to);
        let message = "the file is not UTF-8 from here on; save it as UTF-8";
        ConfigError::new(path, position, "", message.into())
    })
}
