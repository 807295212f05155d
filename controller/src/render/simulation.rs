//! What came of many simulated rollouts, beside all that it takes to do them again.

use std::collections::BTreeMap;

use crate::render::NOTHING;
use crate::render::fields::Fields;
use crate::render::number::{count, duration, per_second, percent, rate, share};
use crate::render::paint::{Color, Style};
use crate::render::phase::glyph;
use crate::render::reason::sentence;
use crate::render::table::{Cell, Column, table};
use crate::rollout::PhaseName;
use crate::simulation::{FalseAborts, Report, ReportPlan, ReportTraffic, Spread, Summary};

/// The widest of what a run came to.
const END_COLUMNS: usize = 76;

/// The plan and the requests, the ends of all runs, their figures, and what else there is to say.
#[must_use]
pub fn simulation(report: &Report, color: Color) -> String {
    let head = head(report, color);
    let (steps, ends) = (steps(&report.plan, color), ends(&report.outcome, color));
    let figures = figures(report, color);
    let mut fields = Fields::new(color);
    if let Some(aborts) = report.false_aborts {
        fields = falsely(fields.blank(), aborts, report);
    }
    for (index, caveat) in report.caveats.iter().enumerate() {
        let (label, before) = if index == 0 { ("mind", fields.blank()) } else { ("", fields) };
        fields = before.styled(label, caveat, Style::Warning);
    }
    format!("{head}\n{steps}\n{ends}\n{figures}{}", fields.into_text())
}

fn head(report: &Report, color: Color) -> String {
    let Report { service, plan, traffic, seed, outcome, .. } = report;
    let ReportPlan { strategy, profile, assignment, on_thin_evidence, .. } = plan;
    let ReportTraffic { per_second: expected, counted, stable, canary, .. } = traffic;
    let noun = if *counted == "clients" { "new clients" } else { "requests" };
    Fields::new(color)
        .styled("service", service.as_str(), Style::Heading)
        .plain("plan", &format!("{strategy}, {profile}, by {assignment}; on thin evidence {on_thin_evidence}"))
        .plain_if("limits", limits(plan).as_deref())
        .plain("traffic", &format!("{} {noun}/s", per_second(*expected)))
        .plain("stable", stable)
        .plain("canary", if canary.trim().is_empty() { "as stable" } else { canary })
        .plain("runs", &format!("{} from seed {seed}; the same seed gives the same numbers", count(outcome.runs)))
        .into_text()
}

/// What the plan allows no release.
fn limits(plan: &ReportPlan) -> Option<String> {
    let limits = [
        plan.error_rate_max.map(|part| format!("{} errors", rate(part))),
        plan.p99_max_ms.map(|ms| format!("{} p99 latency", duration(ms))),
        plan.failed_requests_max.map(|most| format!("{} failed requests", count(most))),
        plan.failed_users_max.map(|most| format!("{} clients with a failure", count(most))),
    ];
    let limits: Vec<_> = limits.into_iter().flatten().collect();
    (!limits.is_empty()).then(|| limits.join(", "))
}

fn steps(plan: &ReportPlan, color: Color) -> String {
    let columns = [
        Column::of_numbers("STEP", 6),
        Column::of_numbers("AT LEAST", 8),
        Column::of_numbers("AT MOST", 8),
        Column::of_words("GOES ON BY", 10),
    ];
    let row = |at: String, least: u64, most: Option<u64>, gate: &str| {
        let most = most.map_or_else(|| NOTHING.to_owned(), duration);
        [Cell::plain(at), Cell::plain(duration(least)), Cell::plain(most), Cell::plain(gate)]
    };
    let waits = |gate: &str, bp: u16| gate != "time" && bp > 0;
    let steps = plan.steps.iter().map(|step| {
        let bp = step.weight.bp();
        row(share(bp), step.min_ms, Some(step.max_ms).filter(|_| waits(step.gate, bp)), step.gate)
    });
    let probation = row("100%".to_owned(), plan.probation_ms, None, "time");
    table(&columns, &steps.chain([probation]).collect::<Vec<_>>(), color)
}

