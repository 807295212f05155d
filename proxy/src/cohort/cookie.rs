//! The cookie by which a client stays where it fell: `__canaryd_SERVICE=GENERATION.NUMBER.HOUR.MAC`.
//!
//! It is signed with the try's salt, which is why one of another try, or one that somebody made up, means nothing. What
//! it carries does not say where its client falls. The hour in which it was given is not signed: whoever changes it is
//! given a new one with the same number sooner or later, and nothing else.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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

/// A client that asks with one of this age, in hours, is given it anew: a rollout may be held for days, and nobody is to
/// be drawn again who comes back in time.
const RENEWED_AFTER_HOURS: u64 = MAX_AGE_SECONDS as u64 / 3_600 / 2;

/// So many cookies of one request are verified. A client can have several where another path or domain sets one.
const VERIFIED_MAX: usize = 4;

/// Digits of a number of 64 bits, in hexadecimal.
const NUMBER_DIGITS: usize = 16;

/// Digits of an hour at most, for which it is good enough.
const HOUR_DIGITS_MAX: usize = 9;

/// A client's number in one try, signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    generation: u64,
    number: u64,
    given: Hour,
    mac: [u8; MAC_BYTES],
}

/// Hours since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hour(u64);

/// A client that has a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Admitted {
    /// Its place.
    pub(crate) key: CohortKey,
    /// The same ticket with a new hour, where it is old.
    pub(crate) renewed: Option<Ticket>,
}

/// Whether a cookie is to come back over secure connections only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

// === impl Keyed ===

impl Keyed {
    /// The client with this cookie; none, if it has none that is ours and of this try. Of those that are written as this
    /// try writes them, the first few are verified.
    pub(crate) fn admitted(&self, headers: &HeaderMap, service: &str, now: Hour) -> Option<Admitted> {
        let values = headers.get_all(COOKIE).iter().flat_map(|field| crumb::all(field.as_bytes()));
        let of_service = values
            .filter_map(|(name, value)| (name.strip_prefix(PREFIX.as_bytes())? == service.as_bytes()).then_some(value));
        let tickets = of_service.filter_map(Ticket::read).filter(|ticket| ticket.generation == self.generation);
        tickets.take(VERIFIED_MAX).find_map(|ticket| {
            let (genuine, key) = self.admit(ticket.number, now);
            let is_old = now.0.saturating_sub(ticket.given.0) >= RENEWED_AFTER_HOURS;
            let admitted = Admitted { key, renewed: is_old.then_some(genuine) };
            bool::from(genuine.mac.ct_eq(&ticket.mac)).then_some(admitted)
        })
    }

    /// A ticket for a new client with this number, and its place.
    pub(crate) fn admit(&self, number: u64, now: Hour) -> (Ticket, CohortKey) {
        let signed = self.salt.sign(&number.to_be_bytes());
        (Ticket { generation: self.generation, number, given: now, mac: signed.mac }, signed.key)
    }
}

// === impl Hour ===

impl Hour {
    /// The hour of a moment.
    pub(crate) fn of(date: SystemTime) -> Self {
        Self(date.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs() / 3_600)
    }
}

// === impl Ticket ===

impl Ticket {
    fn read(value: &[u8]) -> Option<Self> {
        let mut parts = std::str::from_utf8(value).ok()?.split('.');
        let (generation, number, hour, mac) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_of_length = number.len() == NUMBER_DIGITS && hour.len() <= HOUR_DIGITS_MAX && mac.len() == 2 * MAC_BYTES;
        if parts.next().is_some() || !is_of_length {
            return None;
        }
        let are_decimal = [generation, hour].iter().all(|text| is_all(text, |byte| byte.is_ascii_digit()));
        if !are_decimal || !is_all(number, is_hex) || !is_all(mac, is_hex) {
            return None;
        }
        let number = u64::from_str_radix(number, 16).ok()?;
        let mac = u128::from_str_radix(mac, 16).ok()?.to_be_bytes();
        Some(Self { generation: generation.parse().ok()?, number, given: Hour(hour.parse().ok()?), mac })
    }

    /// The value of the `Set-Cookie` that gives it to a client of this service.
    pub(crate) fn set_cookie(&self, service: &str, scheme: Scheme) -> String {
        let secure = if scheme == Scheme::Https { "; Secure" } else { "" };
        format!("{PREFIX}{service}={self}; Max-Age={MAX_AGE_SECONDS}; Path=/; HttpOnly; SameSite=Lax{secure}")
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { generation, number, given: Hour(hour), mac } = self;
        write!(f, "{generation}.{number:016x}.{hour}.{:032x}", u128::from_be_bytes(*mac))
    }
}

fn is_all(text: &str, is_one: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(is_one)
}

fn is_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}
