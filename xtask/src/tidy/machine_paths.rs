//! No file of the project names a folder of the machine on which it was written.

use crate::breach::Breach;

/// Beginnings of such folders, each in two parts so that this file does not match itself.
const BEGINNINGS: [&str; 3] = [concat!("/wo", "rk/"), concat!("/tmp", "/pv"), concat!("/ro", "ot/.")];

/// The breaches in the file at `path`.
pub(crate) fn check(path: &str, text: &str) -> Vec<Breach> {
    text.lines()
        .enumerate()
        .filter_map(|(line, content)| {
            let found = BEGINNINGS.iter().find(|beginning| names(content, beginning))?;
            let message = format!("names a folder of one machine, {found}; write a path from the root");
            Some(Breach::on_line(path, line + 1, message))
        })
        .collect()
}

/// Whether an absolute path begins so; the same letters inside an address or a longer path do not count.
fn names(line: &str, beginning: &str) -> bool {
    line.match_indices(beginning).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "._-/~}".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_paths_count_and_addresses_do_not() {
        let folder = concat!("/wo", "rk/");
        assert_eq!(check("a.md", &format!("see {folder}shared\n")).len(), 1);
        assert_eq!(check("a.md", &format!("\"{folder}shared\"\n"))[0].line, Some(1));
        assert!(check("a.md", &format!("https://example.org{folder}of-art\n")).is_empty());
        assert!(check("a.md", &format!("${{HOME}}{folder}\n")).is_empty());
    }
}
