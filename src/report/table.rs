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
        table.add_row(row.iter().map(|cell| one_line(cell)));
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
