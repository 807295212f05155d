//! What the demo claims, each claim held against what was seen.

use std::fmt;
use std::process::ExitStatus;

use crate::clock::Moment;
use crate::demo::canaryctl::Ended;
use crate::demo::share::Share;
use crate::demo::timeline::{MARGIN, Timeline};
use crate::demo::{BAD, GOOD, RATE_MIN, STABLE, SWITCHED};
use crate::load::Record;
use crate::origin::Stats;

/// `canaryctl` did what it was told.
const DONE: Option<i32> = Some(0);
/// The awaited rollout waits for a human.
const HELD: Option<i32> = Some(12);
/// The awaited rollout was aborted.
const ABORTED: Option<i32> = Some(10);

/// Everything that was seen.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// The command that started the bad release.
    pub(super) bad: Ended,
    /// What its backends had served when it was sent back.
    pub(super) bad_at_abort: Stats,
    /// What they had served at the end.
    pub(super) bad_at_end: Stats,
    /// The command that started the good release.
    pub(super) good: Ended,
    /// The command that took it back.
    pub(super) undo: Ended,
    /// The commands of the switch by blue-green.
    pub(super) switch: Switch,
    /// What canaryd says of it all.
    pub(super) timeline: Timeline,
    /// What the client saw.
    pub(super) records: Vec<Record>,
    /// When the client began.
    pub(super) begun: Moment,
    /// When it stopped.
    pub(super) ended: Moment,
    /// How canaryd ended when it was asked to.
    pub(super) stopped: ExitStatus,
}

/// How the commands of the switch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Switch {
    /// The one that began it.
    pub(super) started: Ended,
    /// The one that gave the new release all requests.
    pub(super) promoted: Ended,
    /// The one that took it back.
    pub(super) undone: Ended,
}

/// A claim, and whether it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Check {
    word: &'static str,
    claim: String,
    holds: bool,
}

// === impl Check ===

impl Check {
    /// Whether it holds.
    pub(super) const fn holds(&self) -> bool {
        self.holds
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:<9} {}", if self.holds { '✔' } else { '✖' }, self.word, self.claim)
    }
}

// === impl Seen ===

impl Seen {
    /// Every share that was in force, in the order of time.
    pub(super) fn shares(&self) -> Vec<Share> {
        let of = |canary| self.timeline.spans(canary, self.ended);
        [BAD, GOOD, SWITCHED].into_iter().flat_map(of).map(|span| Share::measure(&span, &self.records)).collect()
    }

    /// Every claim.
    pub(super) fn checks(&self) -> Vec<Check> {
        vec![
            self.aborted(),
            self.zero(),
            self.raised(),
            self.fair(),
            self.unharmed(),
            self.undone(),
            self.switched(),
            self.steady(),
            self.stopped(),
        ]
    }

    fn aborted(&self) -> Check {
        let reason = self.timeline.retreat(BAD).map_or("nothing", |turn| turn.reason);
        Check {
            word: "aborted",
            claim: format!(
                "{BAD} was sent back without a command: exit code {}, reason {reason}, {} of its {} requests failed",
                code(self.bad),
                self.bad_at_abort.failed,
                self.bad_at_abort.served,
            ),
            holds: self.bad.code == ABORTED && reason == "error-rate" && self.bad_at_abort.failed > 0,
        }
    }

    fn zero(&self) -> Check {
        let later = self.bad_at_end.served - self.bad_at_abort.served.min(self.bad_at_end.served);
        let (all, seen) = self.sent_after_retreat(BAD, BAD);
        Check {
            word: "zero",
            claim: format!("after that {BAD} served {later} requests, and answered {seen} of the client's {all}"),
            holds: later == 0 && seen == 0 && all > 0,
        }
    }

    fn raised(&self) -> Check {
        let weights: Vec<_> =
            self.shares().iter().filter(|share| share.canary == GOOD).map(|share| share.set).collect();
        let text: Vec<_> = weights.iter().map(ToString::to_string).collect();
        Check {
            word: "raised",
            claim: format!("{GOOD} went {}: exit code {}", text.join(" → "), code(self.good)),
            holds: self.good.code == DONE && text == ["10%", "25%", "100%", "0%"],
        }
    }

