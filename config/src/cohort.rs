//! By what the requests of a rollout are divided between stable and the canary.

use std::fmt;

use serde::{Deserialize, Serialize};

/// By what a request falls to the canary or stays with stable. Default by request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Assignment {
    /// By chance, each request anew.
    #[default]
    Request,
    /// By a signed cookie that canaryd gives to each client: a client stays where it fell.
    Cookie,
    /// By the value of a header field, such as a user's number. A request without it stays with stable.
    Header(Box<str>),
    /// By the client's address.
    Ip,
}

// === impl Assignment ===

impl Assignment {
    /// Whether a client stays where it fell, so that each counts once.
    #[must_use]
    pub fn is_keyed(&self) -> bool {
        *self != Self::Request
    }
}

impl fmt::Display for Assignment {
    /// As in the file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request => f.write_str("request"),
            Self::Cookie => f.write_str("cookie"),
            Self::Header(name) => write!(f, "header:{name}"),
            Self::Ip => f.write_str("ip"),
        }
    }
}
