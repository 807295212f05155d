//! The last hours of one service by the minute, in memory: what a forecast rests on.
//!
//! Bounded: so many minutes of two numbers each, and a histogram of latencies for every hour that they touch. Nothing is
//! stored, so that after a restart it says how far back it knows.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How many minutes are remembered, the open one included.
const MINUTES_MAX: usize = 6 * 60;

const MINUTE: Duration = Duration::from_secs(60);

const MINUTES_PER_HOUR: u64 = 60;

/// How many hours' latencies are remembered: those that [`MINUTES_MAX`] minutes can touch.
const HOURS_MAX: u64 = MINUTES_MAX as u64 / MINUTES_PER_HOUR + 1;

/// So many minutes of a hundred are quieter than a quiet one, and busier than a busy one.
const QUIET_PERCENT: usize = 10;

/// What was answered since the last time that it was noted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answered<'a> {
    /// Answers, failures among them.
    pub requests: u64,
    /// Those that were 5xx.
    pub failures: u64,
    /// Answers by latency: a bucket for each edge that the reader knows of, and one more.
    pub latencies: &'a [u64],
}

/// The last hours of one service.
#[derive(Clone, Debug)]
pub struct Traffic {
    started: Instant,
    /// The last one is open.
    minutes: VecDeque<Minute>,
    /// Which minute since the start is open.
    minute: u64,
    /// The last one is the open minute's hour, if anything came in it.
    hours: VecDeque<Hour>,
}

/// What a look at the last hours shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// How far back it goes.
    pub looked: Duration,
    /// Requests in that time.
    pub requests: u64,
    /// Failures among them.
    pub failures: u64,
    /// Requests per second in a minute than which one in ten is quieter; nothing before the first minute is over.
    pub quiet: Option<f64>,
    /// Requests per second in a minute than which one in ten is busier.
    pub busy: Option<f64>,
    /// Answers by latency; empty if there was none. It reaches up to an hour further back than the rest.
    pub latencies: Box<[u64]>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Minute {
    requests: u64,
    failures: u64,
}

#[derive(Clone, Debug)]
struct Hour {
    number: u64,
    latencies: Box<[u64]>,
}

// === impl Traffic ===

impl Traffic {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self { started: now, minutes: [Minute::default()].into(), minute: 0, hours: VecDeque::new() }
    }

    /// Books what was answered into the minute that is open now.
    pub fn note(&mut self, answered: &Answered<'_>, now: Instant) {
        self.turn(now);
        if let Some(minute) = self.minutes.back_mut() {
            minute.requests = minute.requests.saturating_add(answered.requests);
            minute.failures = minute.failures.saturating_add(answered.failures);
        }
        if answered.latencies.iter().any(|count| *count > 0) {
            self.note_latencies(answered.latencies);
        }
    }

    /// What is known now.
    #[must_use]
    pub fn look(&self, now: Instant) -> Look {
        let mut turned = self.clone();
        turned.turn(now);
        let closed: Vec<Minute> = turned.minutes.iter().take(turned.minutes.len() - 1).copied().collect();
        let begun = MINUTE * u32::try_from(turned.minute).unwrap_or(u32::MAX);
        let open = now.saturating_duration_since(self.started).saturating_sub(begun);
        let mut per_second: Vec<f64> =
            closed.iter().map(|minute| minute.requests as f64 / MINUTE.as_secs_f64()).collect();
        per_second.sort_by(f64::total_cmp);
        let at = |place: usize| per_second.get(place).copied();
        let quiet_place = per_second.len() * QUIET_PERCENT / 100;
        let sum = |count: fn(&Minute) -> u64| turned.minutes.iter().map(count).fold(0, u64::saturating_add);
        Look {
            looked: MINUTE * u32::try_from(closed.len()).unwrap_or(u32::MAX) + open,
            requests: sum(|minute| minute.requests),
            failures: sum(|minute| minute.failures),
            quiet: at(quiet_place),
            busy: per_second.len().checked_sub(quiet_place + 1).and_then(at),
            latencies: turned.latencies(),
        }
    }

    /// Opens the minute of this moment. Those that were missed had nothing.
    fn turn(&mut self, now: Instant) {
        let minute = now.saturating_duration_since(self.started).as_secs() / MINUTE.as_secs();
        let missed = minute.saturating_sub(self.minute).min(MINUTES_MAX as u64);
        for _ in 0..missed {
            self.minutes.push_back(Minute::default());
        }
        let forgotten = self.minutes.len().saturating_sub(MINUTES_MAX);
        self.minutes.drain(..forgotten);
        self.minute = self.minute.max(minute);
        let hour = self.minute / MINUTES_PER_HOUR;
        self.hours.retain(|known| known.number + HOURS_MAX > hour);
    }

    fn note_latencies(&mut self, latencies: &[u64]) {
        let number = self.minute / MINUTES_PER_HOUR;
        if self.hours.back().is_none_or(|hour| hour.number != number) {
            self.hours.push_back(Hour { number, latencies: vec![0; latencies.len()].into() });
        }
        if let Some(hour) = self.hours.back_mut() {
            add(&mut hour.latencies, latencies);
        }
    }

    fn latencies(&self) -> Box<[u64]> {
        let Some(first) = self.hours.front() else { return Box::default() };
        let mut all = first.latencies.clone();
        self.hours.iter().skip(1).for_each(|hour| add(&mut all, &hour.latencies));
        all
    }
}

