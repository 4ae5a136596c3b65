//! Dealing chains to vector lanes and threads.

use bss_nn::{Instructions, Real};
use rayon::prelude::*;

use super::chains::Chains;
use super::group::{Group, Scored, Task};
use super::layout::Layout;

/// What a step costs with registers of 512 bits, in steps with the narrower ones of the same processor.
const WIDE_COST: f64 = 1.3;

/// Runs all chains over the threads there are; the groups come back in order.
pub(super) fn deal<T: Real>(s: &[T], theta: &[T], layout: Layout, chains: Chains, task: Task<T>) -> Vec<Scored<T>> {
    let (instructions, groups) = choose::<T>(&Instructions::available(), chains.count(), rayon::current_num_threads());
    deal_to(instructions, groups, s, theta, layout, chains, task)
}

/// Runs all chains in so many groups of nearly equal size.
pub(super) fn deal_to<T: Real>(
    instructions: Instructions,
    groups: usize,
    s: &[T],
    theta: &[T],
    layout: Layout,
    chains: Chains,
    task: Task<T>,
) -> Vec<Scored<T>> {
    let count = chains.count();
    let one = |group: usize| {
        let which = group * count / groups..(group + 1) * count / groups;
        instructions.dispatch(Group { layout, chains, which, theta, s, task })
    };
    if groups == 1 { vec![one(0)] } else { (0..groups).into_par_iter().map(one).collect() }
}

/// The instruction set, and the number of groups to make of `count` chains, that let `threads` threads end soonest.
fn choose<T: Real>(sets: &[Instructions], count: usize, threads: usize) -> (Instructions, usize) {
    let plan = |&set: &Instructions| {
        let lanes = set.lanes::<T>();
        let fewest = count.div_ceil(lanes);
        // A group less full takes as long as a full one: more groups than needed only where a thread would idle.
        let groups = if fewest == 1 { 1 } else { fewest.next_multiple_of(threads).min(count) };
        let step = if lanes * size_of::<T>() > 32 { WIDE_COST } else { 1.0 };
        (groups.div_ceil(threads) as f64 * step, set, groups)
    };
    let (_, set, groups) =
        sets.iter().map(plan).min_by(|a, b| a.0.total_cmp(&b.0)).expect("every processor has the portable set");
    (set, groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYOUT: Layout = Layout { order: 2, hidden: 6, components: 3, kappa: 0.8 };
    const CHAINS: Chains = Chains { restarts: 7, steps: 600, sources: 3 };

    /// Numbers in (-0.5, 0.5) from a linear congruential generator.
    fn numbers(count: usize, mut state: u64) -> Vec<f64> {
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5
        };
        (0..count).map(|_| next()).collect()
    }

    /// Value, gradient of s and gradient of θ of every chain, in order.
    fn score<T: Real>(set: Instructions, groups: usize) -> Vec<Vec<f64>> {
        let s: Vec<T> = numbers(CHAINS.count() * CHAINS.steps, 1).iter().map(|&x| T::from_f64(4.0 * x)).collect();
        let theta: Vec<T> = numbers(CHAINS.count() * LAYOUT.len(), 2).into_iter().map(T::from_f64).collect();
        let task = Task::Density { gradient: true };
        let mut chains = Vec::new();
        for group in deal_to(set, groups, &s, &theta, LAYOUT, CHAINS, task) {
            let used = group.which.len();
            for lane in 0..used {
                let mut all = vec![group.value[lane]];
                all.extend(group.s.iter().skip(lane).step_by(used).map(|x| x.to_f64()));
                all.extend(group.theta.iter().skip(lane).step_by(used));
                chains.push(all);
            }
        }
        chains
    }

    fn largest_difference(a: &[Vec<f64>], b: &[Vec<f64>]) -> f64 {
        let pairs = a.iter().flatten().zip(b.iter().flatten());
        pairs.map(|(a, b)| (a - b).abs() / (1.0 + b.abs())).fold(0.0, f64::max)
    }

    #[test]
    fn every_instruction_set_gives_the_same_densities_and_gradients() {
        let (single, double) = (score::<f32>(Instructions::Portable, 21), score::<f64>(Instructions::Portable, 21));
        assert!(largest_difference(&single, &double) < 1e-3);
        for set in Instructions::available() {
            let groups = |lanes: usize| CHAINS.count().div_ceil(lanes);
            let difference = largest_difference(&score::<f32>(set, groups(set.lanes::<f32>())), &single);
            assert!(difference < 1e-4, "{set:?} in single precision: {difference}");
            let difference = largest_difference(&score::<f64>(set, groups(set.lanes::<f64>())), &double);
            assert!(difference < 1e-12, "{set:?} in double precision: {difference}");
        }
    }

    #[test]
    fn how_chains_are_dealt_to_groups_and_registers_changes_no_bit() {
        let fused: Vec<Instructions> = Instructions::available().into_iter().skip(1).collect();
        let all: Vec<_> = fused
            .iter()
            .flat_map(|&set| [21usize.div_ceil(set.lanes::<f32>()), 7, 21].map(|groups| score::<f32>(set, groups)))
            .collect();
        assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
        let portable = score::<f32>(Instructions::Portable, 21);
        assert_eq!(portable.len(), 21);
        assert!(portable.iter().flatten().all(|x| x.is_finite()));
    }

    #[test]
    fn all_threads_get_a_share_and_no_group_has_more_chains_than_lanes() {
        for (count, threads) in [(1, 1), (3, 2), (18, 1), (18, 2), (64, 2), (65, 3), (1000, 8)] {
            let (set, groups) = choose::<f32>(&Instructions::available(), count, threads);
            assert!(count.div_ceil(groups) <= set.lanes::<f32>(), "{count} chains in {groups} groups of {set:?}");
            assert!(groups == 1 || groups >= threads.min(count), "{count} chains in {groups} groups for {threads}");
        }
    }
}
