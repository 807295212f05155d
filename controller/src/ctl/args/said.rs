//! What goes with every order.

use clap::builder::NonEmptyStringValueParser;

use crate::ctl::key;
use crate::idempotency::IdempotencyKey;

/// Why something is ordered, and the name of the order.
#[derive(Debug, clap::Args)]
pub struct Said {
    /// Why, for the audit trail (see `canaryctl history`).
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pub reason: Option<String>,
    /// A name for this order: sent twice, it is done once. Without it every call is a new order.
    #[arg(long, value_name = "KEY")]
    pub idempotency_key: Option<IdempotencyKey>,
}

// === impl Said ===

impl Said {
    /// The order's name: the one that was given, or one that nothing else has.
    ///
    /// With it a command may be sent again when the connection breaks before an answer.
    #[must_use]
    pub fn key(&self) -> IdempotencyKey {
        self.idempotency_key.clone().unwrap_or_else(key::fresh)
    }
}
