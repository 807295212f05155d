//! What the judge has seen: on the left against the canary, on the right for the next step.

use canary_config::weight::Weight;

use crate::analysis::Metric;
use crate::api::{EvidenceStatus, MetricStatus, ProbationStatus, ServiceStatus, TrackStatus};
use crate::render::fields::{Fields, LABEL_COLUMNS};
use crate::render::number::{count, factor, points, rate};
use crate::render::paint::{Color, Style};
use crate::render::table::{Cell, Column, table};
use crate::rollout::PhaseName;

const BAR_COLUMNS: usize = 12;
const BAR_EIGHTHS: u32 = 8 * 12;

/// A bar, a blank, and `>1e6 of >1e6`.
const GAUGE_COLUMNS: usize = BAR_COLUMNS + 1 + 6 + 4 + 6;

/// What a bar that is full means.
#[derive(Clone, Copy)]
enum Side {
    Against,
    For,
}

/// The table, or nothing while nothing has been judged.
pub(super) fn evidence(service: &ServiceStatus, color: Color) -> String {
    let Some(evidence) = service.evidence.as_ref().filter(|_| has_begun(service)) else { return String::new() };
    let is_at_step = matches!(service.phase, PhaseName::Progressing | PhaseName::Held | PhaseName::Paused);
    let is_open = is_at_step && service.step.as_ref().is_none_or(|step| step.gate != "time");
    let columns = [
        Column::of_words("EVIDENCE", LABEL_COLUMNS),
        Column::of_words("AGAINST THE CANARY", GAUGE_COLUMNS),
        Column::of_words(if is_open { "FOR THE NEXT STEP" } else { "" }, GAUGE_COLUMNS),
    ];
    let total = [
        Cell::plain("total"),
        gauge(evidence.ln_abort, evidence.ln_abort_at, Side::Against),
        Cell::styled(if is_open { "all bars must be full" } else { "" }, Style::Quiet),
    ];
    let ln_promote_at = is_open.then_some(evidence.ln_promote_at);
    let metrics = evidence.metrics.iter().map(|metric| row(metric, ln_promote_at));
    let rows: Vec<_> = std::iter::once(total).chain(metrics).collect();
    "\n".to_owned() + &table(&columns, &rows, color) + &notes(evidence, color)
}

/// Whether the canary has had a share, so that there is something to judge.
pub(super) fn has_begun(service: &ServiceStatus) -> bool {
    let is_canary = |track: &&TrackStatus| track.track == "canary";
    let requests = service.tracks.iter().find(is_canary).map_or(0, |track| track.requests);
    service.weight > Weight::ZERO || requests > 0
}

/// A metric's line. Without a bound nothing is left to be promoted.
fn row(metric: &MetricStatus, ln_promote_at: Option<f64>) -> [Cell; 3] {
    let promotion = match (ln_promote_at, metric.ln_promote) {
        (None, _) => Cell::plain(""),
        (Some(ln_at), Some(ln)) => gauge(ln, ln_at, Side::For),
        (Some(_), None) => Cell::styled("stable has shown too few", Style::Quiet),
    };
    let against = format!("{:BAR_COLUMNS$} {:>6}", "", factor(metric.ln_abort));
    [Cell::plain(name(&metric.metric)), Cell::plain(against), promotion]
}

fn notes(evidence: &EvidenceStatus, color: Color) -> String {
    let mut fields = Fields::new(color).styled("", "1 says nothing; at its bound the evidence decides", Style::Quiet);
    if let Some((low, high)) = evidence.error_difference_percent {
        let (low, high) = (points(low), points(high));
        let between = format!("error rate against stable's: {low} to {high} points (95% sure)");
        fields = fields.plain("difference", &between);
    }
    if let Some(ProbationStatus { limit_percent, requests, errors }) = &evidence.probation {
        let (errors, requests, limit) = (count(*errors), count(*requests), rate(limit_percent / 100.0));
        let held_to = format!("{errors} of {requests} requests failed at 100%; up to {limit} nothing is said");
        fields = fields.plain("probation", &held_to);
    }
    fields.into_text()
}

/// A bar on the logarithmic scale, on which evidence adds up, and the figures in words.
fn gauge(ln: f64, ln_at: f64, side: Side) -> Cell {
    let text = format!("{} {:>6} of {}", bar(ln, ln_at), factor(ln), factor(ln_at));
    let style = match side {
        Side::Against if ln >= ln_at => Style::Bad,
        Side::Against if ln * 2.0 >= ln_at => Style::Warning,
        Side::For if ln >= ln_at => Style::Good,
        Side::Against | Side::For => Style::Plain,
    };
    Cell::styled(text, style)
}

/// `███▌········`: full at the bound and not before.
fn bar(ln: f64, ln_at: f64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let is_filled = |eighth: &u32| ln >= ln_at * f64::from(*eighth) / f64::from(BAR_EIGHTHS);
    let filled = (1..=BAR_EIGHTHS).take_while(is_filled).count();
    let (whole, rest) = (filled / EIGHTHS.len(), EIGHTHS[filled % EIGHTHS.len()]);
    let empty = BAR_COLUMNS - whole - usize::from(!rest.is_empty());
    format!("{}{rest}{}", "█".repeat(whole), "·".repeat(empty))
}

/// The name for people; the label itself if it is one of a newer canaryd.
fn name(label: &str) -> String {
    let metric = Metric::ALL.into_iter().find(|metric| metric.label() == label);
    metric.map_or_else(|| label.to_owned(), |metric| metric.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_full_at_its_bound_and_not_before() {
        let at = 20_f64.ln();
        assert_eq!(bar(at, at), "████████████");
        assert_eq!(bar(at - 1e-12, at), "███████████▉");
        assert_eq!(bar(at / 2.0, at), "██████······");
        for nothing in [0.0, -5.0, f64::NAN, f64::NEG_INFINITY] {
            assert_eq!(bar(nothing, at), "············");
        }
        assert_eq!(bar(f64::INFINITY, at), "████████████");
    }
}
