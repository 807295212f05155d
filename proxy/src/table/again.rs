//! The choice for a request that has failed already. It is scored nowhere: the first attempt was.

use std::sync::Arc;

use crate::pool::{Backend, BackendId};
use crate::table::{Pick, Route};
use crate::track::Track;

// === impl Route ===

impl Route {
    /// Another stable backend for a request that failed at this one. It is scored nowhere: the first attempt was.
    #[must_use]
    pub fn fail_over(self: &Arc<Self>, failed: &BackendId) -> Option<Pick> {
        if self.is_parked {
            return None;
        }
        let backend = Arc::clone(self.stable.other_than(failed)?);
        Some(Pick::new(Arc::clone(self), Track::Stable, backend, None, None))
    }

    /// A backend for a parked request that failed at these: a stable one, or the canary's where stable has none. It is
    /// scored nowhere, as the first attempt was, and what it comes to is held against the canary no second time.
    #[must_use]
    pub fn resume(self: &Arc<Self>, failed: &[BackendId]) -> Option<Pick> {
        if self.is_parked {
            return None;
        }
        let canary = self.canary.as_ref().filter(|canary| canary.can_serve());
        let (track, pool) = match canary.filter(|_| self.stable.ready.is_empty()) {
            Some(canary) => (Track::Canary, &canary.pool),
            None => (Track::Stable, &self.stable),
        };
        let backend = Arc::clone(pool.none_of(failed)?);
        Some(Pick::of_parked(Arc::clone(self), track, backend))
    }

    /// The same backend once more, where this table still has it in that role; else a stable one, scored nowhere.
    #[must_use]
    pub fn again(self: &Arc<Self>, pick: Pick) -> Option<Pick> {
        let is_same = |backend: &Arc<Backend>| backend.id == pick.backend.id;
        if pick.is_preview {
            let preview = self.preview.as_ref().filter(|preview| preview.can_serve());
            let is_there = preview.is_some_and(|preview| preview.pool().ready.iter().any(is_same));
            return if is_there { Some(pick) } else { self.fail_over(&pick.backend.id) };
        }
        if self.is_parked {
            return None;
        }
        let is_convicted = pick.track == Track::Canary && self.canary.as_ref().is_none_or(|canary| !canary.can_serve());
        if !is_convicted && self.pool(pick.track).is_some_and(|pool| pool.ready.iter().any(is_same)) {
            return Some(pick);
        }
        self.fail_over(&pick.backend.id)
    }
}
