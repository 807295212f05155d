//! Whether a failed attempt may be tried again elsewhere: every predicate, in one place.
//!
//! A second attempt is made when no part of the answer has gone to the client, the request is known to be whole, and
//! doing it twice does no harm: always when nothing was sent, otherwise for methods that only read, and for others where
//! the service says so.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use canary_config::service::Rescue;
use http::header::HeaderName;
use http::{HeaderMap, Method};
use pingora::proxy::Session;

use crate::outcome::Outcome;

/// How far a failed attempt got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// No byte of the request can have reached the backend.
    NothingSent,
    /// The backend may have acted on the request.
    MaybeSent,
}

/// Why a request was sent to stable after the canary had it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// No connection could be had.
    ConnectFailed,
    /// The connection broke before the answer began.
    Reset,
    /// The backend kept silent for too long.
    TimedOut,
    /// It answered 500 to 599.
    ServerError,
    /// It was not failing, but too slow to wait for.
    Unanswered,
}

/// How many requests of a service were rescued, by cause.
#[derive(Debug, Default)]
pub struct Rescued([AtomicU64; Cause::ALL.len()]);

/// How many second attempts at stable a service can afford: one for every five requests, and [`BURST`] at once.
///
/// It keeps a service that fails throughout from being asked everything twice. What is rescued from the canary costs
/// nothing: its share was never more than the weight, and stable had been spared it. Nor does what could not be sent:
/// nobody has been asked it yet.
#[derive(Debug)]
pub struct Budget(AtomicU64);

/// Second attempts that may be made before any request has paid for them.
pub const BURST: u64 = 20;

/// What a second attempt costs, in what one request pays.
const PRICE: u64 = 5;

/// By which a service knows a request that it has had before.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

// === impl Cause ===

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 5] = [Self::ConnectFailed, Self::Reset, Self::TimedOut, Self::ServerError, Self::Unanswered];

    /// What an attempt that ended like this is rescued for, if it is one that can be.
    #[must_use]
    pub const fn of(outcome: Outcome) -> Option<Self> {
        match outcome {
            Outcome::ConnectFailed => Some(Self::ConnectFailed),
            Outcome::Reset => Some(Self::Reset),
            Outcome::TimedOut => Some(Self::TimedOut),
            Outcome::ServerError => Some(Self::ServerError),
            Outcome::Unanswered => Some(Self::Unanswered),
            Outcome::Success | Outcome::ClientGone | Outcome::Internal => None,
        }
    }

    /// Its value of the label `reason`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::ConnectFailed => "connect_failed",
            Self::Reset => "reset",
            Self::TimedOut => "timed_out",
            Self::ServerError => "server_error",
            Self::Unanswered => "unanswered",
        }
    }
}

// === impl Rescued ===

impl Rescued {
    /// Notes one.
    pub fn note(&self, cause: Cause) {
        self.0[cause as usize].fetch_add(1, Relaxed);
    }

    /// How many for this cause.
    #[must_use]
    pub fn count(&self, cause: Cause) -> u64 {
        self.0[cause as usize].load(Relaxed)
    }
}

// === impl Budget ===

impl Budget {
    /// Notes a request, which pays for a fifth of a second attempt.
    pub fn pay_in(&self) {
        // Two threads may both see room for the last coin; the surplus is bounded by their number.
        if self.0.load(Relaxed) < BURST * PRICE {
            self.0.fetch_add(1, Relaxed);
        }
    }

    /// Takes the price of a second attempt, if it is there.
    #[must_use]
    pub fn take(&self) -> bool {
        self.0.fetch_update(Relaxed, Relaxed, |coins| coins.checked_sub(PRICE)).is_ok()
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self(AtomicU64::new(BURST * PRICE))
    }
}

/// Whether this request may be sent once more after an attempt that got so far.
///
/// Not one that may end as a tunnel, once anything was sent; that is for whoever asks to know.
#[must_use]
pub fn is_repeatable(session: &Session, reach: Reach, rescue: Rescue) -> bool {
    let head = session.req_header();
    is_harmless(&head.method, &head.headers, reach, rescue)
        && !session.as_downstream().retry_buffer_truncated()
        && nothing_was_answered(session)
}

/// Whether doing it twice does no harm.
fn is_harmless(method: &Method, headers: &HeaderMap, reach: Reach, rescue: Rescue) -> bool {
    reach == Reach::NothingSent
        || only_reads(method)
        || (rescue.idempotent_methods && matches!(*method, Method::PUT | Method::DELETE))
        || (rescue.idempotency_key && headers.get(&IDEMPOTENCY_KEY).is_some_and(|key| !key.is_empty()))
}

/// Whether a method can be repeated without harm, whatever the service does with it.
pub(crate) fn only_reads(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Interim answers do not count, but for the one that gives the connection away.
pub(crate) fn nothing_was_answered(session: &Session) -> bool {
    session.response_written().is_none_or(|head| head.status.is_informational() && head.status.as_u16() != 101)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_fails_throughout_is_asked_a_fifth_more_at_most() {
        let budget = Budget::default();
        let requests = 10_000;
        let second_attempts = (0..requests)
            .filter(|_| {
                budget.pay_in();
                budget.take()
            })
            .count();
        let allowed = requests / 5 + usize::try_from(BURST).unwrap();
        assert!((requests / 5..=allowed).contains(&second_attempts), "{second_attempts} of {requests}");
    }

    #[test]
    fn what_may_be_done_twice_is_up_to_the_method_and_the_service() {
        const NOTHING: Rescue = Rescue { idempotent_methods: false, idempotency_key: false };
        let keyed = HeaderMap::from_iter([(IDEMPOTENCY_KEY, "k1".parse().unwrap())]);
        let unkeyed = HeaderMap::from_iter([(IDEMPOTENCY_KEY, "".parse().unwrap())]);
        let repeatable = |reach, rescue, headers: &HeaderMap| {
            let methods =
                [Method::GET, Method::HEAD, Method::OPTIONS, Method::PUT, Method::DELETE, Method::POST, Method::PATCH];
            methods.into_iter().filter(|method| is_harmless(method, headers, reach, rescue)).count()
        };
        let (sent, unsent) = (Reach::MaybeSent, Reach::NothingSent);
        assert_eq!(repeatable(unsent, NOTHING, &unkeyed), 7);
        assert_eq!(repeatable(sent, NOTHING, &keyed), 3);
        assert_eq!(repeatable(sent, Rescue { idempotent_methods: true, ..NOTHING }, &keyed), 5);
        assert_eq!(repeatable(sent, Rescue { idempotency_key: true, ..NOTHING }, &keyed), 7);
        assert_eq!(repeatable(sent, Rescue { idempotency_key: true, ..NOTHING }, &unkeyed), 3);
    }
}
