//! A selection of a table's columns, as `--columns 1-8,10` names them.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use ndarray::{ArrayD, Axis};

use crate::error::{Error, Result};
use crate::location::Location;

/// Columns of a table, counted from 0, in the order in which they are wanted.
///
/// ```
/// use bss_data::Columns;
///
/// let columns: Columns = "1-3,0".parse()?;
/// assert_eq!(columns.to_string(), "1-3,0");
/// # Ok::<(), bss_data::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns(Vec<RangeInclusive<usize>>);

impl Columns {
    /// The columns one by one, for a table that has `width` of them.
    ///
    /// # Errors
    /// [`Error::ColumnOutOfRange`] if the table has fewer columns.
    pub fn indices(&self, width: usize, at: &Location) -> Result<Vec<usize>> {
        if let Some(column) = self.0.iter().map(|range| *range.end()).find(|end| *end >= width) {
            return Err(Error::ColumnOutOfRange { at: at.clone(), column, width });
        }
        Ok(self.0.iter().cloned().flatten().collect())
    }

    /// The selected columns of a matrix of shape (rows, columns).
    pub(crate) fn select(&self, values: &ArrayD<f64>, at: &Location) -> Result<ArrayD<f64>> {
        let &[_, width] = values.shape() else {
            return Err(Error::ColumnsOfShape { at: at.clone(), shape: values.shape().to_vec() });
        };
        Ok(values.select(Axis(1), &self.indices(width, at)?))
    }
}

impl FromStr for Columns {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let fail = |reason: String| Error::BadColumns { text: text.to_owned(), reason };
        let mut ranges: Vec<RangeInclusive<usize>> = Vec::new();
        for part in text.split(',').map(str::trim) {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let number = |digits: &str| {
                let digits = digits.trim();
                digits.parse::<usize>().map_err(|_| fail(format!("`{digits}` is no column number")))
            };
            let (first, last) = (number(first)?, number(last)?);
            if first > last {
                return Err(fail(format!("`{part}` runs backwards")));
            }
            if let Some(twice) = ranges.iter().find(|r| first <= *r.end() && *r.start() <= last) {
                return Err(fail(format!("column {} comes twice", first.max(*twice.start()))));
            }
            ranges.push(first..=last);
        }
        Ok(Self(ranges))
    }
}

impl fmt::Display for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, range) in self.0.iter().enumerate() {
            let comma = if position == 0 { "" } else { "," };
            match (range.start(), range.end()) {
                (first, last) if first == last => write!(f, "{comma}{first}")?,
                (first, last) => write!(f, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ndarray::arr2;

    use super::*;

    #[test]
    fn selects_in_the_order_given() {
        let columns: Columns = "2, 0-1".parse().unwrap();
        let table = arr2(&[[0., 1., 2.], [3., 4., 5.]]).into_dyn();
        let chosen = columns.select(&table, &Location::from("t.csv")).unwrap();
        assert_eq!(chosen, arr2(&[[2., 0., 1.], [5., 3., 4.]]).into_dyn());
    }

    #[test]
    fn says_what_is_wrong_with_a_selection() {
        for (text, reason) in [
            ("", "`` is no column number"),
            ("a", "`a` is no column number"),
            ("1-", "`` is no column number"),
            ("-1", "`` is no column number"),
            ("3-1", "`3-1` runs backwards"),
            ("0-4,3", "column 3 comes twice"),
            ("3,0-4", "column 3 comes twice"),
        ] {
            let message = text.parse::<Columns>().unwrap_err().to_string();
            assert!(message.contains(reason), "{text}: {message}");
        }
    }

    #[test]
    fn a_huge_range_is_refused_before_it_is_counted_out() {
        let columns: Columns = "0-18446744073709551615".parse().unwrap();
        let error = columns.indices(3, &Location::from("t.csv")).unwrap_err();
        assert!(error.to_string().contains("has 3 columns"), "{error}");
    }
}
