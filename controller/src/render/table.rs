//! Tables: aligned columns, two blanks apart, no trailing blank.

use crate::render::COLUMNS;
use crate::render::paint::{Color, Style};
use crate::render::text::{columns, escape, shorten};

const GAP: &str = "  ";

/// A column and how wide it may be.
pub(super) struct Column {
    heading: &'static str,
    align: Align,
    width_min: usize,
    width_max: usize,
}

/// One value of a row.
pub(super) struct Cell {
    text: String,
    style: Style,
}

enum Align {
    Left,
    Right,
}

// === impl Column ===

impl Column {
    /// Names and words: as wide as the widest of them, within this limit.
    pub(super) const fn of_names(heading: &'static str, width_max: usize) -> Self {
        Self { heading, align: Align::Left, width_min: 0, width_max }
    }

    /// Words of a known width.
    pub(super) const fn of_words(heading: &'static str, width: usize) -> Self {
        Self { heading, align: Align::Left, width_min: width, width_max: width }
    }

    /// Numbers of a known width.
    pub(super) const fn of_numbers(heading: &'static str, width: usize) -> Self {
        Self { heading, align: Align::Right, width_min: width, width_max: width }
    }

    fn width<'a>(&self, texts: impl Iterator<Item = &'a str>) -> usize {
        let widest = texts.map(columns).chain([columns(self.heading), self.width_min]).max();
        widest.unwrap_or(self.width_min).min(self.width_max)
    }

    fn narrowest(&self) -> usize {
        columns(self.heading).max(self.width_min)
    }

    fn pad(&self, text: &str, width: usize, paint: impl FnOnce(&str) -> String) -> String {
        let text = shorten(text, width);
        let blanks = " ".repeat(width - columns(&text));
        match self.align {
            Align::Left => paint(&text) + &blanks,
            Align::Right => blanks + &paint(&text),
        }
    }
}

// === impl Cell ===

impl Cell {
    /// A value that is nothing special.
    pub(super) fn plain(text: impl AsRef<str>) -> Self {
        Self::styled(text, Style::Plain)
    }

    /// A value that says something by its style.
    pub(super) fn styled(text: impl AsRef<str>, style: Style) -> Self {
        Self { text: escape(text.as_ref()), style }
    }
}

/// The table, headings first. A row has a cell for every column.
pub(super) fn table<const N: usize>(columns: &[Column; N], rows: &[[Cell; N]], color: Color) -> String {
    table_within(COLUMNS, columns, rows, color)
}

/// The same in so many columns, if the names can be shortened so far: the widest give way first.
pub(super) fn table_within<const N: usize>(
    columns_max: usize,
    columns: &[Column; N],
    rows: &[[Cell; N]],
    color: Color,
) -> String {
    let mut widths: [usize; N] =
        std::array::from_fn(|index| columns[index].width(rows.iter().map(|row| row[index].text.as_str())));
    let gaps = GAP.len() * N.saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > columns_max {
        let shrinkable = (0..N).filter(|index| widths[*index] > columns[*index].narrowest());
        let Some(widest) = shrinkable.max_by_key(|index| widths[*index]) else { break };
        widths[widest] -= 1;
    }
    let mut text = line(columns, widths, |index| (columns[index].heading, Style::Heading), color);
    for row in rows {
        text += &line(columns, widths, |index| (&row[index].text, row[index].style), color);
    }
    text
}

fn line<'a, const N: usize>(
    columns: &[Column; N],
    widths: [usize; N],
    cell: impl Fn(usize) -> (&'a str, Style),
    color: Color,
) -> String {
    let cells: [String; N] = std::array::from_fn(|index| {
        let (text, style) = cell(index);
        columns[index].pad(text, widths[index], |text| color.paint(style, text))
    });
    cells.join(GAP).trim_end().to_owned() + "\n"
}
