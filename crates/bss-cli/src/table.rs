//! Tables for people: columns as wide as their widest cell.

use std::fmt::Write as _;

/// A table as text. Columns that hold only numbers in their rows are aligned to the right, others to the left; rows
/// may be shorter than the head.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let cells = |column: usize| rows.iter().filter_map(move |row| row.get(column));
    let columns: Vec<(usize, bool)> = head
        .iter()
        .enumerate()
        .map(|(column, name)| {
            let width = cells(column).map(|cell| cell.chars().count()).max().unwrap_or(0).max(name.chars().count());
            let is_numeric = cells(column).all(|cell| cell.is_empty() || cell.parse::<f64>().is_ok());
            (width, is_numeric)
        })
        .collect();
    let mut text = String::new();
    let head = head.iter().map(|name| (*name).to_owned()).collect();
    for row in std::iter::once(&head).chain(rows) {
        let mut line = String::new();
        for (cell, &(width, is_numeric)) in row.iter().zip(&columns) {
            let _ = if is_numeric { write!(line, "{cell:>width$}  ") } else { write!(line, "{cell:<width$}  ") };
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_right_and_words_left() {
        let rows = [vec!["a".into(), "1.50".into()], vec!["longer".into(), "-12.25".into()], vec!["none".into()]];
        assert_eq!(table(&["name", "x"], &rows), "name         x\na         1.50\nlonger  -12.25\nnone\n");
    }
}
