//! The version of an Engine's interface. Pure.

use std::fmt;
use std::str::FromStr;

/// What an Engine calls its interface: `1.41`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiVersion {
    /// Before the dot.
    pub major: u32,
    /// Behind the dot.
    pub minor: u32,
}

/// A text that is no version of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no version of an Engine's interface, as `1.41` is")]
pub struct NoApiVersion;

// === impl ApiVersion ===

impl ApiVersion {
    /// The oldest that is spoken with: Docker 20.10.
    pub const OLDEST: Self = Self { major: 1, minor: 41 };
    /// From here on a container is created with all its networks; before, with one of them.
    pub const MANY_ENDPOINTS: Self = Self { major: 1, minor: 44 };
    /// From here on, Docker 28, addresses of hardware are made by chance; before, of the address of the endpoint.
    pub const RANDOM_HARDWARE: Self = Self { major: 1, minor: 48 };
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for ApiVersion {
    type Err = NoApiVersion;

    fn from_str(text: &str) -> Result<Self, NoApiVersion> {
        let (major, minor) = text.split_once('.').ok_or(NoApiVersion)?;
        let number = |digits: &str| digits.parse().map_err(|_| NoApiVersion);
        Ok(Self { major: number(major)?, minor: number(minor)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_number_and_not_by_letter() {
        let version = |text: &str| text.parse::<ApiVersion>().unwrap();
        assert!(version("1.9") < version("1.41"));
        assert!(version("1.53") > ApiVersion::MANY_ENDPOINTS);
        assert_eq!(version("1.41").to_string(), "1.41");
        assert!("".parse::<ApiVersion>().is_err() && "1".parse::<ApiVersion>().is_err());
    }
}
