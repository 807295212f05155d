//! A name for an order that nothing else has.

use crate::idempotency::IdempotencyKey;

/// 128 random bits as hexadecimal digits.
///
/// A command line is the edge: its dice decide nothing, they only keep two orders apart.
pub(super) fn fresh() -> IdempotencyKey {
    format!("{:032x}", rand::random::<u128>()).parse().expect("digits are visible ASCII")
}
