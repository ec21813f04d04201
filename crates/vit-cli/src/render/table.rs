//! Aligned columns without lines around them.

use unicode_width::UnicodeWidthStr as _;
use vit_contract::text::visible;

use super::{Coloring, Paint, View};

/// The narrowest that a cut cell becomes.
const NARROWEST: usize = 20;

/// A cell: text, and the colour it gets once the width is known.
#[derive(Debug, Clone)]
pub struct Cell {
    text: String,
    paint: Coloring,
}

impl Cell {
    /// Text of others, made harmless.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self {
            text: visible(text.as_ref()),
            paint: |_, text| text.to_owned(),
        }
    }

    /// The same in a colour.
    #[must_use]
    pub fn paint(self, paint: Coloring) -> Self {
        Self { paint, ..self }
    }
}

/// Rows under a heading.
#[derive(Debug, Clone)]
pub struct Table {
    heading: Vec<Cell>,
    rows: Vec<Vec<Cell>>,
    indent: usize,
}

impl Table {
    /// A table with these columns.
    #[must_use]
    pub fn new(heading: &[&str]) -> Self {
        Self {
            heading: heading
                .iter()
                .map(|name| Cell::new(name).paint(Paint::dim))
                .collect(),
            rows: Vec::new(),
            indent: 0,
        }
    }

    /// Columns without names.
    #[must_use]
    pub fn bare(indent: usize) -> Self {
        Self {
            heading: Vec::new(),
            rows: Vec::new(),
            indent,
        }
    }

    /// Moves it to the right.
    #[must_use]
    pub fn indent(self, indent: usize) -> Self {
        Self { indent, ..self }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// The table as text. On a terminal the last column is cut where it would not fit; elsewhere
    /// nothing is.
    #[must_use]
    pub fn draw(&self, view: View) -> String {
        let heading = (!self.heading.is_empty()).then_some(&self.heading);
        let rows: Vec<&Vec<Cell>> = heading.into_iter().chain(&self.rows).collect();
        let columns = rows.iter().map(|row| row.len()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|column| {
                let cells = rows.iter().filter_map(|row| row.get(column));
                cells.map(|cell| cell.text.width()).max().unwrap_or(0)
            })
            .collect();
        let mut out = String::new();
        for row in rows {
            let mut line = " ".repeat(self.indent);
            let mut used = self.indent;
            for (column, cell) in row.iter().enumerate() {
                let last = column + 1 == row.len();
                let room = view.width.map(|width| width.saturating_sub(used));
                let text = match room {
                    Some(room) if last => cut(&cell.text, room.max(NARROWEST)),
                    _ => cell.text.clone(),
                };
                line.push_str(&(cell.paint)(view.paint, &text));
                if !last {
                    let gap = widths[column] - text.width().min(widths[column]) + 2;
                    line.push_str(&" ".repeat(gap));
                    used += widths[column] + 2;
                }
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

/// At most `room` columns of a text, the cut marked.
fn cut(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        let mut longer = out.clone();
        longer.push(c);
        if longer.width() > room.saturating_sub(1) {
            break;
        }
        out = longer;
    }
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&["name", "state", "note"]);
        table.row(vec![
            Cell::new("finance"),
            Cell::new("ok").paint(Paint::green),
            Cell::new(""),
        ]);
        table.row(vec![
            Cell::new("東京"),
            Cell::new("blocked").paint(Paint::red),
            Cell::new("a rather long explanation that\nends somewhere"),
        ]);
        table
    }

    #[test]
    fn columns_are_aligned_whatever_the_script() {
        assert_snapshot!(table().draw(View::default()), @r"
        name     state    note
        finance  ok
        東京     blocked  a rather long explanation that\nends somewhere
        ");
    }

    #[test]
    fn colours_do_not_move_columns_and_a_terminal_cuts_the_last_one() {
        let view = View {
            paint: Paint { color: true },
            width: Some(40),
            ..View::default()
        };
        let drawn = table().draw(view).replace('\u{1b}', "^");
        assert_snapshot!(drawn, @"
        ^[2mname^[0m     ^[2mstate^[0m    ^[2mnote^[0m
        finance  ^[32mok^[0m
        東京     ^[1m^[31mblocked^[0m  a rather long explana…
        ");
    }
}
