//! What is run: families, methods, variants, and the mixtures that they make.

use crate::reproduce::Preset;

/// The families of `bss synth`, in its order.
pub(in crate::reproduce) const FAMILIES: [&str; 12] = [
    "sine+square+ar",
    "sine+sawtooth+square",
    "modulated",
    "ar-gaussian",
    "ar-laplace",
    "ar-equal",
    "skewed",
    "resonances",
    "iid",
    "garch",
    "impulsive",
    "bursts+trend",
];

/// How far in the list the next family is where one has too few sources: families of different kinds are joined, and
/// never those that have nearly the same waves.
const STEP: usize = 4;

/// A way to separate.
#[derive(Debug)]
pub(super) struct Method {
    /// The last part of a cell's name.
    pub(super) name: &'static str,
    /// What it is, for the page.
    pub(super) about: &'static str,
    /// Whether it is one of those to be matched.
    pub(super) is_classical: bool,
    /// What `bss fit` is told besides data, seed and threads.
    pub(super) options: &'static [&'static str],
}

/// The method that is compared with the others.
pub(super) const OURS: &str = "ar-flow";

/// All methods, ours first.
pub(super) const METHODS: [Method; 7] = [
    Method { name: OURS, about: "the defaults", is_classical: false, options: &[] },
    Method {
        name: "paper-prior",
        about: "the paper's prior, the rest at the defaults (`docs/settings/paper.toml` with the tied decoder and \
                restarts)",
        is_classical: false,
        options: &["--set", "prior.base=gaussian", "--set", "prior.order=1", "--set", "prior.hidden=8"],
    },
    Method {
        name: "ar-gaussian",
        about: "a linear autoregression with Gaussian innovations as the prior",
        is_classical: false,
        options: &["--set", "prior.kind=ar", "--set", "prior.base=gaussian"],
    },
    Method { name: "fastica", about: "FastICA", is_classical: true, options: &["--model", "fastica"] },
    Method { name: "picard", about: "Picard", is_classical: true, options: &["--model", "picard"] },
    Method { name: "sobi", about: "SOBI", is_classical: true, options: &["--model", "sobi"] },
    Method { name: "jade", about: "JADE", is_classical: true, options: &["--model", "jade"] },
];

/// One size of problem.
#[derive(Debug)]
pub(super) struct Variant {
    /// The first part of a cell's name.
    pub(super) name: &'static str,
    /// n, sources and channels.
    pub(super) sources: usize,
    /// R.
    pub(super) samples: usize,
    /// Level of white sensor noise, if there is any.
    pub(super) noise_db: Option<u32>,
}

impl Variant {
    const fn new(name: &'static str, sources: usize, samples: usize, noise_db: Option<u32>) -> Self {
        Self { name, sources, samples, noise_db }
    }
}

/// The base first, then what differs from it in one respect, roughly in the order of what a fit costs.
pub(super) const VARIANTS: [Variant; 8] = [
    Variant::new("base", 3, 1000, None),
    Variant::new("sources-2", 2, 1000, None),
    Variant::new("samples-500", 3, 500, None),
    Variant::new("noise-20-db", 3, 1000, Some(20)),
    Variant::new("sources-5", 5, 1000, None),
    Variant::new("samples-3000", 3, 3000, None),
    Variant::new("sources-8", 8, 1000, None),
    Variant::new("samples-10000", 3, 10_000, None),
];

/// The settings were chosen on smaller seeds (`docs/experiments/separation`).
pub(super) const FIRST_SEED: u64 = 21;

impl Preset {
    /// The name on the command line.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Paper => "paper",
        }
    }

    /// The mixings of each family in the base and in each variant.
    fn n_mixings(self) -> (u64, u64) {
        match self {
            Self::Quick => (2, 0),
            Self::Paper => (10, 2),
        }
    }

    /// The mixtures, in the order in which they are run: whatever a stopped run has reached, families are even.
    pub(super) fn cases(self) -> Vec<Case> {
        let (n_base, n_variant) = self.n_mixings();
        let (base, variants) = VARIANTS.split_at(1);
        let mut cases = Vec::new();
        for (variants, n_mixings) in [(base, n_base), (variants, n_variant)] {
            for seed in FIRST_SEED..FIRST_SEED + n_mixings {
                for variant in variants {
                    cases.extend((0..FAMILIES.len()).map(|family_idx| Case { variant, family_idx, seed }));
                }
            }
        }
        cases
    }

    /// The names of all cells.
    pub(super) fn cells(self) -> Vec<String> {
        self.cases().iter().flat_map(|case| METHODS.iter().map(|method| case.cell(method))).collect()
    }
}

/// A mixture: one family, drawn and mixed with one seed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case {
    pub(super) variant: &'static Variant,
    family_idx: usize,
    /// Of sources, mixing and fits.
    pub(super) seed: u64,
}

impl Case {
    /// `VARIANT/FAMILY/SEED`.
    pub(super) fn name(&self) -> String {
        format!("{}/{}/{}", self.variant.name, FAMILIES[self.family_idx], self.seed)
    }

    /// `VARIANT/FAMILY/SEED/METHOD`.
    pub(super) fn cell(&self, method: &Method) -> String {
        format!("{}/{}", self.name(), method.name)
    }

    /// What `bss synth` is asked for: the family, and as many others as the number of sources needs.
    pub(super) fn families(&self) -> String {
        let n_families = self.variant.sources.div_ceil(3);
        let names = (0..n_families).map(|i| FAMILIES[(self.family_idx + i * STEP) % FAMILIES.len()]);
        names.collect::<Vec<_>>().join(",")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::*;
    use crate::shell;

    #[test]
    fn the_families_are_those_of_bss_synth() {
        let source = fs::read_to_string(shell::root().join("crates/bss-data/src/synth.rs")).unwrap();
        let lines = source.lines().filter(|line| line.trim_start().starts_with("Family::"));
        let named = lines.filter_map(|line| line.split_once("=> \"")?.1.strip_suffix("\","));
        let names: Vec<&str> = named.filter(|name| !name.contains(' ')).collect();
        assert_eq!(names, FAMILIES);
    }

    #[test]
    fn names_are_unique_and_quick_is_part_of_paper() {
        let paper: BTreeSet<String> = Preset::Paper.cells().into_iter().collect();
        assert_eq!(paper.len(), (12 * 10 + 7 * 12 * 2) * METHODS.len());
        let quick = Preset::Quick.cells();
        assert_eq!(quick.len(), 24 * METHODS.len());
        assert!(quick.iter().all(|name| paper.contains(name)));
        assert_eq!(quick[0], "base/sine+square+ar/21/ar-flow");
    }

    #[test]
    fn more_sources_are_of_several_families() {
        let of = |variant: usize, family_idx| Case { variant: &VARIANTS[variant], family_idx, seed: 21 }.families();
        assert_eq!(of(0, 8), "iid");
        assert_eq!(of(1, 0), "sine+square+ar");
        assert_eq!(of(4, 8), "iid,sine+square+ar");
        assert_eq!(of(6, 3), "ar-gaussian,resonances,bursts+trend");
    }
}
