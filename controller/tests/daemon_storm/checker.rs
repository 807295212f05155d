//! Holds a history against what clients were told. It knows nothing of how canaryd works.

use std::collections::BTreeMap;

use canary_config::weight::Weight;
use canary_controller::api::HistoryEntry;
use canary_controller::rollout::{PhaseName, Reason, Transition};

use super::said::{Log, Said, Told};

/// Every way in which the history does not fit what was said, in words.
pub(super) fn violations(log: &Log, history: &[HistoryEntry]) -> Vec<String> {
    let (in_force, mut violations) = without_overtaken(history);
    let kept = named(&in_force);
    for said in &log.said {
        violations.extend(promise(said, &kept));
    }
    violations.extend(order_in_time(log, &kept));
    for service in super::SERVICES {
        let of_service = |entry: &&HistoryEntry| entry.service.as_ref().is_some_and(|name| name.as_str() == service);
        let entries: Vec<_> = in_force.iter().copied().filter(of_service).collect();
        violations.extend(way(service, &entries));
    }
    violations
}

/// The entries without those that an abort has overtaken, each of which is taken back by the entry that says so.
fn without_overtaken(history: &[HistoryEntry]) -> (Vec<&HistoryEntry>, Vec<String>) {
    let (mut in_force, mut violations) = (Vec::<&HistoryEntry>::new(), Vec::new());
    for entry in history {
        let Some(change) = entry.transition.as_ref().filter(|change| change.reason == Reason::Overtaken) else {
            in_force.push(entry);
            continue;
        };
        let is_same = |other: &&HistoryEntry| other.service == entry.service && other.transition.is_some();
        let overtaken = in_force.iter().rposition(&is_same).map(|place| in_force.remove(place));
        let before = in_force.iter().rfind(|other| is_same(other)).and_then(|other| other.transition.as_ref());
        let is_taken_back = overtaken.and_then(|other| other.transition.as_ref()).is_some_and(|decided| {
            // A restart brings what was under way back to its preparations, without a line if it was at the first step.
            let is_as_before = |before: &Transition| (before.to, before.weight) == (change.to, change.weight);
            (decided.to, decided.generation) == (change.from, change.generation)
                && (change.to == PhaseName::Preparing || before.is_none_or(is_as_before))
        });
        if !is_taken_back {
            violations.push(format!("{entry:?} does not take back {overtaken:?} after {before:?}"));
        }
    }
    (in_force, violations)
}

/// The entries by the name of the order that they came from.
fn named<'a>(history: &[&'a HistoryEntry]) -> BTreeMap<&'a str, Vec<&'a HistoryEntry>> {
    let mut kept = BTreeMap::<_, Vec<_>>::new();
    for entry in history.iter().copied() {
        if let Some(name) = &entry.note {
            kept.entry(name.as_str()).or_default().push(entry);
        }
    }
    kept
}

/// What was acknowledged is kept once, as it was told; what was refused is not.
fn promise(said: &Said, kept: &BTreeMap<&str, Vec<&HistoryEntry>>) -> Option<String> {
    let entries = kept.get(said.name.as_str()).map(Vec::as_slice).unwrap_or_default();
    let is_kept = match (&said.told, entries) {
        (Told::Done(told), [entry]) => {
            let is_meant = match (&entry.transition, said.order.generation) {
                // A start is about the rollout before the one that it begins.
                (Some(change), Some(meant)) => [meant, meant + 1].contains(&change.generation.get()),
                _ => true,
            };
            entry.transition == *told && is_meant
        }
        (Told::Done(_), _) => false,
        (Told::Refused, entries) => entries.is_empty(),
        (Told::NotDurable | Told::Nothing, entries) => entries.len() <= 1,
    };
    (!is_kept).then(|| format!("{said:?} is kept as {entries:?}"))
}

/// Of two orders about a service, the one that was answered before the other was sent comes first.
fn order_in_time(log: &Log, kept: &BTreeMap<&str, Vec<&HistoryEntry>>) -> Vec<String> {
    let id = |said: &Said| kept.get(said.name.as_str()).and_then(|entries| entries.first()).map(|entry| entry.id);
    let done: Vec<_> = log.acknowledged().filter_map(|said| id(said).map(|id| (said, id))).collect();
    let mut violations = Vec::new();
    for (earlier, earlier_id) in &done {
        for (later, later_id) in &done {
            let is_same = earlier.order.service == later.order.service;
            if is_same && earlier.answered < later.sent && earlier_id > later_id {
                violations.push(format!(
                    "{} was answered before {} was sent, and is kept after it",
                    earlier.name, later.name
                ));
            }
        }
    }
    violations
}

