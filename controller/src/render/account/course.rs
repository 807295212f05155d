//! How the evidence came about: a line for each of some moments.

use crate::analysis::Metric;
use crate::api::{Account, AccountPoint};
use crate::render::NOTHING;
use crate::render::fields::Fields;
use crate::render::number::{duration, factor, latency};
use crate::render::paint::{Color, Style};
use crate::render::table::{Cell, Column, table};

/// There are never more lines.
const ROWS_MAX: usize = 12;

const COLUMNS_OF_COURSE: [Column; 11] = [
    Column::of_numbers("AFTER", 9),
    Column::of_numbers("SHARE", 6),
    Column::of_numbers("AGAINST", 7),
    Column::of_numbers("ERRORS", 6),
    Column::of_numbers("P50", 6),
    Column::of_numbers("P90", 6),
    Column::of_numbers("P99", 6),
    Column::of_numbers("FOR: ERRORS", 11),
    Column::of_numbers("P50", 6),
    Column::of_numbers("P90", 6),
    Column::of_numbers("P99", 6),
];

/// The table, or nothing where nothing was compared.
pub(super) fn course(account: &Account, color: Color) -> String {
    let Some(evidence) = account.evidence.as_ref().filter(|_| !account.course.is_empty()) else {
        return String::new();
    };
    let bounds = (evidence.ln_abort_at, evidence.ln_promote_at);
    let begun = account.first_share_ms.unwrap_or_default();
    let rows: Vec<_> = chosen(&account.course).into_iter().map(|point| row(point, begun, bounds)).collect();
    let (against, safe) = (factor(bounds.0), factor(bounds.1));
    let legend = format!(
        "1 says nothing; a release is sent back when all metrics together come to {against} against it, and goes on when \
         each comes to {safe} for the next step"
    );
    format!(
        "\n{}{}",
        table(&COLUMNS_OF_COURSE, &rows, color),
        Fields::new(color).styled("", &legend, Style::Quiet).into_text()
    )
}

/// The first, the last, those at which something changed, and of the others some evenly between them.
fn chosen(points: &[AccountPoint]) -> Vec<&AccountPoint> {
    let last = points.len() - 1;
    let is_change = |at: usize| {
        let before = &points[at - 1];
        before.weight != points[at].weight || before.verdict != points[at].verdict
    };
    let mut places: Vec<_> = (0..=last).filter(|at| *at == 0 || *at == last || is_change(*at)).collect();
    while places.len() > ROWS_MAX {
        // Both ends stay; the changes in the middle are the least that is missed.
        places.remove(places.len() / 2);
    }
    while places.len() < ROWS_MAX.min(points.len()) {
        let gaps = places.windows(2).enumerate();
        let widest = gaps
            .max_by_key(|(_, pair)| (points[pair[1]].at_ms - points[pair[0]].at_ms) * u64::from(pair[1] - pair[0] > 1));
        let Some((at, pair)) = widest.filter(|(_, pair)| pair[1] - pair[0] > 1) else { break };
        let middle = usize::midpoint(pair[0], pair[1]);
        places.insert(at + 1, middle);
    }
    places.into_iter().map(|at| &points[at]).collect()
}

/// A time; to a tenth of a second at first, when much happens.
fn after(ms: u64) -> String {
    if (1..60_000).contains(&ms) { latency(ms as f64) } else { duration(ms) }
}

fn row(point: &AccountPoint, begun_ms: u64, (ln_abort_at, ln_promote_at): (f64, f64)) -> [Cell; 11] {
    let mark = match point.verdict.as_deref() {
        Some("fail") => "✖ ",
        Some("pass") => "✔ ",
        Some("shared") => "⚠ ",
        _ => "",
    };
    let is_asked = point.verdict.is_some() && point.weight.bp() < 10_000;
    let of = |metric: Metric| point.metrics.iter().find(|known| known.metric == metric.label());
    let against = |metric| Cell::plain(of(metric).map_or_else(|| NOTHING.to_owned(), |known| factor(known.ln_abort)));
    let for_it = |metric| match of(metric).and_then(|known| known.ln_promote).filter(|_| is_asked) {
        Some(ln) if ln >= ln_promote_at => Cell::styled(factor(ln), Style::Good),
        Some(ln) => Cell::plain(factor(ln)),
        None => Cell::plain(NOTHING),
    };
    let style = if point.ln_abort >= ln_abort_at { Style::Bad } else { Style::Plain };
    let [errors, p50, p90, p99] = Metric::ALL;
    [
        Cell::plain(format!("{mark}{}", after(point.at_ms.saturating_sub(begun_ms)))),
        Cell::plain(point.weight.to_string()),
        Cell::styled(factor(point.ln_abort), style),
        against(errors),
        against(p50),
        against(p90),
        against(p99),
        for_it(errors),
        for_it(p50),
        for_it(p90),
        for_it(p99),
    ]
}
