//! The names of the matchers: Traefik's own, those that it had before, and those that are for other traffic.

use crate::nearest::nearest;

/// What a condition looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Host,
    HostRegexp,
    Path,
    PathPrefix,
    PathRegexp,
    Method,
    Header,
    HeaderRegexp,
    Query,
    QueryRegexp,
    ClientIp,
}

/// Whether a name is the one of today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    Current,
    Outdated,
}

const ALL: [Name; 11] = [
    Name::Host,
    Name::HostRegexp,
    Name::Path,
    Name::PathPrefix,
    Name::PathRegexp,
    Name::Method,
    Name::Header,
    Name::HeaderRegexp,
    Name::Query,
    Name::QueryRegexp,
    Name::ClientIp,
];

/// What Traefik 2 called them.
const OUTDATED: [(&str, Name); 3] =
    [("HostHeader", Name::Host), ("Headers", Name::Header), ("HeadersRegexp", Name::HeaderRegexp)];

/// Traefik's matchers for what is no HTTP.
const OF_TCP: [&str; 3] = ["HostSNI", "HostSNIRegexp", "ALPN"];

// === impl Name ===

impl Name {
    /// The matcher of this name.
    ///
    /// # Errors
    /// Why there is none, and what to write: it goes on after the word.
    pub(super) fn read(word: &str) -> Result<(Self, Age), String> {
        if let Some(name) = ALL.into_iter().find(|name| is_written_as(word, name.as_str())) {
            return Ok((name, Age::Current));
        }
        if let Some((_, name)) = OUTDATED.into_iter().find(|(known, _)| is_written_as(word, known)) {
            return Ok((name, Age::Outdated));
        }
        if OF_TCP.into_iter().any(|known| is_written_as(word, known)) {
            return Err("is for TCP, and this is a rule for HTTP; write Host or HostRegexp".into());
        }
        match nearest(word, ALL.map(Self::as_str)) {
            Some(known) => Err(format!("is no matcher; did you mean `{known}`?")),
            None => Err(format!("is no matcher; write one of {}", ALL.map(Self::as_str).join(", "))),
        }
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Host => "Host",
            Self::HostRegexp => "HostRegexp",
            Self::Path => "Path",
            Self::PathPrefix => "PathPrefix",
            Self::PathRegexp => "PathRegexp",
            Self::Method => "Method",
            Self::Header => "Header",
            Self::HeaderRegexp => "HeaderRegexp",
            Self::Query => "Query",
            Self::QueryRegexp => "QueryRegexp",
            Self::ClientIp => "ClientIP",
        }
    }

    /// The most texts that it takes.
    pub(super) const fn texts_max(self) -> usize {
        match self {
            Self::Header | Self::HeaderRegexp | Self::Query | Self::QueryRegexp => 2,
            _ => 1,
        }
    }

    /// How it is written.
    pub(super) const fn shape(self) -> &'static str {
        match self {
            Self::Host => "Host(`...`)",
            Self::HostRegexp => "HostRegexp(`...`)",
            Self::Path => "Path(`...`)",
            Self::PathPrefix => "PathPrefix(`...`)",
            Self::PathRegexp => "PathRegexp(`...`)",
            Self::Method => "Method(`...`)",
            Self::Header => "Header(`...`, `...`)",
            Self::HeaderRegexp => "HeaderRegexp(`...`, `...`)",
            Self::Query => "Query(`...`, `...`)",
            Self::QueryRegexp => "QueryRegexp(`...`, `...`)",
            Self::ClientIp => "ClientIP(`...`)",
        }
    }
}

/// Traefik takes a name as it is documented, in lower case, in capitals and with one capital, and so do its users.
fn is_written_as(word: &str, known: &str) -> bool {
    let lower = known.to_ascii_lowercase();
    let title = || format!("{}{}", &known[..1], &lower[1..]);
    word == known || word == lower || word == known.to_ascii_uppercase() || word == title()
}
