//! Licence expressions: `MIT OR (Apache-2.0 WITH LLVM-exception AND Unicode-3.0)` against a list.
//!
//! `AND` binds more tightly than `OR`; a `/` is the old way to write `OR`.

use anyhow::{Result, bail};

/// Whether the expression can be satisfied by licences on the list.
///
/// A licence with an exception is looked up whole, as in `Apache-2.0 WITH LLVM-exception`.
///
/// # Errors
/// When the expression is malformed.
pub(crate) fn is_allowed(expression: &str, allowed: &[String]) -> Result<bool> {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<_> = spaced.split_whitespace().collect();
    let mut reader = Reader { words: &words, allowed };
    let verdict = reader.any_of()?;
    if let Some(word) = reader.words.first() {
        bail!("unexpected `{word}` in the licence expression `{expression}`");
    }
    Ok(verdict)
}

/// The words still to be read.
struct Reader<'a> {
    words: &'a [&'a str],
    allowed: &'a [String],
}

impl Reader<'_> {
    fn take_if(&mut self, word: &str) -> bool {
        let is_next = self.words.first() == Some(&word);
        if is_next {
            self.words = &self.words[1..];
        }
        is_next
    }

    fn take(&mut self) -> Result<String> {
        match self.words {
            [word, rest @ ..] if !["AND", "OR", "WITH", ")"].contains(word) => {
                self.words = rest;
                Ok((*word).to_owned())
            }
            [word, ..] => bail!("expected a licence, found `{word}`"),
            [] => bail!("expected a licence, found the end"),
        }
    }

    /// `all OR all OR ...`
    fn any_of(&mut self) -> Result<bool> {
        let mut verdict = self.all_of()?;
        while self.take_if("OR") {
            verdict |= self.all_of()?;
        }
        Ok(verdict)
    }

    /// `one AND one AND ...`
    fn all_of(&mut self) -> Result<bool> {
        let mut verdict = self.one()?;
        while self.take_if("AND") {
            verdict &= self.one()?;
        }
        Ok(verdict)
    }

    /// A licence, perhaps with an exception, or a group in parentheses.
    fn one(&mut self) -> Result<bool> {
        if self.take_if("(") {
            let verdict = self.any_of()?;
            if !self.take_if(")") {
                bail!("a parenthesis is left open");
            }
            return Ok(verdict);
        }
        let mut licence = self.take()?;
        if self.take_if("WITH") {
            licence = format!("{licence} WITH {}", self.take()?);
        }
        Ok(self.allowed.contains(&licence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_judged() {
        let allowed = ["MIT", "Apache-2.0", "Unicode-3.0", "Apache-2.0 WITH LLVM-exception"].map(String::from);
        let rows = [
            ("MIT", true),
            ("GPL-3.0-only", false),
            ("MIT OR GPL-3.0-only", true),
            ("GPL-3.0-only/MIT", true),
            ("GPL-2.0 / MIT", true),
            ("MIT AND GPL-3.0-only", false),
            ("(MIT OR GPL-3.0-only) AND Unicode-3.0", true),
            ("MIT OR Apache-2.0 AND GPL-3.0-only", true),
            ("(MIT OR Apache-2.0) AND GPL-3.0-only", false),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("MIT WITH LLVM-exception", false),
            ("((MIT))", true),
        ];
        for (expression, expected) in rows {
            assert_eq!(is_allowed(expression, &allowed).unwrap(), expected, "{expression}");
        }
    }

    #[test]
    fn malformed_expressions_are_errors() {
        for expression in ["", "MIT OR", "AND MIT", "(MIT", "MIT)", "MIT Apache-2.0", "MIT WITH"] {
            assert!(is_allowed(expression, &[]).is_err(), "{expression}");
        }
    }
}
