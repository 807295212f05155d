//! The attempts of one request: which were made, and which may follow. Pure: it knows no backend, no socket, no clock.
//!
//! Canary, stable, another stable, and then whoever is there once the request has been parked. A kept connection that
//! gave no answer is no attempt yet, as it may have been dead before it was used; the same backend is asked once more,
//! on a fresh one. Whoever previews wants the canary's own answer, so that nothing follows it.

use crate::worker::UPSTREAM_TRIES_MAX;

/// How often one request may ask the same backend once more. On a fresh connection, so that it can learn nothing new by
/// a third time.
const AGAIN_LIMIT: u8 = 1;

/// A canary, a stable backend, and another one.
const ATTEMPTS_MAX: u8 = 3;

/// How often one request may be parked for a failed attempt. With a pause of up to a second after each of them, it is
/// about as often as the default limit on its waiting allows for.
const PARKED_MAX: u8 = 32;

const _: () = assert!(AGAIN_LIMIT as usize + (ATTEMPTS_MAX + PARKED_MAX) as usize == UPSTREAM_TRIES_MAX);

/// Where the attempts of a request stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Course {
    leg: Leg,
    next: Option<Step>,
    attempts: u8,
    again: u8,
    parked: u8,
}

/// Whom an attempt is made at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The canary, by the preview's secret.
    Preview,
    /// The canary.
    Canary,
    /// A stable backend.
    Stable,
}

/// How an attempt is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Wherever the draw says.
    Draw,
    /// At the same backend, where it still serves, on a fresh connection.
    Again,
    /// At a stable backend in the canary's place.
    Rescue,
    /// At another stable backend.
    FailOver,
    /// Wherever a backend is found after a wait.
    Park,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leg {
    Unbegun,
    Preview,
    Canary,
    Stable,
    OtherStable,
    Parked,
}

// === impl Course ===

impl Course {
    /// Of a request that has not been sent anywhere.
    pub(super) const fn new() -> Self {
        Self { leg: Leg::Unbegun, next: Some(Step::Draw), attempts: 0, again: 0, parked: 0 }
    }

    /// How many backends were tried.
    pub(super) const fn attempts(self) -> u8 {
        self.attempts
    }

    /// How the next attempt is chosen; `None` while one is under way or the last one is over.
    pub(super) const fn next(self) -> Option<Step> {
        self.next
    }

    /// An attempt begins.
    pub(super) fn begin(&mut self, role: Role) {
        let is_other = self.leg == Leg::OtherStable || self.next == Some(Step::FailOver);
        let is_parked = self.leg == Leg::Parked || self.next == Some(Step::Park);
        self.leg = match role {
            Role::Preview => Leg::Preview,
            _ if is_parked => Leg::Parked,
            Role::Canary => Leg::Canary,
            Role::Stable if is_other => Leg::OtherStable,
            Role::Stable => Leg::Stable,
        };
        self.attempts = self.attempts.saturating_add(1);
        self.next = None;
    }

    /// What may make up for the attempt under way.
    pub(super) const fn remedy(self) -> Option<Step> {
        match self.leg {
            Leg::Canary => Some(Step::Rescue),
            Leg::Stable => Some(Step::FailOver),
            Leg::OtherStable | Leg::Parked if self.parked < PARKED_MAX => Some(Step::Park),
            Leg::Unbegun | Leg::Preview | Leg::OtherStable | Leg::Parked => None,
        }
    }

    /// It is made up for by this.
    pub(super) fn make_up(&mut self, remedy: Step) {
        self.parked += u8::from(remedy == Step::Park);
        self.next = Some(remedy);
    }

    /// Whether it has been parked for a failed attempt before.
    pub(super) const fn was_parked(self) -> bool {
        self.parked > 0
    }

    /// Whether the same backend may be asked once more.
    pub(super) const fn may_ask_again(self) -> bool {
        self.again < AGAIN_LIMIT
    }

    /// The same backend is asked once more.
    pub(super) fn ask_again(&mut self) {
        self.again += 1;
        self.next = Some(Step::Again);
    }

