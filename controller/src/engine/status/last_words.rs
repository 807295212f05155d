//! The end of what a canary's containers said.

use crate::api::LastWords;
use crate::engine::managed::Managed;
use crate::rollout::Phase;

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
}

fn short(words: &LastWords) -> LastWords {
    let last = words.log.len().saturating_sub(LINES_SHOWN);
    let check = words.checks.len().saturating_sub(1);
    LastWords { log: words.log[last..].to_vec(), checks: words.checks[check..].to_vec(), ..words.clone() }
}