/// The entries of a service tell one way, from which none is missing, on which an abort is final and a freeze holds.
fn way(service: &str, entries: &[&HistoryEntry]) -> Vec<String> {
    let mut violations = Vec::new();
    let mut last: Option<&Transition> = None;
    for entry in entries {
        let Some(change) = &entry.transition else { continue };
        if let Some(before) = last {
            violations.extend(step(before, change).map(|what| format!("{service}, entry {}: {what}", entry.id)));
        }
        last = Some(change);
    }
    violations
}

fn step(before: &Transition, after: &Transition) -> Option<String> {
    // A restart brings what was under way back to its preparations.
    let is_restarted = after.from == PhaseName::Preparing || after.reason == Reason::Restarted;
    let is_over = matches!(before.to, PhaseName::Aborted | PhaseName::Idle);
    let begins = after.generation.get() == before.generation.get() + 1;
    let goes_on = after.generation == before.generation;
    let may_differ = is_restarted && !is_over;
    if before.to != after.from && !may_differ {
        return Some(format!("{after:?} does not follow {before:?}"));
    }
    if !begins && !goes_on {
        return Some(format!("{after:?} skips a number after {before:?}"));
    }
    if goes_on && is_over && after.weight > Weight::ZERO {
        return Some(format!("{after:?} raises what was over with {before:?}"));
    }
    if begins && after.weight > Weight::ZERO {
        return Some(format!("{after:?} begins with a share"));
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::daemon_storm::order::Order;

    fn entry(id: i64, note: &str, (from, to): (&str, &str), generation: u64, weight_bp: u16) -> HistoryEntry {
        let transition = json!({
            "generation": generation, "canary": "v2", "from": from, "to": to, "step": null, "weight_bp": weight_bp,
            "reason": "command",
        });
        let entry = json!({
            "id": id, "at": "2026-01-01T00:00:00Z", "service": "web", "actor": "uid 0", "command": "start",
            "note": note, "transition": transition, "evidence": null,
        });
        serde_json::from_value(entry).expect("an entry")
    }

    fn good() -> Vec<HistoryEntry> {
        vec![
            entry(1, "0-0", ("idle", "preparing"), 1, 0),
            entry(2, "0-1", ("preparing", "progressing"), 1, 1_000),
            entry(3, "0-2", ("progressing", "aborted"), 1, 0),
        ]
    }

    /// Says what these entries tell, one after the other.
    fn log(history: &[HistoryEntry]) -> Log {
        let mut log = Log::default();
        for entry in history {
            let (sent, answered) = (log.now(), log.now());
            let order = Order::named("start", "web");
            let (name, told) = (entry.note.clone().expect("a name"), Told::Done(entry.transition.clone()));
            log.said.push(Said { name, order, sent, answered, told });
        }
        log
    }

    #[test]
    fn a_history_that_fits_is_not_complained_about() {
        assert_eq!(violations(&log(&good()), &good()), Vec::<String>::new());
    }

    #[test]
    fn an_order_that_is_not_kept_is_found_out() {
        for missing in 0..3 {
            let mut kept = good();
            kept.remove(missing);
            assert_ne!(violations(&log(&good()), &kept), Vec::<String>::new(), "without {missing}");
        }
    }

    #[test]
    fn an_order_that_is_kept_twice_or_after_a_refusal_is_found_out() {
        let mut twice = good();
        twice.push(entry(4, "0-2", ("aborted", "aborted"), 1, 0));
        assert_eq!(violations(&log(&good()), &twice).len(), 1);
        let mut refused = log(&good());
        refused.said[2].told = Told::Refused;
        assert_eq!(violations(&refused, &good()).len(), 1);
    }

    #[test]
    fn what_an_abort_has_overtaken_is_taken_back_as_it_was() {
        let mut overtaken = good();
        let mut back = entry(4, "", ("progressing", "progressing"), 1, 1_000);
        back.note = None;
        back.transition.as_mut().expect("a change").reason = Reason::Overtaken;
        overtaken.insert(2, entry(3, "0-9", ("progressing", "progressing"), 1, 2_500));
        overtaken.insert(3, back);
        assert_eq!(violations(&log(&good()), &overtaken), Vec::<String>::new());
        overtaken[3].transition.as_mut().expect("a change").weight = Weight::FULL;
        assert_eq!(violations(&log(&good()), &overtaken).len(), 1);
    }

    #[test]
    fn a_raise_after_an_abort_is_found_out() {
        let mut raised = good();
        raised.push(entry(4, "0-3", ("aborted", "progressing"), 1, 2_500));
        assert_eq!(violations(&log(&raised), &raised).len(), 1);
    }

    #[test]
    fn what_is_kept_in_another_order_than_it_was_told_is_found_out() {
        let mut kept = good();
        let mut said = log(&good());
        said.said.reverse();
        for (moment, said) in said.said.iter_mut().enumerate() {
            (said.sent, said.answered) = (2 * moment as u64, 2 * moment as u64 + 1);
        }
        kept.truncate(3);
        assert_eq!(violations(&said, &kept).len(), 3);
    }
}
