//! The cookie by which a client stays where it fell: `__canaryd_SERVICE=GENERATION.NUMBER.MAC`.
//!
//! It is signed with the try's salt, which is why one of another try, or one that somebody made up, means nothing. What
//! it carries does not say where its client falls.

use std::fmt;

use http::HeaderMap;
use http::header::COOKIE;
use subtle::ConstantTimeEq as _;

use super::salt::MAC_BYTES;
use super::{CohortKey, Keyed};
use crate::crumb;

/// What every cookie of ours is called, up to the service's name.
pub const PREFIX: &str = "__canaryd_";

/// How long a client keeps it, in seconds: a day. Longer than most rollouts, so that closing the browser makes nobody
/// another client; not much longer, as nothing is left of it when the rollout has ended.
const MAX_AGE_SECONDS: u32 = 24 * 60 * 60;

/// Digits of a number of 64 bits, in hexadecimal.
const NUMBER_DIGITS: usize = 16;

/// A client's number in one try, signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    generation: u64,
    number: u64,
    mac: [u8; MAC_BYTES],
}

/// Whether a cookie is to come back over secure connections only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

// === impl Keyed ===

impl Keyed {
    /// The place of the client with this cookie; none, if it has none that is ours and of this try.
    ///
    /// At most one is verified: the first that is written as this try writes them.
    pub(crate) fn admitted(&self, headers: &HeaderMap, service: &str) -> Option<CohortKey> {
        let values = headers.get_all(COOKIE).iter().flat_map(|field| crumb::all(field.as_bytes()));
        let of_service = values
            .filter_map(|(name, value)| (name.strip_prefix(PREFIX.as_bytes())? == service.as_bytes()).then_some(value));
        let ticket = of_service.filter_map(Ticket::read).find(|ticket| ticket.generation == self.generation)?;
        let (genuine, key) = self.admit(ticket.number);
        bool::from(genuine.mac.ct_eq(&ticket.mac)).then_some(key)
    }

    /// A ticket for a new client with this number, and its place.
    pub(crate) fn admit(&self, number: u64) -> (Ticket, CohortKey) {
        let signed = self.salt.sign(&number.to_be_bytes());
        (Ticket { generation: self.generation, number, mac: signed.mac }, signed.key)
    }
}

// === impl Ticket ===

impl Ticket {
    fn read(value: &[u8]) -> Option<Self> {
        let mut parts = std::str::from_utf8(value).ok()?.split('.');
        let (generation, number, mac) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || number.len() != NUMBER_DIGITS || mac.len() != 2 * MAC_BYTES {
            return None;
        }
        if !is_all(generation, |byte| byte.is_ascii_digit()) || !is_all(number, is_hex) || !is_all(mac, is_hex) {
            return None;
        }
        let number = u64::from_str_radix(number, 16).ok()?;
        let mac = u128::from_str_radix(mac, 16).ok()?.to_be_bytes();
        Some(Self { generation: generation.parse().ok()?, number, mac })
    }

    /// The value of the `Set-Cookie` that gives it to a client of this service.
    pub(crate) fn set_cookie(&self, service: &str, scheme: Scheme) -> String {
        let secure = if scheme == Scheme::Https { "; Secure" } else { "" };
        format!("{PREFIX}{service}={self}; Max-Age={MAX_AGE_SECONDS}; Path=/; HttpOnly; SameSite=Lax{secure}")
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:016x}.{:032x}", self.generation, self.number, u128::from_be_bytes(self.mac))
    }
}

fn is_all(text: &str, is_one: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(is_one)
}

fn is_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}