    fn fair(&self) -> Check {
        let shares = self.shares();
        let good: Vec<_> = shares.iter().filter(|share| share.canary == GOOD).collect();
        let fair = good.iter().filter(|share| share.is_fair()).count();
        Check {
            word: "fair",
            claim: format!("{fair} of {} measured shares of {GOOD} lie within 5σ of the ones set", good.len()),
            holds: fair == good.len() && fair > 0,
        }
    }

    fn unharmed(&self) -> Check {
        let failures = self.records.iter().filter(|record| record.is_failure()).count();
        Check {
            word: "unharmed",
            claim: format!(
                "the client saw {failures} failures in {} requests: what {BAD} failed, {STABLE} answered",
                self.records.len()
            ),
            holds: failures == 0,
        }
    }

    fn undone(&self) -> Check {
        let (all, stable) = self.sent_between_rollouts(GOOD, STABLE);
        Check {
            word: "undone",
            claim: format!(
                "{GOOD} was taken back: exit code {}; then {STABLE} answered {stable} of {all} requests",
                code(self.undo)
            ),
            holds: self.undo.code == DONE && stable == all && all > 0,
        }
    }

    fn switched(&self) -> Check {
        let shares: Vec<_> = self.shares().into_iter().filter(|share| share.canary == SWITCHED).collect();
        let text: Vec<_> = shares.iter().map(|share| share.set.to_string()).collect();
        let whole = shares.iter().filter(|share| share.is_fair()).count();
        let (all, stable) = self.sent_between_rollouts(SWITCHED, STABLE);
        let Switch { started, promoted, undone } = self.switch;
        Check {
            word: "switched",
            claim: format!(
                "{SWITCHED} waited (exit code {}), and got {}, each by one word; then {STABLE} answered {stable} of \
                 {all} requests",
                code(started),
                text.join(", then "),
            ),
            holds: (started.code, promoted.code, undone.code) == (HELD, DONE, DONE)
                && text == ["100%", "0%"]
                && whole == shares.len()
                && stable == all
                && all > 0,
        }
    }

    fn steady(&self) -> Check {
        let rate = self.rate();
        Check {
            word: "steady",
            claim: format!("the client made {rate} requests/s (at least {RATE_MIN})"),
            holds: rate >= u128::from(RATE_MIN),
        }
    }

    fn stopped(&self) -> Check {
        Check {
            word: "stopped",
            claim: format!("canaryd was asked to stop: {}", self.stopped),
            holds: self.stopped.success(),
        }
    }

    fn rate(&self) -> u128 {
        let ms = self.ended.since(self.begun).as_millis().max(1);
        self.records.len() as u128 * 1_000 / ms
    }

    /// The requests that were sent after a release was sent back, and those of them that another answered.
    fn sent_after_retreat(&self, canary: &str, by: &str) -> (usize, usize) {
        self.timeline.retreat(canary).map_or((0, 0), |retreat| self.sent(retreat.at, self.ended.after(MARGIN), by))
    }

    /// The same, until another release got a share.
    fn sent_between_rollouts(&self, canary: &str, by: &str) -> (usize, usize) {
        let Some(retreat) = self.timeline.retreat(canary) else { return (0, 0) };
        let end = self.timeline.next_raise(retreat.at).map_or(self.ended.after(MARGIN), |raise| raise.at);
        self.sent(retreat.at, end, by)
    }

    /// The requests that were sent between two changes, and those of them that this release answered.
    fn sent(&self, from: Moment, until: Moment, by: &str) -> (usize, usize) {
        let is_between = |record: &&Record| from.after(MARGIN) <= record.sent && record.sent <= until.before(MARGIN);
        let sent = self.records.iter().filter(is_between);
        (sent.clone().count(), sent.filter(|record| record.is_by(by)).count())
    }
}

fn code(ended: Ended) -> String {
    ended.code.map_or("none".into(), |code| code.to_string())
}
