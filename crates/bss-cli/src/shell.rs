//! Words of a command line that can be copied to a shell.

/// The word as it is, or between quotes if a shell would take it apart.
pub(crate) fn word(text: &str) -> String {
    let is_plain = |character: char| character.is_alphanumeric() || "_-+=./:,@%~".contains(character);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Words with blanks between them.
pub(crate) fn words(texts: &[String]) -> String {
    texts.iter().map(|text| word(text)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_shell_would_take_apart_is_quoted() {
        let given = ["run/a.npz:mixture".to_owned(), "my data.csv".to_owned()];
        assert_eq!(words(&given), "run/a.npz:mixture 'my data.csv'");
        assert_eq!(word("it's"), r"'it'\''s'");
        assert_eq!(word(""), "''");
    }
}
