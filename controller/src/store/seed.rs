//! The secret of a store.

use std::fmt;

/// So many bytes make a seed.
const SEED_BYTES: usize = 32;

/// A secret that is made once with a store and lives as long as it, so that what is derived from it stays good over a
/// restart and cannot be guessed. It shows itself to nobody: not in `Debug`, and it has no `Display` and no `Serialize`.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed([u8; SEED_BYTES]);

// === impl Seed ===

impl Seed {
    /// A new one, from the system's own randomness.
    #[must_use]
    pub fn fresh() -> Self {
        Self(rand::random())
    }

    /// The secret, for what derives others from it.
    #[must_use]
    pub const fn expose(&self) -> &[u8; SEED_BYTES] {
        &self.0
    }

    /// As it is written: hexadecimal digits.
    pub(super) fn to_hex(&self) -> String {
        use fmt::Write as _;
        self.0.iter().fold(String::with_capacity(2 * SEED_BYTES), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a text takes every write");
            text
        })
    }

    /// Reads what [`Seed::to_hex`] wrote, and nothing else.
    pub(super) fn from_hex(text: &str) -> Option<Self> {
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
        let bytes = pairs.iter().map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok());
        let seed = Self(bytes.collect::<Option<Vec<_>>>()?.try_into().ok()?);
        // What other spellings say is not what was written.
        (seed.to_hex() == text).then_some(seed)
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_comes_back_from_its_digits_and_from_no_others() {
        let seed = Seed::fresh();
        let text = seed.to_hex();
        assert_eq!(Seed::from_hex(&text), Some(seed));
        for wrong in [&text[2..], &text[1..], "", &text.replace(|_| true, "g"), &text.replace(|_| true, "A")] {
            assert_eq!(Seed::from_hex(wrong), None, "{wrong}");
        }
        assert_eq!(Seed::from_hex(&format!("+1{}", &text[2..])), None);
    }

    #[test]
    fn no_two_are_alike_and_none_shows_itself() {
        assert_ne!(Seed::fresh(), Seed::fresh());
        assert_eq!(format!("{:?}", Seed::fresh()), "Seed(..)");
    }
}
