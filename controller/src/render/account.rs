//! What convicted or certified a release: a sentence, what its numbers mean, how they came about, and the requests.

mod course;
mod proof;
mod requests;
mod verdict;

use crate::api::{Account, AccountPlan};
use crate::render::COLUMNS;
use crate::render::fields::Fields;
use crate::render::history::to_seconds;
use crate::render::last_words::last_words;
use crate::render::number::duration;
use crate::render::paint::Color;
use crate::render::phase::style;
use crate::render::status::{left, waits_for};
use crate::render::text::{escape, wrap};
use crate::rollout::PhaseName;

/// The verdict in a sentence, the proof in words, the evidence's course, and the requests that speak against the canary.
#[must_use]
pub fn account(account: &Account, color: Color) -> String {
    let sentence = wrap(&escape(&verdict::sentence(account)), COLUMNS);
    let head: String = sentence.iter().map(|line| color.paint(style(account.phase), line) + "\n").collect();
    let sections = [
        head,
        facts(account, color),
        course::course(account, color),
        requests::requests(account, color),
        words(account, color),
    ];
    sections.concat()
}

fn words(account: &Account, color: Color) -> String {
    match last_words(Fields::new(color), &account.last_words).into_text() {
        text if text.is_empty() => text,
        text => "\n".to_owned() + &text,
    }
}

fn facts(account: &Account, color: Color) -> String {
    let fields = proof::against(Fields::new(color).blank(), account);
    let fields = proof::shown(fields, account);
    let fields = match &account.missing {
        Some(missing) => waits_for(fields, missing, None),
        None => fields,
    };
    fields
        .plain_if("by", by(account).as_deref())
        .plain_if(lack(account), account.unready.as_deref())
        .plain("time", &time(account))
        .plain("plan", &plan(&account.plan))
        .plain("rule", &account.rule)
        .plain_if("together", together(account).as_deref())
        .plain_if("rollback", account.rollback.as_ref().map(left).as_deref())
        .into_text()
}

/// What is said of what the canary lacked in the end, or had too much of.
fn lack(account: &Account) -> &'static str {
    match account.reason.as_deref() {
        Some("hook" | "smoke-test") => "failed",
        Some("memory" | "processor") => "too much",
        _ => "not ready",
    }
}

/// Who brought it about that it stands or ended there, if that was a human.
fn by(account: &Account) -> Option<String> {
    let actor = account.actor.as_ref().filter(|_| account.reason.as_deref() == Some("command"))?;
    let note = account.note.as_ref().map(|note| format!(", \"{note}\"")).unwrap_or_default();
    Some(format!("{actor}{note}"))
}

fn time(account: &Account) -> String {
    let began = account
        .began_at
        .as_deref()
        .map_or_else(|| "began before this was kept".to_owned(), |at| format!("began {}", to_seconds(at)));
    let share = account.first_share_ms.map(|ms| format!(", first requests after {}", duration(ms))).unwrap_or_default();
    let is_over = matches!(account.phase, PhaseName::Idle | PhaseName::Aborted);
    let end = if is_over { "ended" } else { "told" };
    format!("{began}{share}, {end} after {}", duration(account.told_ms))
}

fn plan(plan: &AccountPlan) -> String {
    let AccountPlan { strategy, profile, assignment, steps_bp, .. } = plan;
    let steps: Vec<_> = steps_bp.iter().map(ToString::to_string).chain(["100%".to_owned()]).collect();
    format!("{strategy}, {profile}, by {assignment}: {}", steps.join(" → "))
}

fn together(account: &Account) -> Option<String> {
    let peers: Vec<_> = account.peers.iter().map(ToString::to_string).collect();
    (!peers.is_empty()).then(|| format!("with {}", peers.join(", ")))
}
