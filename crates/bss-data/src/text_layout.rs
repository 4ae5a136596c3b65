//! How a table of numbers is written as text: what parts its cells, and whether names head it.

use std::fmt;

/// What parts the cells of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delimiter {
    /// `,`
    Comma,
    /// `;`, with a decimal point or comma.
    Semicolon,
    /// A tab, with a decimal point or comma.
    Tab,
    /// One or more blanks.
    Whitespace,
}

/// How a table is laid out, as found in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextLayout {
    /// What parts the cells.
    pub delimiter: Delimiter,
    /// The first row, if it holds names.
    pub header: Option<Vec<String>>,
}

/// The lines by which the delimiter is told.
const SAMPLE: usize = 32;

impl Delimiter {
    /// The delimiter that most of the first lines hold, or half of them with the very first;
    /// blanks if there is none.
    ///
    /// Semicolon and tab come before the comma, which may stand for a decimal point beside them.
    pub(crate) fn of(text: &str) -> Self {
        let sample: Vec<&str> = text.lines().filter(|line| !is_skipped(line)).take(SAMPLE).collect();
        [Self::Semicolon, Self::Tab, Self::Comma]
            .into_iter()
            .find(|delimiter| {
                let holds = |line: &&&str| line.trim().contains(delimiter.sign());
                let holding = 2 * sample.iter().filter(holds).count();
                holding > sample.len() || (holding == sample.len() && sample.first().is_some_and(|line| holds(&line)))
            })
            .unwrap_or(Self::Whitespace)
    }

    /// The sign itself.
    pub(crate) const fn sign(self) -> char {
        match self {
            Self::Comma => ',',
            Self::Semicolon => ';',
            Self::Tab => '\t',
            Self::Whitespace => ' ',
        }
    }

    /// Whether every line ends with the delimiter, so that what follows it is no cell.
    pub(crate) fn ends_every_line_of(self, text: &str) -> bool {
        self != Self::Whitespace
            && text
                .lines()
                .filter(|line| !is_skipped(line))
                .all(|line| line.trim_end_matches(' ').ends_with(self.sign()))
    }

    /// The number that a cell holds: NaN for an empty one, `None` if it is no number.
    pub(crate) fn number(self, cell: &str) -> Option<f64> {
        if cell.is_empty() {
            return Some(f64::NAN);
        }
        if let Ok(number) = cell.parse() {
            return Some(number);
        }
        if ["na", "n/a", "null"].iter().any(|missing| cell.eq_ignore_ascii_case(missing)) {
            return Some(f64::NAN);
        }
        match self {
            Self::Semicolon | Self::Tab if !cell.contains('.') => cell.replacen(',', ".", 1).parse().ok(),
            _ => None,
        }
    }

    /// Whether a first row holds names: its first cell does, or half of all do.
    pub(crate) fn is_header(self, cells: &[&str]) -> bool {
        let is_name = |cell: &&&str| self.number(cell).is_none();
        let named = cells.iter().filter(|cell| !cell.is_empty());
        let names = named.clone().filter(is_name).count();
        names > 0 && (cells.first().is_some_and(|cell| is_name(&cell)) || 2 * names >= named.count())
    }
}

impl fmt::Display for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Comma => "comma",
            Self::Semicolon => "semicolon",
            Self::Tab => "tab",
            Self::Whitespace => "whitespace",
        })
    }
}

/// Whether a line holds nothing or a comment, as NumPy (`#`) and Matlab (`%`) write them.
pub(crate) fn is_skipped(line: &str) -> bool {
    matches!(line.trim_start().chars().next(), None | Some('#' | '%'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_delimiter() {
        for (text, delimiter) in [
            ("1,2\n3,4\n", Delimiter::Comma),
            ("# a;b\n1,2\n", Delimiter::Comma),
            ("1,5;2,5\n", Delimiter::Semicolon),
            ("1,5\t2,5\n", Delimiter::Tab),
            ("  1 2\n  3 4\n", Delimiter::Whitespace),
            ("1\n2\n", Delimiter::Whitespace),
            ("a,b\n1,2\n3\n", Delimiter::Comma),
            ("1,2\n3\n", Delimiter::Comma),
            ("1 2\n3\t4\n", Delimiter::Whitespace),
            ("", Delimiter::Whitespace),
        ] {
            assert_eq!(Delimiter::of(text), delimiter, "{text:?}");
        }
    }

    #[test]
    fn tells_names_from_numbers() {
        let is_header = |cells: &[&str]| Delimiter::Comma.is_header(cells);
        assert!(is_header(&["time", "1", "2", "3"]));
        assert!(is_header(&["", "left", "right"]));
        assert!(is_header(&["1", "a", "b"]));
        assert!(!is_header(&["1", "2", "x"]));
        assert!(!is_header(&["nan", "inf", "-1e5"]));
        assert!(!is_header(&["", ""]));
    }

    #[test]
    fn a_comma_is_a_decimal_point_only_beside_another_delimiter() {
        assert_eq!(Delimiter::Semicolon.number("-1,25"), Some(-1.25));
        assert_eq!(Delimiter::Comma.number("1,25"), None);
        assert_eq!(Delimiter::Semicolon.number("1,234,567"), None);
        assert_eq!(Delimiter::Comma.number("-inf"), Some(f64::NEG_INFINITY));
        assert!(Delimiter::Comma.number("N/A").is_some_and(f64::is_nan));
    }
}
