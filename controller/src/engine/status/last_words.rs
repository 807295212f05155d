//! The end of what a canary's containers said, and what they used that was too much.

use crate::api::LastWords;
use crate::engine::managed::Managed;
use crate::rollout::{Charge, Phase, Reason};

/// So many lines of a container are shown; the account has more.
const LINES_SHOWN: usize = 5;

// === impl Managed ===

impl Managed {
    /// What the containers of the release on trial, or of the one that was sent back last, left behind, in short.
    pub(super) fn last_words(&self) -> Vec<LastWords> {
        let is_told = matches!(self.rollout.phase(), Phase::Aborted { .. }) || self.rollout.phase().trial().is_some();
        if !is_told {
            return Vec::new();
        }
        self.accounts.last_words(self.rollout.generation()).iter().map(short).collect()
    }

    /// How much more the canary used than it may, if it was sent back for that.
    pub(super) fn last_excess(&self) -> Option<String> {
        let Phase::Aborted { reason: Reason::Charged(Charge::Memory | Charge::Processor), .. } = self.rollout.phase()
        else {
            return None;
        };
        self.accounts.unready(self.rollout.generation()).map(str::to_owned)
    }
}

fn short(words: &LastWords) -> LastWords {
    let last = words.log.len().saturating_sub(LINES_SHOWN);
    let check = words.checks.len().saturating_sub(1);
    LastWords { log: words.log[last..].to_vec(), checks: words.checks[check..].to_vec(), ..words.clone() }
}
