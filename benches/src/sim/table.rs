//! The table, in Markdown, and its place in a document.

use super::figure::{Figure, Limit, Measured};
use super::study::Row;

/// Around the table in a document that carries it.
const BEGIN: &str = "<!-- what `make sim` printed -->\n";
const END: &str = "<!-- the end of what `make sim` printed -->\n";

const HEADINGS: &str = "\
| | scenario | figure | at rps | canaryd | 99 % bound | target | Flagger 60 s | Argo 95 % | |
|---|---|---|--:|--:|--:|--:|--:|--:|---|
";

/// Whether every cell keeps to its target.
#[must_use]
pub fn is_met(rows: &[Row]) -> bool {
    rows.iter().flat_map(|row| &row.cells).all(Measured::is_met)
}

/// The table.
#[must_use]
pub fn document(rows: &[Row], runs: usize) -> String {
    let lines: String = rows.iter().map(line).collect();
    format!("{HEADINGS}{lines}\n{} runs for each rate and line.\n", thousands(runs))
}

/// The text with the table in its place; nothing, if it has no place for one.
#[must_use]
pub fn put_into(text: &str, document: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{document}{END}{after}"))
}

fn line(row: &Row) -> String {
    let column = |text: &dyn Fn(&Measured) -> String| row.cells.iter().map(text).collect::<Vec<_>>().join(" / ");
    let show = |value: f64| row.figure.show(value);
    let mark = match (row.cells.iter().all(Measured::is_within), row.cells.iter().all(Measured::is_met)) {
        (_, false) => "✖",
        (true, true) => "✔",
        (false, true) => "≈",
    };
    let sign = match row.cells.first().map(|cell| cell.limit) {
        Some(Limit::AtLeast(_)) => "≥",
        _ => "≤",
    };
    let limits: Vec<String> = row.cells.iter().map(|cell| show(cell.limit.value())).collect();
    let is_same = limits.windows(2).all(|pair| pair[0] == pair[1]);
    let limits = if is_same { limits.into_iter().take(1).collect() } else { limits };
    format!(
        "| {:?} | {} | {} | {} | **{}** | {} | {sign} {} | {} | {} | {mark} |\n",
        row.part,
        row.scenario,
        row.figure.name(),
        column(&|cell| if cell.rate > 0.0 { format!("{}", cell.rate) } else { "all".to_owned() }),
        column(&|cell| show(cell.ours)),
        column(&|cell| show(cell.bound)),
        limits.join(" / "),
        column(&|cell| show(cell.flagger)),
        column(&|cell| show(cell.argo)),
    )
}

// === impl Figure ===

impl Figure {
    const fn name(self) -> &'static str {
        match self {
            Self::Aborted => "aborted",
            Self::Promoted => "promoted",
            Self::MedianAbort => "median to abort",
            Self::MeanAbort => "mean to abort",
            Self::MedianFull => "median to 100 %",
            Self::MeanFailed => "failed requests",
        }
    }

    fn show(self, value: f64) -> String {
        if !value.is_finite() {
            return "never".to_owned();
        }
        match self {
            Self::Aborted | Self::Promoted => match value * 100.0 {
                0.0 => "0".to_owned(),
                percent if percent >= 10.0 => format!("{} %", trimmed(percent, 1)),
                percent => format!("{} %", trimmed(percent, 2)),
            },
            Self::MedianAbort | Self::MeanAbort | Self::MedianFull => match value {
                seconds if seconds >= 10.0 => format!("{} s", trimmed(seconds, 1)),
                seconds => format!("{} s", trimmed(seconds, 2)),
            },
            Self::MeanFailed => match value {
                requests if requests >= 100.0 => format!("{requests:.0}"),
                requests => trimmed(requests, 1),
            },
        }
    }
}

/// So many decimals at the most, and no zeros at the end.
fn trimmed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn thousands(count: usize) -> String {
    let (thousands, rest) = (count / 1_000, count % 1_000);
    if thousands > 0 { format!("{thousands},{rest:03}") } else { rest.to_string() }
}

#[cfg(test)]
mod tests {
    use super::super::study::Part;
    use super::*;

    fn row(ours: f64, bound: f64) -> Row {
        let limit = Limit::AtMost(0.015);
        let cell = Measured { rate: 10.0, ours, bound, limit, flagger: 1.0, argo: 0.0 };
        Row { part: Part::T1, scenario: "twins".to_owned(), figure: Figure::Aborted, cells: vec![cell; 2] }
    }

    #[test]
    fn a_row_says_what_was_found_and_whether_it_is_enough() {
        assert_eq!(
            line(&row(0.003, 0.001)),
            "| T1 | twins | aborted | 10 / 10 | **0.3 % / 0.3 %** | 0.1 % / 0.1 % | ≤ 1.5 % | 100 % / 100 % | 0 / 0 | ✔ |\n"
        );
        assert!(line(&row(0.016, 0.01)).ends_with("| ≈ |\n"));
        assert!(line(&row(0.04, 0.02)).ends_with("| ✖ |\n"));
        assert!(is_met(&[row(0.016, 0.01)]) && !is_met(&[row(0.003, 0.001), row(0.04, 0.02)]));
    }

    #[test]
    fn the_table_takes_the_place_of_the_one_before() {
        let text = format!("a\n{BEGIN}old\n{END}b\n");
        assert_eq!(put_into(&text, "new\n"), Some(format!("a\n{BEGIN}new\n{END}b\n")));
        assert_eq!(put_into("no place", "new\n"), None);
    }
}
