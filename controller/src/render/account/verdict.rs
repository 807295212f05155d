//! Where a rollout stands or how it ended, in one sentence.

use crate::analysis::Metric;
use crate::api::{Account, AccountConviction, AccountCounts};
use crate::render::number::{count, duration, latency, percent, rate};
use crate::render::reason::sentence as sentence_of;
use crate::rollout::PhaseName;

/// `rollout 7 of web: v3 was sent back at 10% after 12s: it failed 7 of 226 requests (3.10%), stable 0 of 2,199`.
pub(super) fn sentence(account: &Account) -> String {
    let Account { service, generation, canary, .. } = account;
    let what = match account.phase {
        PhaseName::Aborted => aborted(account),
        PhaseName::Idle => format!("became stable{}: {}{}", after(account), way(account), so_far(account)),
        PhaseName::Draining => "waits until the release that has to go has left".to_owned(),
        PhaseName::Preparing if account.first_share_ms.is_some() => {
            "gets no requests until its backends pass their probes again".to_owned()
        }
        PhaseName::Preparing => "gets ready; no request has reached it yet".to_owned(),
        PhaseName::Progressing => format!("has {}{}{}", account.weight, standing(account), so_far(account)),
        PhaseName::Held => format!("is held at {}{}: {}", account.weight, standing(account), reason(account)),
        PhaseName::Paused => format!("is paused at {}{}: {}", account.weight, standing(account), reason(account)),
        PhaseName::Probation => format!("has all requests, in probation{}{}", standing(account), so_far(account)),
    };
    format!("rollout {generation} of {service}: {canary} {what}")
}

fn reason(account: &Account) -> String {
    account.reason.as_deref().map_or_else(|| "nobody knows why".to_owned(), |label| sentence_of(label).to_owned())
}

fn aborted(account: &Account) -> String {
    if account.first_share_ms.is_none() {
        let why = match account.reason.as_deref() {
            Some("never-ready") => {
                format!("its backends did not pass their probes within {}", duration(account.plan.ready_timeout_ms))
            }
            Some("command") => "an operator took it back".to_owned(),
            _ => reason(account),
        };
        return format!("was given up before any request reached it: {why}");
    }
    let place = format!("was sent back at {}{}", account.weight, after(account));
    match (&account.conviction, account.reason.as_deref()) {
        (Some(conviction), Some(reason)) if conviction.ground == reason => {
            format!("{place}: {}", ground(account, conviction))
        }
        (_, Some("command")) => format!("{place} by an operator{}", so_far(account)),
        _ => format!("{place}: {}{}", reason(account), so_far(account)),
    }
}

/// What it did, in the figures on which the verdict rests.
fn ground(account: &Account, conviction: &AccountConviction) -> String {
    let plan = &account.plan;
    let (canary, stable) = (&conviction.canary, &conviction.stable);
    let when = if conviction.weight.bp() == 10_000 { "before" } else { "in the same time" };
    let (failed, beside) = (failed(account, canary), beside(stable, when));
    match conviction.ground.as_str() {
        "guardrail-error-rate" => {
            let most = plan.error_rate_max.map(|most| format!(" the {}", rate(most))).unwrap_or_default();
            format!("it failed {failed}, more than{most} that the plan allows; {beside}")
        }
        "guardrail-latency" => {
            format!("{}, more than the 1 in 100 that the plan allows; {}", slow(canary), slow_beside(stable))
        }
        "never-healthy" => format!("it answered nothing well: it failed {failed}, {beside}"),
        "no-connection" => format!("it refused its connections one after the other: it failed {failed}, {beside}"),
        "failure-run" => format!("it failed one request after the other: {failed} in all, {beside}"),
        "failed-requests" => {
            format!("it failed {failed}, and {} is all that the plan allows", most(plan.failed_requests_max))
        }
        "failed-users" => {
            let most = most(plan.failed_users_max);
            format!("it failed {most} clients, and {most} is all that the plan allows")
        }
        _ => match Metric::ALL
            .into_iter()
            .find(|metric| metric.label() == conviction.metric)
            .and_then(Metric::percentile)
        {
            Some(percentile) => format!("{}, stable's p{percentile}; {}", slow(canary), slow_beside(stable)),
            None => format!("it failed {failed}, {beside}"),
        },
    }
}

