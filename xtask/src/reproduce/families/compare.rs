//! Whether a result is the stored one, cell by cell.

use std::collections::BTreeMap;

use super::cell::Cell;
use crate::reproduce::results::TOLERANCE;

/// What differs.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Comparison {
    /// Cells that are missing or worse, in words.
    pub(super) failures: Vec<String>,
    /// Cells that are better, in words: no failure, but the stored page is not up to date.
    pub(super) gains: Vec<String>,
}

/// Compares the cells of these names, in whatever order they stand.
pub(super) fn compare(names: &[String], found: &[Cell], stored: &[Cell]) -> Comparison {
    let (found, stored) = (by_name(found), by_name(stored));
    let mut comparison = Comparison::default();
    for name in names {
        match (found.get(name.as_str()), stored.get(name.as_str())) {
            (None, _) => comparison.failures.push(format!("{name}: was not run")),
            (Some(_), None) => comparison.failures.push(format!("{name}: is not among the stored results")),
            (Some(found), Some(stored)) => {
                let line = format!("{name}: {:.5}, stored {:.5}", found.smallest, stored.smallest);
                if found.smallest.is_nan() || found.smallest < stored.smallest - TOLERANCE {
                    comparison.failures.push(line);
                } else if found.smallest > stored.smallest + TOLERANCE {
                    comparison.gains.push(line);
                }
            }
        }
    }
    comparison
}

fn by_name(cells: &[Cell]) -> BTreeMap<&str, &Cell> {
    cells.iter().map(|cell| (cell.name.as_str(), cell)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::cell::cell;
    use super::*;

    #[test]
    fn the_name_counts_and_not_the_place() {
        let names = ["a".to_owned(), "b".to_owned()];
        let stored = [cell("b", 0.5), cell("other", 0.1), cell("a", 0.99)];
        let found = [cell("a", 0.9885), cell("b", 0.502)];
        assert_eq!(compare(&names, &found, &stored), Comparison::default());
    }

    #[test]
    fn worse_cells_fail_and_better_ones_are_told() {
        let names = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
        let stored = [cell("a", 0.99), cell("b", 0.9), cell("c", 0.9)];
        let found = [cell("a", 0.987), cell("b", 0.95), cell("c", f64::NAN)];
        let comparison = compare(&names, &found, &stored);
        assert_eq!(comparison.failures, ["a: 0.98700, stored 0.99000", "c: NaN, stored 0.90000"]);
        assert_eq!(comparison.gains, ["b: 0.95000, stored 0.90000"]);
    }

    #[test]
    fn a_missing_cell_fails_on_either_side() {
        let names = ["a".to_owned(), "b".to_owned()];
        let comparison = compare(&names, &[cell("a", 0.9)], &[cell("b", 0.9)]);
        assert_eq!(comparison.failures, ["a: is not among the stored results", "b: was not run"]);
    }
}
