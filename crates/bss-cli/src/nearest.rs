//! The name that was probably meant.

/// The candidate nearest to `name`, by edit distance relative to the lengths.
///
/// A candidate with sections, such as `training.restarts`, also counts by its last part alone.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let similarity = |candidate: &str| {
        let last = candidate.rsplit('.').next().unwrap_or(candidate);
        let whole = strsim::normalized_damerau_levenshtein(name, candidate);
        // A hair less, so that the whole name wins where both fit.
        whole.max(strsim::normalized_damerau_levenshtein(name, last) - 1e-6)
    };
    candidates.into_iter().max_by(|a, b| similarity(a).total_cmp(&similarity(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_and_missing_sections_find_their_name() {
        let keys = ["seed", "training.restarts", "training.iterations", "prior.kind", "encoder.kind"];
        for (slip, meant) in [
            ("training.restart", "training.restarts"),
            ("restarts", "training.restarts"),
            ("sede", "seed"),
            ("priors.kind", "prior.kind"),
        ] {
            assert_eq!(nearest(slip, keys), Some(meant), "{slip}");
        }
        assert_eq!(nearest("seed", []), None);
    }
}