fn most(max: Option<u64>) -> String {
    max.map_or_else(|| "that".to_owned(), count)
}

/// `7 of 226 requests (3.10%)`.
fn failed(account: &Account, counts: &AccountCounts) -> String {
    let AccountCounts { scored, bad, .. } = counts;
    format!("{} of {} {} ({})", count(*bad), count(*scored), account.plan.counted, percent(*bad, *scored))
}

/// `stable 0 of 2,199 in the same time`.
fn beside(counts: &AccountCounts, when: &str) -> String {
    let AccountCounts { scored, bad, .. } = counts;
    format!("stable {} of {} {when}", count(*bad), count(*scored))
}

/// `41 of its 226 answers (18.1%) took longer than 38ms`.
fn slow(counts: &AccountCounts) -> String {
    let AccountCounts { scored, bad, slow_above_ms } = counts;
    let limit = slow_above_ms.map(|ms| format!(" than {}", latency(ms))).unwrap_or_default();
    format!("{} of its {} answers ({}) took longer{limit}", count(*bad), count(*scored), percent(*bad, *scored))
}

fn slow_beside(counts: &AccountCounts) -> String {
    let AccountCounts { scored, bad, .. } = counts;
    format!("of stable's {} only {} ({})", count(*scored), count(*bad), percent(*bad, *scored))
}

/// What it has done, where nothing of that is a ground.
fn so_far(account: &Account) -> String {
    let of = |failed, scored| AccountCounts { scored, bad: failed, slow_above_ms: None };
    let compared = account.arms.as_ref().filter(|arms| arms.canary.scored > 0).map(|arms| {
        let (canary, stable) = (of(arms.canary.failed, arms.canary.scored), of(arms.stable.failed, arms.stable.scored));
        format!("it failed {}, {}", failed(account, &canary), beside(&stable, "in the same time"))
    });
    let alone = account
        .probation
        .as_ref()
        .filter(|probation| probation.scored > 0)
        .map(|probation| format!("at 100% it failed {}", failed(account, &of(probation.failed, probation.scored))));
    let both: Vec<_> = [compared, alone].into_iter().flatten().collect();
    if both.is_empty() { "; nothing of it has been scored".to_owned() } else { format!("; {}", both.join("; ")) }
}

/// Each step that was left upwards, by what.
fn way(account: &Account) -> String {
    let mut parts = Vec::<(String, Vec<String>)>::new();
    for pass in &account.passes {
        let how = match pass.reason.as_str() {
            "certificate" => "certified",
            "command" => "on an operator's word",
            "policy" => "unproved, as the plan allows",
            "time" => "by time alone",
            other => sentence_of(other),
        };
        match parts.last_mut().filter(|(last, _)| last == how) {
            Some((_, places)) => places.push(pass.weight.to_string()),
            None => parts.push((how.to_owned(), vec![pass.weight.to_string()])),
        }
    }
    let passed: Vec<_> = parts.iter().map(|(how, places)| format!("{how} at {}", places.join(" and "))).collect();
    let end = match account.reason.as_deref() {
        Some("probation-over") => "its probation is over".to_owned(),
        Some("command") => "an operator ended its probation".to_owned(),
        Some("superseded") => "another rollout took the place of its probation".to_owned(),
        _ => reason(account),
    };
    if passed.is_empty() { end } else { format!("{}; {end}", passed.join(", ")) }
}

/// For how long it had a share, or was tried at all.
fn after(account: &Account) -> String {
    let ms = account.conviction.as_ref().map_or(account.told_ms, |conviction| conviction.at_ms);
    format!(" after {}", duration(ms.saturating_sub(account.first_share_ms.unwrap_or_default())))
}

fn standing(account: &Account) -> String {
    let step = account.step.map(|step| format!(" (step {step} of {})", account.plan.steps_bp.len().saturating_add(1)));
    let time = account.in_phase_ms.map(|ms| format!(" for {}", duration(ms)));
    format!("{}{}", step.unwrap_or_default(), time.unwrap_or_default())
}
