//! What makes one try's division another one than the last try's, and a cookie one of ours.

use std::fmt;

use ring::hmac::{self, HMAC_SHA256};

use super::CohortKey;

/// The secret of one try: without it nobody can say where a key falls, or write a cookie that is believed.
#[derive(Clone)]
pub struct Salt(hmac::Key);

/// The bytes of a signature that a cookie carries; the bytes after them, which it does not carry, are its key's place.
pub(super) const MAC_BYTES: usize = 16;

/// A signature, and the place that belongs to it.
pub(super) struct Signed {
    pub(super) mac: [u8; MAC_BYTES],
    pub(super) key: CohortKey,
}

// === impl Salt ===

impl Salt {
    /// The salt of the try of this number at this service, from the seed that is kept for them all.
    #[must_use]
    pub fn derive(seed: &[u8; 32], service: &str, generation: u64) -> Self {
        let mut context = hmac::Context::with_key(&hmac::Key::new(HMAC_SHA256, seed));
        // The number has a length of its own, so that no two tries are read alike.
        context.update(&generation.to_be_bytes());
        context.update(service.as_bytes());
        Self(hmac::Key::new(HMAC_SHA256, context.sign().as_ref()))
    }

    /// Where a client's key falls.
    pub(super) fn place(&self, key: &[u8]) -> CohortKey {
        self.sign(key).key
    }

    pub(super) fn sign(&self, text: &[u8]) -> Signed {
        let tag = hmac::sign(&self.0, text);
        let bytes = tag.as_ref();
        let (mut mac, mut key) = ([0; MAC_BYTES], [0; 8]);
        mac.copy_from_slice(&bytes[..MAC_BYTES]);
        key.copy_from_slice(&bytes[MAC_BYTES..MAC_BYTES + 8]);
        Signed { mac, key: CohortKey(u64::from_be_bytes(key)) }
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_seed_service_or_number_is_another_salt() {
        let place = |seed: u8, service, generation| Salt::derive(&[seed; 32], service, generation).place(b"client").0;
        assert_eq!(place(1, "web", 1), place(1, "web", 1));
        let others = [place(1, "web", 1), place(2, "web", 1), place(1, "api", 1), place(1, "web", 2)];
        assert!((0..others.len()).all(|at| !others[..at].contains(&others[at])), "{others:?}");
    }

    #[test]
    fn it_shows_itself_to_nobody() {
        assert_eq!(format!("{:?}", Salt::derive(&[7; 32], "web", 1)), "Salt(..)");
    }
}