fn ends(outcome: &Summary, color: Color) -> String {
    let columns =
        [Column::of_numbers("RUNS", 9), Column::of_numbers("SHARE", 6), Column::of_words("CAME TO", END_COLUMNS)];
    let row = |runs: u64, end: &str, style| {
        [Cell::plain(count(runs)), Cell::plain(percent(runs, outcome.runs)), Cell::styled(end, style)]
    };
    let with_reasons = |phase, word: &str, runs, style, reasons: &BTreeMap<&'static str, u64>| {
        let mut reasons: Vec<_> = reasons.iter().collect();
        reasons.sort_by_key(|(_, runs)| u64::MAX - **runs);
        let reasons =
            reasons.into_iter().map(|(reason, runs)| row(*runs, &format!("  {}", sentence(reason)), Style::Quiet));
        let style = if runs > 0 { style } else { Style::Plain };
        [row(runs, &format!("{} {word}", glyph(phase)), style)].into_iter().chain(reasons).collect::<Vec<_>>()
    };
    let mut rows = with_reasons(PhaseName::Aborted, "aborted", outcome.aborted, Style::Bad, &outcome.aborted_for);
    rows.extend(with_reasons(PhaseName::Idle, "promoted", outcome.promoted, Style::Good, &BTreeMap::new()));
    if outcome.held > 0 {
        rows.extend(with_reasons(PhaseName::Held, "held", outcome.held, Style::Warning, &outcome.held_for));
    }
    if outcome.unfinished > 0 {
        rows.push(row(outcome.unfinished, "? not followed to its end", Style::Warning));
    }
    if outcome.uncertified > 0 {
        rows.push(row(outcome.uncertified, "of all these, with a step left unproved", Style::Warning));
    }
    table(&columns, &rows, color)
}

fn figures(report: &Report, color: Color) -> String {
    let (outcome, counted) = (&report.outcome, report.traffic.counted);
    let columns =
        [Column::of_numbers("MEDIAN", 9), Column::of_numbers("95 OF 100", 9), Column::of_words("OF", END_COLUMNS)];
    let has_turned_later = outcome.turned < outcome.runs || outcome.abort_after_turn_ms != outcome.abort_ms;
    let row = |spread: Option<Spread>, show: fn(u64) -> String, of: &str| {
        let Spread { median, p95 } = spread?;
        Some([Cell::plain(show(median)), Cell::plain(show(p95)), Cell::plain(of)])
    };
    let after_turn = outcome.abort_after_turn_ms.filter(|_| has_turned_later);
    let rows = [
        row(outcome.abort_ms, duration, "the time from its first share until it was aborted"),
        row(after_turn, duration, "the time from its turn until it was aborted"),
        row(outcome.full_ms, duration, "the time from its first share until it had all requests"),
        row(outcome.failed, count, &format!("the {counted} that the canary failed, in all runs")),
    ];
    table(&columns, &rows.into_iter().flatten().collect::<Vec<_>>(), color)
}

/// How often a good canary was sent back, and what chance says of that.
fn falsely(fields: Fields, aborts: FalseAborts, report: &Report) -> Fields {
    let FalseAborts { count: seen, share_at_most } = aborts;
    let (seen, runs) = (if seen == 0 { "none".to_owned() } else { count(seen) }, count(report.outcome.runs));
    let (bound, alpha) = (rate(share_at_most), rate(report.plan.alpha));
    let until = if report.traffic.is_as_good { "" } else { " until then" };
    let text = format!(
        "{seen} of {runs} rollouts aborted a canary that was as good as stable{until}; by chance the true share of such \
         false aborts may be up to {bound} (99% sure), and alpha allows the evidence {alpha}"
    );
    fields.plain("mistakes", &text)
}
