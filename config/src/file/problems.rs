//! Where everything that is wrong, or hardly meant, is gathered while the reading goes on.

use std::fmt::Display;
use std::ops::Range;
use std::str::FromStr;

use serde_spanned::Spanned;

use super::error::{ConfigError, ConfigErrors};
use super::key::Key;
use super::reading::Reading;
use super::source::Source;
use super::warning::{ConfigWarning, ConfigWarnings};
use crate::daemon::Config;
use crate::name::NameError;

/// What has been found so far.
pub(super) struct Problems<'s> {
    source: &'s Source<'s>,
    errors: Vec<ConfigError>,
    warnings: Vec<ConfigWarning>,
}

/// A table of the file, and where to report what is wrong in it.
pub(super) struct Section<'p, 's> {
    key: Key,
    problems: &'p mut Problems<'s>,
}

/// A value of the file that is right in itself, and the place where it was written.
#[derive(Clone, Debug)]
pub(super) struct Placed<T> {
    pub(super) key: Key,
    pub(super) span: Range<usize>,
    pub(super) value: T,
}

// === impl Problems ===

impl<'s> Problems<'s> {
    pub(super) fn new(source: &'s Source<'s>) -> Self {
        Self { source, errors: Vec::new(), warnings: Vec::new() }
    }

    /// The configuration, if nothing was found wrong with it, and what else was found.
    pub(super) fn into_reading(self, config: Config) -> Reading {
        let result = ConfigErrors::from_all(self.errors).map_or(Ok(config), Err);
        Reading { result, warnings: ConfigWarnings::from_all(self.warnings) }
    }
}

// === impl Section ===

impl<'p, 's> Section<'p, 's> {
    pub(super) fn root(problems: &'p mut Problems<'s>) -> Self {
        Self { key: Key::default(), problems }
    }

    /// The table below this one that has this name.
    pub(super) fn child(&mut self, name: &str) -> Section<'_, 's> {
        Section { key: self.key.child(name), problems: self.problems }
    }

    /// The table that is this element of an array below this one.
    pub(super) fn item(&mut self, name: &str, index: usize) -> Section<'_, 's> {
        Section { key: self.key.child(name).item(index), problems: self.problems }
    }

    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    pub(super) fn source(&self) -> &'s Source<'s> {
        self.problems.source
    }

    /// Notes what is wrong with the value that has this key and stands there.
    pub(super) fn report_at(&mut self, key: &Key, span: &Range<usize>, message: impl Display) {
        let source = self.problems.source;
        let error = ConfigError::new(source.path, source.position(span.start), key.as_str(), message.to_string());
        self.problems.errors.push(error);
    }

    /// Notes what is wrong with a key of this table.
    pub(super) fn report(&mut self, name: &str, span: &Range<usize>, message: impl Display) {
        self.report_at(&self.key.child(name), span, message);
    }

    /// Notes what is wrong with this table as a whole.
    pub(super) fn report_self(&mut self, span: &Range<usize>, message: impl Display) {
        self.report_at(&self.key.clone(), span, message);
    }

    /// Notes what is hardly meant about the value that has this key and stands there.
    pub(super) fn warn_at(&mut self, key: &Key, span: &Range<usize>, message: impl Display) {
        let source = self.problems.source;
        let warning = ConfigWarning::new(source.path, source.position(span.start), key.as_str(), message.to_string());
        self.problems.warnings.push(warning);
    }

    /// Notes what is hardly meant about a key of this table.
    pub(super) fn warn(&mut self, name: &str, span: &Range<usize>, message: impl Display) {
        self.warn_at(&self.key.child(name), span, message);
    }

    /// The name of a table below this one.
    pub(super) fn name<T: FromStr<Err = NameError>>(&mut self, written: &Spanned<String>) -> Option<T> {
        written.get_ref().parse().map_err(|error| self.report_self(&written.span(), error)).ok()
    }
}
