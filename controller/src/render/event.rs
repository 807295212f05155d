//! A change, as a line for a log.

use crate::api::HistoryEntry;
use crate::render::change::{effect, subject};
use crate::render::history::{order, to_seconds};
use crate::render::reason::sentence;
use crate::render::text::escape;
use crate::rollout::Reason;

/// `TIME #ID SUBJECT: EFFECT; WHY; WHO: COMMAND`. It is one line, however long.
#[must_use]
pub fn event(entry: &HistoryEntry) -> String {
    let subject = match (&entry.service, &entry.transition) {
        (Some(service), transition) => subject(service, transition.as_ref().and_then(|change| change.canary.as_ref())),
        (None, _) => "all services".to_owned(),
    };
    let change = entry.transition.as_ref();
    // A command says itself what it was.
    let why = change.map(|change| change.reason).filter(|reason| *reason != Reason::Command);
    let why = why.map(|reason| sentence(reason.label()).to_owned());
    let said = [change.map(effect), why, order(entry)].into_iter().flatten().collect::<Vec<_>>().join("; ");
    format!("{} #{} {subject}: {}\n", escape(&to_seconds(&entry.at)), entry.id, escape(&said))
}
