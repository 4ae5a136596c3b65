//! Dealing chains to vector lanes and threads.

use bss_nn::{Instructions, Real};
use rayon::prelude::*;

use super::chains::Chains;
use super::group::{Group, Scored, Task};
use super::layout::Layout;

/// What a step costs with registers of 512 bits, in steps with those of 256 bits, both unfolded.
const WIDE_COST: f64 = 1.35;

/// The same for folded registers: what throughput asks for, and what latency asks for, which more units hide.
fn folded_cost(wide: bool, hidden: usize) -> f64 {
    if wide { 0.25 + 2.5 / hidden as f64 } else { 0.45 + 1.5 / hidden as f64 }
}

/// How chains are dealt: to groups of nearly equal size, each of them a call of one kernel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) instructions: Instructions,
    pub(super) folded: bool,
    pub(super) groups: usize,
}

/// Runs all chains over the threads there are; the groups come back in order.
pub(super) fn deal<T: Real>(s: &[T], theta: &[T], layout: Layout, chains: Chains, task: Task<T>) -> Vec<Scored<T>> {
    let plan = choose::<T>(&Instructions::available(), layout, chains.count(), rayon::current_num_threads());
    deal_to(plan, s, theta, layout, chains, task)
}

/// Runs all chains as planned.
pub(super) fn deal_to<T: Real>(
    plan: Plan,
    s: &[T],
    theta: &[T],
    layout: Layout,
    chains: Chains,
    task: Task<T>,
) -> Vec<Scored<T>> {
    let Plan { instructions, folded, groups } = plan;
    let count = chains.count();
    let one = |group: usize| {
        let which = group * count / groups..(group + 1) * count / groups;
        instructions.dispatch(Group { layout, chains, which, theta, s, task, folded })
    };
    if groups == 1 { vec![one(0)] } else { (0..groups).into_par_iter().map(one).collect() }
}

