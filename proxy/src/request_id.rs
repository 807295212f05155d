//! The number that names a request in every log that it passes through.

use std::fmt;

use rand::RngExt as _;

use crate::dice;

/// The longest foreign id that is kept, in bytes.
pub const REQUEST_ID_LENGTH_MAX: usize = 128;

/// Drawn by us, or brought by a trusted proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Source);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    Drawn(u128),
    Brought(Box<str>),
}

// === impl RequestId ===

impl RequestId {
    /// A new id, unlike any other.
    #[must_use]
    pub fn draw() -> Self {
        Self(Source::Drawn(dice::with(|rng| rng.random())))
    }

    /// The id of these bits.
    #[must_use]
    pub const fn from_bits(bits: u128) -> Self {
        Self(Source::Drawn(bits))
    }

    /// An id from a trusted proxy, if it is short and visible.
    #[must_use]
    pub fn brought(text: &[u8]) -> Option<Self> {
        let is_plain = !text.is_empty() && text.len() <= REQUEST_ID_LENGTH_MAX && text.iter().all(u8::is_ascii_graphic);
        is_plain.then(|| Self(Source::Brought(String::from_utf8_lossy(text).into())))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Drawn(bits) => write!(f, "{bits:032x}"),
            Source::Brought(text) => f.write_str(text),
        }
    }
}
