//! The range that a setting's values are confined to.

use toml::Value;

/// A range, beside the type that a [`Setting`](super::setting::Setting) has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Rule {
    /// Whatever the type takes; numbers have to be finite.
    Any,
    /// A whole number of at least this, or a list of some.
    AtLeast(i64),
    /// A whole number in this range, or a list of some: beyond it no memory would do.
    Between(i64, i64),
    /// A number of at least 0.
    NotNegative,
    /// A number above 0.
    Positive,
    /// A number from 0 to 1.
    Share,
    /// A number above 0 and below 1.
    Inside,
}

impl Rule {
    /// Whether a value of the right type is in the range.
    pub(crate) fn allows(self, value: &Value) -> bool {
        match value {
            Value::Integer(number) => match self {
                Self::AtLeast(least) => *number >= least,
                Self::Between(least, most) => (least..=most).contains(number),
                _ => true,
            },
            Value::Float(number) => number.is_finite() && self.allows_number(*number),
            // A list with a bound on its numbers is one of widths, and a network has at least one.
            Value::Array(values) => {
                (self == Self::Any || !values.is_empty()) && values.iter().all(|value| self.allows(value))
            }
            _ => true,
        }
    }

    fn allows_number(self, number: f64) -> bool {
        match self {
            Self::Any | Self::AtLeast(_) | Self::Between(..) => true,
            Self::NotNegative => number >= 0.0,
            Self::Positive => number > 0.0,
            Self::Share => (0.0..=1.0).contains(&number),
            Self::Inside => number > 0.0 && number < 1.0,
        }
    }

    /// The range in words that follow the type's.
    pub(crate) fn words(self) -> String {
        match self {
            Self::Any => String::new(),
            Self::AtLeast(least) => format!(" of at least {least}"),
            Self::Between(least, most) => format!(" from {least} to {most}"),
            Self::NotNegative => " of at least 0".to_owned(),
            Self::Positive => " above 0".to_owned(),
            Self::Share => " from 0 to 1".to_owned(),
            Self::Inside => " above 0 and below 1".to_owned(),
        }
    }
}
