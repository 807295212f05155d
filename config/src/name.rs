//! The names that an operator gives: of services, releases and listeners.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::quoted::Quoted;

/// The longest name there may be, in bytes. It bounds label sizes, log lines and table columns.
pub const NAME_LENGTH_MAX: usize = 63;

/// Why a text cannot name anything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} cannot be a name; use 1 to {NAME_LENGTH_MAX} letters, digits, `.`, `_` or `-`, \
     beginning with a letter or a digit",
    Quoted(.0)
)]
pub struct NameError(pub(crate) String);

macro_rules! name {
    ($(#[$doc:meta])* $name:ident $(, besides $own:literal)?) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// The name as it was written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                if is_name(text) { Ok(Self(text.into())) } else { Err(NameError(text.into())) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                // What is kept may also be the word that nobody can write.
                $(if text == $own {
                    return Ok(Self(text.into()));
                })?
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

name! {
    /// What clients call; one daemon has many.
    ServiceName
}
name! {
    /// One immutable version of a service: by the name that the operator declared, or made from its image.
    ReleaseId, besides "-"
}
name! {
    /// A socket on which clients are accepted.
    ListenerName
}

/// Whether a text can be a name.
pub(crate) fn is_name(text: &str) -> bool {
    text.len() <= NAME_LENGTH_MAX
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

// === impl ReleaseId ===

impl ReleaseId {
    /// No release: what is stable of a service whose containers have not been seen yet. Nobody can write it.
    #[must_use]
    pub fn none() -> Self {
        Self("-".into())
    }

    /// Whether it is none.
    #[must_use]
    pub fn is_none(&self) -> bool {
        &*self.0 == "-"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_release_is_kept_and_cannot_be_written() {
        let none = ReleaseId::none();
        assert!(none.is_none() && "-".parse::<ReleaseId>().is_err() && ServiceName::try_from("-".to_owned()).is_err());
        assert_eq!(ReleaseId::try_from(String::from(none.clone())), Ok(none));
    }

    #[test]
    fn a_name_is_short_and_plain() {
        for good in ["web", "v1.2.3", "3scale", "a_b-c", &"x".repeat(NAME_LENGTH_MAX)] {
            assert!(good.parse::<ServiceName>().is_ok(), "{good}");
        }
        for bad in ["", "-web", ".", "we b", "wéb", "a/b", "a\n", &"x".repeat(NAME_LENGTH_MAX + 1)] {
            assert!(bad.parse::<ServiceName>().is_err(), "{bad}");
        }
    }
}
