//! The types that a setting can have, and how each reads and writes TOML values.

use bss_data::Columns;
use toml::Value;

use super::{
    Activation, Amount, Base, Decay, Decoder, Divergence, Encoder, FrontEnd, Model, Nonlinearity, Prior, Whitening,
};
use crate::args::{OnNan, Traversal};

/// A field of [`Config`](super::Config).
pub(crate) trait Setting {
    /// Takes the value if it has the right type, and says whether it did.
    fn assign(&mut self, value: &Value) -> bool;

    /// The value it has; `None` if it is not set.
    fn value(&self) -> Option<Value>;

    /// The type in words: a whole number, a list of names.
    fn expected(&self) -> String;

    /// The names to choose from, if that is the type.
    fn names(&self) -> &'static [&'static str] {
        &[]
    }
}

/// Implements [`Setting`] by a function from a value and one to a value.
macro_rules! setting {
    ($Type:ty, $words:literal, $read:expr, $write:expr) => {
        impl Setting for $Type {
            fn assign(&mut self, value: &Value) -> bool {
                let read: fn(&Value) -> Option<$Type> = $read;
                read(value).map(|value| *self = value).is_some()
            }

            fn value(&self) -> Option<Value> {
                let write: fn(&$Type) -> Value = $write;
                Some(write(self))
            }

            fn expected(&self) -> String {
                $words.to_owned()
            }
        }
    };
}

setting!(bool, "true or false", Value::as_bool, |value| Value::Boolean(*value));
setting!(f64, "a number", number, |value| Value::Float(*value));
setting!(usize, "a whole number", |value| whole(value)?.try_into().ok(), |value| Value::Integer(*value as i64));
setting!(u64, "a whole number", |value| whole(value)?.try_into().ok(), |value| Value::Integer(*value as i64));
setting!(String, "text", |value| value.as_str().map(str::to_owned), |value| Value::String(value.clone()));
setting!(Columns, "columns from 0 on, such as \"1-8,10\"", columns, |value| Value::String(value.to_string()));
setting!(Vec<usize>, "a list of whole numbers", widths, |values| {
    Value::Array(values.iter().map(|value| Value::Integer(*value as i64)).collect())
});
setting!(Vec<String>, "a list of files", strings, |values| {
    Value::Array(values.iter().cloned().map(Value::String).collect())
});

/// Implements [`Setting`] for choices by name.
macro_rules! choice {
    ($($Type:ty)+) => {$(
        impl Setting for $Type {
            fn assign(&mut self, value: &Value) -> bool {
                value.as_str().and_then(<$Type>::of).map(|value| *self = value).is_some()
            }

            fn value(&self) -> Option<Value> {
                Some(Value::String(self.name().to_owned()))
            }

            fn expected(&self) -> String {
                format!("one of {}", <$Type>::NAMES.join(", "))
            }

            fn names(&self) -> &'static [&'static str] {
                <$Type>::NAMES
            }
        }
    )+};
}

choice!(Model FrontEnd Amount Whitening Encoder Decoder Activation Prior Base Decay Divergence Nonlinearity OnNan Traversal);

/// A setting that can be left out.
impl<T: Setting + Blank> Setting for Option<T> {
    fn assign(&mut self, value: &Value) -> bool {
        let mut taken = self.take().unwrap_or_else(T::blank);
        let right = taken.assign(value);
        *self = right.then_some(taken);
        right
    }

    fn value(&self) -> Option<Value> {
        self.as_ref().and_then(Setting::value)
    }

    fn expected(&self) -> String {
        T::blank().expected()
    }

    fn names(&self) -> &'static [&'static str] {
        T::blank().names()
    }
}

/// Any value of the type, to ask it about the type and to assign to.
pub(crate) trait Blank {
    /// That value.
    fn blank() -> Self;
}

impl Blank for f64 {
    fn blank() -> Self {
        0.0
    }
}

impl Blank for String {
    fn blank() -> Self {
        Self::new()
    }
}

impl Blank for usize {
    fn blank() -> Self {
        0
    }
}

impl Blank for OnNan {
    fn blank() -> Self {
        Self::Drop
    }
}

impl Blank for Traversal {
    fn blank() -> Self {
        Self::Raster
    }
}

impl Blank for Columns {
    fn blank() -> Self {
        "0".parse().expect("0 is a column")
    }
}

/// A whole number, also where it is written as 3e3.
fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(*number),
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 2f64.powi(53) => Some(*number as i64),
        _ => None,
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

/// Widths; a number alone is a list of one.
fn widths(value: &Value) -> Option<Vec<usize>> {
    let width = |value| whole(value)?.try_into().ok();
    match value {
        Value::Array(values) => values.iter().map(width).collect(),
        _ => width(value).map(|width| vec![width]),
    }
}

/// Strings; one alone is a list of one.
fn strings(value: &Value) -> Option<Vec<String>> {
    let string = |value: &Value| value.as_str().map(str::to_owned);
    match value {
        Value::Array(values) => values.iter().map(string).collect(),
        _ => string(value).map(|text| vec![text]),
    }
}

/// Columns; one alone may be a number.
fn columns(value: &Value) -> Option<Columns> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Integer(number) => number.to_string().parse().ok(),
        _ => None,
    }
}
