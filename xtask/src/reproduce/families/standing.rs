//! How our cell stands beside the others on one mixture.

use std::fmt::Write as _;

use super::cell::Cell;
use super::grid::{METHODS, OURS};

/// What ours may stay behind the best classical method, and still be as good.
pub(super) const MARGIN: f64 = 2e-3;

/// What counts as separated: ours has to get there where any other method does.
pub(super) const SEPARATED: f64 = 0.99;

/// One mixture with the cells of all methods.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Standing<'a> {
    pub(super) ours: &'a Cell,
    /// The best classical method's.
    pub(super) classical: &'a Cell,
    /// The best of all others, classical or with another prior.
    pub(super) other: &'a Cell,
}

impl<'a> Standing<'a> {
    /// The standing in every mixture of which all cells are there, in their order.
    pub(super) fn of_all(cells: &'a [Cell]) -> Vec<Self> {
        cells.chunk_by(|one, next| one.case() == next.case()).filter_map(Self::of_case).collect()
    }

    fn of_case(cells: &'a [Cell]) -> Option<Self> {
        let of = |name: &str| cells.iter().find(|cell| cell.method() == name);
        let best = |is_wanted: fn(bool) -> bool| {
            let methods = METHODS.iter().filter(|method| method.name != OURS && is_wanted(method.is_classical));
            let cells: Option<Vec<&Cell>> = methods.map(|method| of(method.name)).collect();
            cells?.into_iter().max_by(|one, other| one.smallest.total_cmp(&other.smallest))
        };
        Some(Self { ours: of(OURS)?, classical: best(|is_classical| is_classical)?, other: best(|_| true)? })
    }

    /// Whether ours comes within the margin of the best classical method.
    pub(super) fn is_as_good(&self) -> bool {
        self.ours.smallest >= self.classical.smallest - MARGIN
    }

    /// Whether ours separates, or no method does.
    pub(super) fn separates(&self) -> bool {
        self.ours.smallest >= SEPARATED || self.other.smallest < SEPARATED
    }

    /// Both.
    pub(super) fn holds(&self) -> bool {
        self.is_as_good() && self.separates()
    }

    /// Where ours misses, by how much, in a line of markdown.
    pub(super) fn miss(&self) -> String {
        let shown = |cell: &Cell| format!("{} {:.4}", cell.method(), cell.smallest);
        let (case, classical) = (self.ours.case(), shown(self.classical));
        let mut line = format!("- `{case}`: {:.4}, best classical {classical}", self.ours.smallest);
        if self.other != self.classical {
            let _ = write!(line, ", best of all others {}", shown(self.other));
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::super::cell::cell;
    use super::*;

    /// The seven cells of a mixture, ours, with the paper's prior, with a Gaussian AR, and four classical ones.
    fn cells(case: &str, values: [f64; 7]) -> Vec<Cell> {
        METHODS.iter().zip(values).map(|(method, value)| cell(&format!("base/{case}/{}", method.name), value)).collect()
    }

    #[test]
    fn ours_has_to_meet_the_best_classical_and_to_separate_where_any_does() {
        for (values, expected) in [
            ([0.995, 0.9, 0.9, 0.9, 0.9, 0.9965, 0.9], (true, true)),
            ([0.993, 0.9, 0.9, 0.9, 0.9, 0.9965, 0.9], (false, true)),
            ([0.9895, 0.9, 0.9, 0.991, 0.9, 0.9, 0.9], (true, false)),
            ([0.985, 0.992, 0.9, 0.9, 0.9, 0.9, 0.9], (true, false)),
            ([0.8, 0.5, 0.5, 0.8015, 0.5, 0.5, 0.5], (true, true)),
        ] {
            let cells = cells("iid/21", values);
            let standings = Standing::of_all(&cells);
            let found: Vec<_> =
                standings.iter().map(|standing| (standing.is_as_good(), standing.separates())).collect();
            assert_eq!(found, [expected], "{values:?}");
        }
    }

    #[test]
    fn an_unfinished_mixture_has_no_standing() {
        let mut both = cells("iid/21", [0.9; 7]);
        both.extend(cells("iid/22", [0.8; 7]));
        both.pop();
        assert_eq!(Standing::of_all(&both).len(), 1);
    }

    #[test]
    fn a_miss_names_who_was_better() {
        let cells = cells("iid/21", [0.95, 0.99, 0.5, 0.5, 0.97, 0.5, 0.5]);
        let line = Standing::of_all(&cells)[0].miss();
        assert_eq!(
            line,
            "- `base/iid/21`: 0.9500, best classical picard 0.9700, best of all others paper-prior 0.9900"
        );
    }
}