/// The plan that lets `threads` threads end soonest with `count` chains.
fn choose<T: Real>(sets: &[Instructions], layout: Layout, count: usize, threads: usize) -> Plan {
    let plan = |(&instructions, folded): (&Instructions, bool)| {
        let lanes = instructions.lanes::<T>();
        let fewest = count.div_ceil(if folded { T::SLOT } else { lanes });
        // A group less full takes as long as a full one: more groups than needed only where a thread would idle.
        let groups = if fewest == 1 { 1 } else { fewest.next_multiple_of(threads).min(count) };
        let wide = lanes > 2 * T::SLOT;
        let step = match (folded, wide) {
            (true, _) => folded_cost(wide, layout.hidden),
            (false, true) => WIDE_COST,
            (false, false) => 1.0,
        };
        (groups.div_ceil(threads) as f64 * step, Plan { instructions, folded, groups })
    };
    // The portable set rounds otherwise: whether it is used must not depend on the number of threads.
    let sets = if sets.len() > 1 { &sets[1..] } else { sets };
    let foldable = |set: &&Instructions| set.lanes::<T>() > T::SLOT && layout.folds();
    let folded = sets.iter().filter(foldable).map(|set| (set, true));
    let plans = sets.iter().map(|set| (set, false)).chain(folded).map(plan);
    plans.min_by(|a, b| a.0.total_cmp(&b.0)).expect("every processor has the portable set").1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Widths that fold and that do not, that the compiler knows and does not.
    const LAYOUTS: [Layout; 5] = [
        Layout { order: 1, hidden: 0, components: 2, kappa: 0.8 },
        Layout { order: 2, hidden: 6, components: 3, kappa: 0.8 },
        Layout { order: 1, hidden: 8, components: 0, kappa: 0.8 },
        Layout { order: 3, hidden: 12, components: 2, kappa: 0.99 },
        Layout { order: 1, hidden: 16, components: 4, kappa: 0.5 },
    ];
    const CHAINS: Chains = Chains { restarts: 7, steps: 600, sources: 3 };

    /// Numbers in (-0.5, 0.5) from a linear congruential generator.
    fn numbers(count: usize, mut state: u64) -> Vec<f64> {
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5
        };
        (0..count).map(|_| next()).collect()
    }

    /// Every way there is to compute the chains, with as many groups as it needs.
    fn ways<T: Real>(layout: Layout) -> Vec<Plan> {
        let ways = Instructions::available().into_iter().flat_map(|set| [(set, false), (set, true)]);
        let possible = ways.filter(|&(set, folded)| !folded || (layout.folds() && set.lanes::<T>() > T::SLOT));
        let chains = |set: Instructions, folded| if folded { T::SLOT } else { set.lanes::<T>() };
        possible
            .map(|(instructions, folded)| Plan {
                instructions,
                folded,
                groups: CHAINS.count().div_ceil(chains(instructions, folded)),
            })
            .collect()
    }

    /// Value, gradient of s and gradient of θ of every chain, in order.
    fn score<T: Real>(plan: Plan, layout: Layout) -> Vec<Vec<f64>> {
        let s: Vec<T> = numbers(CHAINS.count() * CHAINS.steps, 1).iter().map(|&x| T::from_f64(4.0 * x)).collect();
        let theta: Vec<T> = numbers(CHAINS.count() * layout.len(), 2).into_iter().map(T::from_f64).collect();
        let mut chains = Vec::new();
        for group in deal_to(plan, &s, &theta, layout, CHAINS, Task::Density { gradient: true }) {
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
        for layout in LAYOUTS {
            let portable = Plan { instructions: Instructions::Portable, folded: false, groups: CHAINS.count() };
            let (single, double) = (score::<f32>(portable, layout), score::<f64>(portable, layout));
            assert!(single.iter().flatten().all(|x| x.is_finite()));
            assert!(largest_difference(&single, &double) < 1e-3);
            for plan in ways::<f32>(layout) {
                let difference = largest_difference(&score::<f32>(plan, layout), &single);
                assert!(difference < 1e-4, "{plan:?} in single precision: {difference}");
            }
            for plan in ways::<f64>(layout) {
                let difference = largest_difference(&score::<f64>(plan, layout), &double);
                assert!(difference < 1e-12, "{plan:?} in double precision: {difference}");
            }
        }
    }

    #[test]
    fn how_chains_are_dealt_to_groups_and_registers_changes_no_bit() {
        for layout in LAYOUTS {
            let fused = |plan: &Plan| !matches!(plan.instructions, Instructions::Portable);
            let plans = ways::<f32>(layout).into_iter().filter(fused);
            let all: Vec<_> = plans
                .flat_map(|plan| [plan.groups, 7, 21].map(|groups| score::<f32>(Plan { groups, ..plan }, layout)))
                .collect();
            assert!(all.windows(2).all(|pair| pair[0] == pair[1]), "{layout:?}");
        }
    }

    #[test]
    fn all_threads_get_a_share_and_no_group_has_more_chains_than_fit() {
        for layout in LAYOUTS {
            for (count, threads) in [(1, 1), (3, 2), (3, 5), (8, 2), (18, 1), (18, 2), (64, 2), (65, 3), (1000, 8)] {
                let plan = choose::<f32>(&Instructions::available(), layout, count, threads);
                let alone = choose::<f32>(&Instructions::available(), layout, count, 1);
                let is_portable = |plan: Plan| matches!(plan.instructions, Instructions::Portable);
                assert_eq!(is_portable(plan), is_portable(alone), "{count} chains, {threads}: {plan:?}");
                let room = if plan.folded { f32::SLOT } else { plan.instructions.lanes::<f32>() };
                assert!(count.div_ceil(plan.groups) <= room, "{count} chains: {plan:?}");
                assert!(plan.groups == 1 || plan.groups >= threads.min(count), "{count} chains, {threads}: {plan:?}");
                assert!(layout.folds() || !plan.folded, "{layout:?}: {plan:?}");
            }
        }
    }
}
