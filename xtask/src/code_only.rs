//! The code of a Rust file without its comments and without what its literals hold.

/// Blanks comments and the insides of string and character literals; lines keep their numbers.
///
/// House rules search the result, so that a rule may be named in a comment or tested on a string.
pub(crate) fn code_only(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut code = Vec::with_capacity(bytes.len());
    let mut start = 0;
    while start < bytes.len() {
        let end = start + token_to_blank(bytes, start);
        if end == start {
            code.push(bytes[start]);
            start += 1;
        } else {
            code.extend(bytes[start..end].iter().map(|&b| if b == b'\n' { b'\n' } else { b' ' }));
            start = end;
        }
    }
    String::from_utf8_lossy(&code).into_owned()
}

/// The length of the comment or literal that begins at `start`; 0 where none does.
fn token_to_blank(bytes: &[u8], start: usize) -> usize {
    let rest = &bytes[start..];
    match rest {
        [b'/', b'/', ..] => rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => block_comment(rest),
        [b'"', ..] => quoted(rest, b'"'),
        [b'\'', b'\\', ..] => quoted(rest, b'\''),
        [b'\'', ..] => character(rest),
        [b'r', ..] if raw_may_begin(&bytes[..start]) => raw_string(rest),
        _ => 0,
    }
}

/// Block comments nest.
fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut i) = (0_usize, 0);
    while i < rest.len() {
        match &rest[i..] {
            [b'/', b'*', ..] => {
                depth += 1;
                i += 2;
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                i += 2;
                if depth == 0 {
                    return i;
                }
            }
            _ => i += 1,
        }
    }
    rest.len()
}

/// A literal in which a backslash escapes the next byte.
fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut i = 1;
    while i < rest.len() {
        match rest[i] {
            b'\\' => i += 2,
            b if b == quote => return i + 1,
            _ => i += 1,
        }
    }
    rest.len()
}

/// One character between quotes; a quote with no partner is a lifetime, which is code.
fn character(rest: &[u8]) -> usize {
    let width = match rest.get(1) {
        Some(0x00..=0x7f) => 1,
        Some(0xc0..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        _ => 4,
    };
    if rest.get(1 + width) == Some(&b'\'') { width + 2 } else { 0 }
}

/// Whether an `r` here begins a token, perhaps after the `b` or `c` of another kind of string.
fn raw_may_begin(before: &[u8]) -> bool {
    let before = match before {
        [earlier @ .., b'b' | b'c'] => earlier,
        all => all,
    };
    !before.last().is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

/// `r"..."` or `r#"..."#` with any number of hashes.
fn raw_string(rest: &[u8]) -> usize {
    let hashes = rest[1..].iter().take_while(|&&b| b == b'#').count();
    if rest.get(1 + hashes) != Some(&b'"') {
        return 0;
    }
    let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
    let body = hashes + 2;
    rest[body..].windows(close.len()).position(|window| window == close).map_or(rest.len(), |i| body + i + close.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_go_and_code_stays() {
        // The right-hand side has each run of blanks as one.
        let rows = [
            ("a(); // dbg!", "a(); "),
            ("a /* x /* y */ z */ b", "a b"),
            (r#"f("a \" b", c)"#, "f( , c)"),
            ("f(r#\"a \" b\"#, c)", "f( , c)"),
            ("f(br\"x\")", "f(b )"),
            ("bar\"x\"", "bar "),
            ("x: &'a str, '\"', b", "x: &'a str, , b"),
            (r"'\'' + 'é' + b", " + + b"),
            ("r#type + r", "r#type + r"),
        ];
        for (source, expected) in rows {
            let code = code_only(source);
            assert_eq!(code.len(), source.len(), "{source}");
            let mut characters: Vec<_> = code.chars().collect();
            characters.dedup_by(|a, b| *a == ' ' && *b == ' ');
            assert_eq!(String::from_iter(characters), expected, "{source}");
        }
    }

    #[test]
    fn lines_keep_their_numbers() {
        let source = "a\n/* b\nc */ d \"e\nf\" g\n";
        let code = code_only(source);
        assert_eq!(code.lines().count(), source.lines().count());
        assert!(code.lines().nth(3).unwrap().ends_with('g'));
    }
}
