//! Which check of a rollout is due, by where it stands. Pure.
//!
//! It goes by what is true now and not by what has just happened, so that a restart of canaryd needs no memory of what
//! was under way: what is not known to have passed is done again.

use std::collections::BTreeSet;

use crate::hooks::Check;

/// Where a rollout stands, as far as its checks depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// Nothing is tried, or a release has to go first, or the try was sent back before this process looked after it.
    Elsewhere,
    /// The canary is to be ready.
    Preparing {
        /// Whether it may be deployed: nothing of stable runs any more that would be in the way.
        is_free: bool,
        /// Whether all of its instances are.
        is_ready: bool,
        /// Whether it goes to all requests from here, and not only back to them.
        is_last: bool,
    },
    /// The canary has a share.
    Standing {
        /// Whether it would have all requests now but for the hook before them.
        is_last: bool,
    },
    /// The canary has all requests.
    Full,
    /// The try was sent back.
    SentBack,
}

// === impl Place ===

impl Place {
    /// The checks that have to be passed here, one after the other. None but the last may be passed already.
    const fn course(self) -> &'static [Check] {
        match self {
            Self::Preparing { is_last: false, .. } => &[Check::PreDeploy, Check::PreTraffic, Check::SmokeBefore],
            Self::Preparing { is_last: true, .. } => {
                &[Check::PreDeploy, Check::PreTraffic, Check::SmokeBefore, Check::PrePromote]
            }
            Self::Standing { is_last: true } => &[Check::PrePromote],
            Self::Full => &[Check::PostPromote, Check::SmokeAfter],
            Self::SentBack => &[Check::OnAbort],
            Self::Elsewhere | Self::Standing { is_last: false } => &[],
        }
    }

    /// Whether a check can be made now.
    const fn allows(self, check: Check) -> bool {
        match (self, check) {
            (Self::Preparing { is_free, .. }, Check::PreDeploy) => is_free,
            (Self::Preparing { is_ready, .. }, _) => is_ready,
            _ => true,
        }
    }

    /// The first check that has to be passed here and has not been.
    pub(super) fn missing(self, wanted: &BTreeSet<Check>, passed: &BTreeSet<Check>) -> Option<Check> {
        self.course().iter().copied().find(|check| wanted.contains(check) && !passed.contains(check))
    }

    /// The check that is due now.
    pub(super) fn due(self, wanted: &BTreeSet<Check>, passed: &BTreeSet<Check>) -> Option<Check> {
        self.missing(wanted, passed).filter(|check| self.allows(*check))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> impl Iterator<Item = Place> {
        let preparing = (0..8).map(|bits| Place::Preparing {
            is_free: bits & 1 > 0,
            is_ready: bits & 2 > 0,
            is_last: bits & 4 > 0,
        });
        let standing = [false, true].map(|is_last| Place::Standing { is_last });
        preparing.chain(standing).chain([Place::Elsewhere, Place::Full, Place::SentBack])
    }

    fn subsets() -> impl Iterator<Item = BTreeSet<Check>> {
        let of = |bits: u32| Check::ALL.into_iter().enumerate().filter(move |(index, _)| bits & 1 << index > 0);
        (0..1 << Check::ALL.len()).map(move |bits| of(bits).map(|(_, check)| check).collect())
    }

    /// At which places a check may be made, each by its own reading of them.
    fn belongs(place: Place, check: Check) -> bool {
        match check {
            Check::PreDeploy => matches!(place, Place::Preparing { is_free: true, .. }),
            Check::PreTraffic | Check::SmokeBefore => matches!(place, Place::Preparing { is_ready: true, .. }),
            Check::PrePromote => matches!(
                place,
                Place::Preparing { is_ready: true, is_last: true, .. } | Place::Standing { is_last: true }
            ),
            Check::PostPromote | Check::SmokeAfter => place == Place::Full,
            Check::OnAbort => place == Place::SentBack,
        }
    }

    #[test]
    fn what_is_due_is_wanted_has_not_passed_and_belongs_there() {
        for place in places() {
            for wanted in subsets() {
                for passed in subsets() {
                    let Some(check) = place.due(&wanted, &passed) else { continue };
                    assert!(wanted.contains(&check) && !passed.contains(&check), "{place:?} {wanted:?} {passed:?}");
                    assert!(belongs(place, check), "{place:?} {check:?}");
                    // Nothing is made before what comes earlier on the way.
                    let mut earlier = Check::ALL.into_iter().take_while(|earlier| *earlier != check);
                    let is_skipped = |earlier: &Check| {
                        belongs(place, *earlier) && wanted.contains(earlier) && !passed.contains(earlier)
                    };
                    assert_eq!(earlier.find(is_skipped), None, "{place:?} {wanted:?} {passed:?}");
                }
            }
        }
    }

    #[test]
    fn what_belongs_somewhere_is_made_there_sooner_or_later() {
        for place in places() {
            for wanted in subsets() {
                let mut passed = BTreeSet::new();
                while let Some(check) = place.due(&wanted, &passed) {
                    assert!(passed.insert(check), "{check:?} is due twice");
                }
                let is_free =
                    !matches!(place, Place::Preparing { is_free: false, .. }) || !wanted.contains(&Check::PreDeploy);
                let expected = wanted.iter().copied().filter(|check| is_free && belongs(place, *check)).collect();
                assert_eq!(passed, expected, "{place:?} {wanted:?}");
                let is_ready = !matches!(place, Place::Preparing { is_ready: false, .. });
                assert!(!is_ready || !is_free || place.missing(&wanted, &passed).is_none(), "{place:?} {wanted:?}");
            }
        }
    }
}