fn add(to: &mut [u64], more: &[u64]) {
    for (to, more) in to.iter_mut().zip(more) {
        *to = to.saturating_add(*more);
    }
}

// === impl Look ===

impl Look {
    /// Requests per second, on average; nothing before any time has gone by.
    #[must_use]
    pub fn per_second(&self) -> Option<f64> {
        (!self.looked.is_zero()).then(|| self.requests as f64 / self.looked.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "a test may start anywhere in time")]
    fn start() -> Instant {
        Instant::now()
    }

    const fn minutes(count: u64) -> Duration {
        Duration::from_secs(count * 60)
    }

    const fn of(requests: u64, failures: u64) -> Answered<'static> {
        Answered { requests, failures, latencies: &[] }
    }

    #[test]
    fn a_look_says_how_far_back_it_goes() {
        let start = start();
        let mut traffic = Traffic::new(start);
        assert_eq!(traffic.look(start).per_second(), None);
        traffic.note(&of(600, 3), start + Duration::from_secs(30));
        let look = traffic.look(start + Duration::from_secs(30));
        assert_eq!((look.looked, look.requests, look.failures), (Duration::from_secs(30), 600, 3));
        assert_eq!((look.per_second(), look.quiet, look.busy), (Some(20.0), None, None));
        let look = traffic.look(start + minutes(10));
        assert_eq!((look.looked, look.requests, look.per_second()), (minutes(10), 600, Some(1.0)));
        assert_eq!((look.quiet, look.busy), (Some(0.0), Some(0.0)), "nine of ten minutes had nothing");
    }

    #[test]
    fn six_hours_are_remembered_and_no_more() {
        let start = start();
        let mut traffic = Traffic::new(start);
        for minute in 0..1_000 {
            traffic.note(&Answered { latencies: &[1, 0], ..of(60 + minute, 1) }, start + minutes(minute));
        }
        let look = traffic.look(start + minutes(999));
        assert_eq!((look.looked, look.failures), (minutes(359), 360));
        assert_eq!(look.requests, (640..1_000).map(|minute| 60 + minute).sum::<u64>());
        assert!(look.quiet < look.per_second() && look.per_second() < look.busy, "{look:?}");
        assert!((360..=420).contains(&look.latencies[0]), "{look:?}");
    }

    #[test]
    fn after_a_long_silence_nothing_is_left_and_nothing_takes_long() {
        let start = start();
        let mut traffic = Traffic::new(start);
        traffic.note(&Answered { latencies: &[4, 5], ..of(9, 9) }, start);
        let look = traffic.look(start + minutes(1_000_000));
        assert_eq!((look.requests, look.looked, look.latencies.len()), (0, minutes(359), 0));
    }

    #[test]
    fn time_that_runs_backwards_is_the_open_minute() {
        let start = start();
        let mut traffic = Traffic::new(start + minutes(5));
        traffic.note(&of(7, 0), start);
        assert_eq!(traffic.look(start).requests, 7);
        assert_eq!(traffic.look(start).looked, Duration::ZERO);
    }
}