    /// Takes back an attempt that may never have been one, and asks the same backend once more.
    pub(super) fn take_back(&mut self) {
        self.attempts = self.attempts.saturating_sub(1);
        self.ask_again();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What can befall an attempt.
    #[derive(Clone, Copy, Debug)]
    enum Turn {
        Failed,
        Parked,
        Stale,
        Dropped,
    }

    /// Every request: what is asked first, and whether the canary is still there when it is asked again.
    fn walk(course: Course, made: &mut Vec<Role>, check: &mut impl FnMut(Course, &[Role])) {
        let roles: &[Role] = match (course.next(), made.last()) {
            (None, _) => return check(course, made),
            (Some(Step::Draw), _) => &[Role::Preview, Role::Canary, Role::Stable],
            (Some(Step::Again), Some(Role::Preview)) => &[Role::Preview, Role::Stable],
            (Some(Step::Again), Some(Role::Canary)) => &[Role::Canary, Role::Stable],
            // Whom a parked request is given to makes no difference to what may follow.
            (Some(Step::Again | Step::Rescue | Step::FailOver | Step::Park), _) => &[Role::Stable],
        };
        for role in roles {
            let mut begun = course;
            begun.begin(*role);
            made.push(*role);
            check(begun, made);
            for turn in [Turn::Failed, Turn::Parked, Turn::Stale, Turn::Dropped] {
                let mut after = begun;
                match (turn, begun.remedy()) {
                    (Turn::Failed, Some(remedy)) => after.make_up(remedy),
                    (Turn::Parked, Some(Step::Rescue | Step::FailOver)) => after.make_up(Step::Park),
                    (Turn::Stale, _) if begun.may_ask_again() => after.take_back(),
                    (Turn::Dropped, _) if begun.may_ask_again() && *role == Role::Canary => after.ask_again(),
                    _ => continue,
                }
                walk(after, made, check);
            }
            made.pop();
        }
    }

    #[test]
    fn no_sequence_of_attempts_is_longer_than_pingora_allows_or_leads_back_to_the_canary_unparked() {
        let mut sequences = 0;
        walk(Course::new(), &mut Vec::new(), &mut |course, made| {
            sequences += 1;
            assert!(made.len() <= UPSTREAM_TRIES_MAX, "{made:?}");
            assert!((1..=made.len()).contains(&usize::from(course.attempts())), "{course:?} of {made:?}");
            if course.was_parked() {
                return;
            }
            let after_stable = made.iter().skip_while(|role| **role != Role::Stable);
            assert!(after_stable.clone().all(|role| *role == Role::Stable), "{made:?}");
            assert!(after_stable.count() <= 2 + usize::from(AGAIN_LIMIT), "{made:?}");
        });
        assert!(sequences > 20, "{sequences}");
    }

    #[test]
    fn a_canary_is_followed_by_stable_and_stable_by_another_one() {
        let mut course = Course::new();
        course.begin(Role::Canary);
        assert_eq!(course.remedy(), Some(Step::Rescue));
        course.make_up(Step::Rescue);
        course.begin(Role::Stable);
        assert_eq!(course.remedy(), Some(Step::FailOver));
        course.make_up(Step::FailOver);
        course.begin(Role::Stable);
        assert_eq!((course.remedy(), course.attempts()), (Some(Step::Park), ATTEMPTS_MAX));
    }

    #[test]
    fn a_request_is_parked_so_often_and_no_more() {
        let mut course = Course::new();
        course.begin(Role::Stable);
        for _ in 0..PARKED_MAX {
            course.make_up(Step::Park);
            course.begin(Role::Stable);
        }
        assert_eq!((course.remedy(), course.attempts()), (None, PARKED_MAX + 1));
    }

    #[test]
    fn a_kept_connection_without_an_answer_uses_up_no_attempt() {
        let mut course = Course::new();
        for _ in 0..AGAIN_LIMIT {
            course.begin(Role::Stable);
            course.take_back();
            assert_eq!((course.next(), course.attempts()), (Some(Step::Again), 0));
        }
        course.begin(Role::Stable);
        assert_eq!((course.may_ask_again(), course.remedy()), (false, Some(Step::FailOver)));
    }

    #[test]
    fn a_preview_is_made_up_for_by_nothing() {
        let mut course = Course::new();
        course.begin(Role::Preview);
        assert_eq!(course.remedy(), None);
    }
}
