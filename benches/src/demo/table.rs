//! A table in text: the first column to the left, the others to the right.

/// Puts rows below a header. Cells that a row lacks stay empty.
#[must_use]
pub(super) fn render<const N: usize>(header: [&str; N], rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([header[column].chars().count()]).max().unwrap_or_default()
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let header = line(&header.map(String::from), &widths);
    let rule = line(&widths.map(|width| "─".repeat(width)), &widths);
    let rows = rows.iter().map(|row| line(row, &widths));
    [header, rule].into_iter().chain(rows).collect()
}

fn line<const N: usize>(cells: &[String; N], widths: &[usize; N]) -> String {
    let cells = cells.iter().zip(widths).enumerate();
    let padded = cells.map(|(column, (cell, width))| match column {
        0 => format!("{cell:<width$}"),
        _ => format!("{cell:>width$}"),
    });
    format!("  {}\n", padded.collect::<Vec<_>>().join("  ").trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["v3", "10%", "±6.12%"], ["canary", "100%", "0%"]].map(|row| row.map(String::from));
        assert_eq!(
            render(["release", "set", "5σ"], &rows),
            "  release   set      5σ\n  ───────  ────  ──────\n  v3        10%  ±6.12%\n  canary   100%      0%\n"
        );
    }
}
