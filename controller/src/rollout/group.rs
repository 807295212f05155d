//! Services that move as one: one plan, one verdict, and weights that change together.
//!
//! Each service has a rollout of its own. All of them are shown what is true of the group, at the same instant, and so
//! each decides the same. One that must be sent back takes the others with it, and one that a human
//! is asked about keeps them where they are. A service alone is a group of one.

use std::time::Instant;

use crate::rollout::{Event, Inclination, Judgement, PhaseName, Raises, Refusal, Rollout, Transition};

/// What became of one service of a group.
pub type Move = (Rollout, Transition);

/// Why a group does not do what was ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The place of the service that must not.
    pub member: usize,
    /// Why not.
    pub refusal: Refusal,
}

/// Shows every member of a group what happened to it, and gives what becomes of all of them: all move, or none does.
/// There is an event for each member, and all are of the same kind.
///
/// # Errors
/// A command that one of them does not allow; nothing has changed then.
pub fn turn(members: &[Rollout], events: &[Event], now: Instant, raises: Raises) -> Result<Option<Vec<Move>>, Refused> {
    let own = members.iter().zip(events).enumerate().map(|(member, (rollout, event))| {
        let mut next = rollout.clone();
        let answer = next.handle(event.clone(), now, raises).map_err(|refusal| Refused { member, refusal })?;
        Ok(answer.map(|transition| (next, transition)))
    });
    let own: Vec<Option<Move>> = own.collect::<Result<_, _>>()?;
    if own.iter().zip(members).any(|(moved, before)| moved.as_ref().is_some_and(|moved| is_retreat(before, moved))) {
        let moves = own.into_iter().zip(members).map(|(moved, rollout)| match moved {
            Some(moved) if moved.1.to == PhaseName::Aborted || is_retreat(rollout, &moved) => Some(moved),
            _ => handled(rollout, Event::PeerAborted, now, raises),
        });
        return Ok(Some(moves.flatten().collect()));
    }
    match merged(events) {
        None => Ok(own.into_iter().collect()),
        Some(event) => Ok(members.iter().map(|rollout| handled(rollout, event.clone(), now, raises)).collect()),
    }
}

/// Whether a member is sent back, or would be if a human did not have to be asked first.
fn is_retreat(before: &Rollout, (after, change): &Move) -> bool {
    let is_aborted = change.to == PhaseName::Aborted && change.from != PhaseName::Aborted;
    let is_doubted = |rollout: &Rollout| rollout.phase().trial().is_some_and(|trial| trial.doubt.is_some());
    is_aborted || is_doubted(after) && !is_doubted(before)
}

fn handled(rollout: &Rollout, event: Event, now: Instant, raises: Raises) -> Option<Move> {
    let mut next = rollout.clone();
    // Only a command is ever refused.
    let transition = next.handle(event, now, raises).ok().flatten()?;
    Some((next, transition))
}

/// What is true of the group, where it differs from what is true of each: nobody is readier than the least ready, and
/// the evidence is as good as the weakest.
fn merged(events: &[Event]) -> Option<Event> {
    let mut events = events.iter();
    let first = events.next()?.clone();
    events.try_fold(first, |all, event| match (all, event) {
        (Event::Probed { stable, canary }, Event::Probed { stable: of_stable, canary: of_canary }) => {
            Some(Event::Probed { stable: stable.min(*of_stable), canary: canary.min(*of_canary) })
        }
        (Event::Judged(all), Event::Judged(one)) => Some(Event::Judged(weaker(all, *one))),
        _ => None,
    })
}

fn weaker(one: Judgement, other: Judgement) -> Judgement {
    match (one, other) {
        (Judgement::Breach(ground), _) | (_, Judgement::Breach(ground)) => Judgement::Breach(ground),
        (Judgement::Shared, _) | (_, Judgement::Shared) => Judgement::Shared,
        (Judgement::Thin(Inclination::Open), _) | (_, Judgement::Thin(Inclination::Open)) => {
            Judgement::Thin(Inclination::Open)
        }
        (Judgement::Thin(inclination), _) | (_, Judgement::Thin(inclination)) => Judgement::Thin(inclination),
        (Judgement::Pass, Judgement::Pass) => Judgement::Pass,
    }
}
