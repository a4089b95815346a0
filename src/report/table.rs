//! Tables on stdout, as `kubectl get` draws them: no lines, columns two spaces apart.

use super::one_line;
use comfy_table::{ContentArrangement, Table, presets::NOTHING};

/// Draws the rows under their heads; no colour, so that it can be cut and grepped.
pub fn table(heads: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(heads.iter().copied());
    for row in rows {
        // a line end in a name would make a row of its own
        table.add_row(row.iter().map(|cell| short(&one_line(cell))));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let drawn = table.to_string();
    drawn.lines().fold(String::new(), |mut text, line| {
        text.push_str(line.trim_end());
        text.push('\n');
        text
    })
}

/// What is longer is no name; JSON has all of it.
fn short(cell: &str) -> String {
    const MOST: usize = 1000;
    match cell.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &cell[..end]),
        None => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_name_without_end_is_cut() {
        let drawn = super::table(&["A"], [vec!["ä".repeat(70_000)]]);
        let lines: Vec<&str> = drawn.lines().collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[1].chars().count(), 1001);
    }
}
