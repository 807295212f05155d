//! The accounts of a service's tries: fed at each look, kept with each change, and once more when all has been heard.
//!
//! A request that is made up for by stable ends after the verdict that it brought about, so that the account which is
//! stored with the retreat lacks it. Whatever is heard of a try that is over is stored a moment later, or at once when
//! no request is left that could be heard of. No decision rests on an account, and nothing waits for one.

mod asked;
mod papers;

use std::time::{Duration, Instant};

use canary_config::service::Service;

use crate::account::{Account, Turn};
use crate::api::LastWords;
use crate::clock;
use crate::engine::cause::Cause;
use crate::engine::managed::Managed;
use crate::engine::moved::Moved;
use crate::rollout::Generation;
use crate::witness::Hearings;

pub use self::asked::Told;
pub(super) use self::papers::Due;

/// What is heard of a try that is over is not stored more often than this.
const REFRESH_INTERVAL: Duration = Duration::from_secs(1);

/// The account of the try that is under way or was the last, and of those before that are still heard of.
#[derive(Clone, Debug, Default)]
pub(super) struct Accounts {
    present: Option<Kept>,
    past: Vec<Kept>,
}

/// An account, and what of it is stored.
#[derive(Clone, Debug)]
struct Kept {
    account: Account,
    /// Whether there is news of it, beside what changes of itself while a try is under way.
    is_unstored: bool,
    /// When it was given to the store last.
    sent: Option<Instant>,
    /// Whether nothing can be heard any more of a try that is over.
    is_settled: bool,
}

// === impl Managed ===

impl Managed {
    /// Looks at the ledgers, and tells the accounts what is to be seen and heard.
    pub(super) fn look_around(&mut self, now: Instant) {
        self.hearings.look_around(now);
        let Self { accounts, hearings, rollout, .. } = self;
        for kept in accounts.all() {
            let generation = kept.account.generation();
            let heard = hearings.take_heard(generation);
            kept.is_unstored |= !heard.is_empty();
            kept.account.hear(heard);
            if let Some(rollback) = hearings.rollback_of(generation) {
                kept.is_unstored |= kept.account.leave(rollback.status());
            }
            if kept.account.is_over() && !kept.is_settled && hearings.is_silent(generation) {
                kept.is_settled = true;
                kept.is_unstored |= kept.weigh(hearings);
            }
        }
        let Some(kept) = &mut accounts.present else { return };
        let Some(case) = hearings.present().filter(|_| !kept.account.is_over()) else { return };
        let sight = case.ask(|inquiry| inquiry.sight());
        kept.account.look(&sight, rollout.weight(), now, clock::today());
    }
}

// === impl Accounts ===

impl Accounts {
    /// That of a try which is under way when canaryd starts.
    pub(super) fn of(account: Option<Account>) -> Self {
        Self { present: account.map(Kept::new), past: Vec::new() }
    }

    /// A change comes into force.
    pub(super) fn turn(&mut self, moved: &Moved, cause: &Cause, declared: &Service) {
        let (now, generation) = (moved.decided, moved.next.generation());
        if self.present.as_ref().is_none_or(|kept| kept.account.generation() != generation) {
            if let Some(mut kept) = self.present.take() {
                kept.account.supersede(now);
                self.past.push(kept);
            }
            self.present = Account::begin(declared, &moved.next, Some(moved.date), now).map(Kept::new);
        }
        if let Some(kept) = &mut self.present {
            let turn = Turn {
                transition: &moved.transition,
                actor: &cause.author.name,
                note: cause.author.note.as_deref(),
                evidence: moved.evidence.as_ref(),
                unready: moved.unready.as_deref(),
            };
            kept.account.turn(&turn, now);
        }
    }

    /// The store may lack any of them.
    pub(super) fn mark_unstored(&mut self) {
        self.all().for_each(|kept| kept.is_unstored = true);
    }

    /// Whether something of a try that is over may still be heard of, or is to be stored.
    pub(super) fn is_restless(&self) -> bool {
        let mut over = self.present.iter().chain(&self.past).filter(|kept| kept.account.is_over());
        over.any(|kept| kept.is_unstored || !kept.is_settled)
    }

    /// That of the try that is under way or was the last.
    pub(super) fn present(&mut self) -> Option<&mut Account> {
        self.present.as_mut().map(|kept| &mut kept.account)
    }

    /// What the containers of a try's canary said last.
    pub(super) fn last_words(&self, generation: Generation) -> &[LastWords] {
        self.of_try(generation).map_or(&[], Account::last_words)
    }

    /// What a try's canary lacked in the end, or had too much of.
    pub(super) fn unready(&self, generation: Generation) -> Option<&str> {
        self.of_try(generation)?.unready()
    }

    /// What a container of a try's canary said last. Of a try that nothing can be heard of any more, it is let go.
    pub(super) fn write_down(&mut self, generation: Generation, words: LastWords) {
        if let Some(kept) = self.all().find(|kept| kept.account.generation() == generation) {
            kept.is_unstored |= kept.account.write_down(words);
        }
    }

    fn all(&mut self) -> impl Iterator<Item = &mut Kept> {
        self.past.iter_mut().chain(&mut self.present)
    }

    fn of_try(&self, generation: Generation) -> Option<&Account> {
        let mut all = self.present.iter().chain(&self.past);
        all.find(|kept| kept.account.generation() == generation).map(|kept| &kept.account)
    }
}

// === impl Kept ===

impl Kept {
    const fn new(account: Account) -> Self {
        Self { account, is_unstored: false, sent: None, is_settled: false }
    }

    /// Tells the account all that the judge has seen by now. Gives whether more was scored.
    fn weigh(&mut self, hearings: &Hearings) -> bool {
        let case = hearings.present().filter(|case| case.generation() == self.account.generation());
        let Some(case) = case else { return false };
        let step = self.account.step();
        self.account.weigh(&case.ask(|inquiry| inquiry.evidence(step)))
    }
}
