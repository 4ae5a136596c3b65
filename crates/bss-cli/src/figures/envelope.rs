//! Traces thinned to what a figure can show: the least and the greatest value of each column of samples.
//!
//! A trace of more points than its budget is cut into equal runs of samples. Of each run the minimum and
//! the maximum are kept, in the order in which they occur, so every peak survives and nothing is averaged.
//! Missing values (NaN, infinities) leave a gap.

/// A point in data coordinates.
pub(super) type Point = (f64, f64);

/// The line through `values` at the abscissae `x(index)`, in at most about `budget` points, split at gaps.
pub(super) fn line(values: &[f64], x: impl Fn(usize) -> f64, budget: usize) -> Vec<Vec<Point>> {
    let mut segments = vec![Vec::new()];
    for run in runs(values.len(), budget) {
        let finite = || run.clone().filter(|&index| values[index].is_finite());
        let least = finite().min_by(|&a, &b| values[a].total_cmp(&values[b]));
        let greatest = finite().max_by(|&a, &b| values[a].total_cmp(&values[b]));
        let (Some(least), Some(greatest)) = (least, greatest) else {
            segments.push(Vec::new());
            continue;
        };
        let segment = segments.last_mut().expect("there is always a segment");
        segment.push((x(least.min(greatest)), values[least.min(greatest)]));
        if least != greatest {
            segment.push((x(least.max(greatest)), values[least.max(greatest)]));
        }
    }
    segments.retain(|segment| segment.len() > 1);
    segments
}

/// The outlines of the region between `lower` and `upper`, in at most about `budget` points, split at gaps.
pub(super) fn band(lower: &[f64], upper: &[f64], x: impl Fn(usize) -> f64, budget: usize) -> Vec<Vec<Point>> {
    let mut outlines = Vec::new();
    let (mut floor, mut ceiling) = (Vec::new(), Vec::new());
    let mut close = |floor: &mut Vec<Point>, ceiling: &mut Vec<Point>| {
        if floor.len() > 1 {
            outlines.push(ceiling.drain(..).chain(floor.drain(..).rev()).collect());
        }
        floor.clear();
        ceiling.clear();
    };
    for run in runs(lower.len().min(upper.len()), budget) {
        let middle = f64::midpoint(x(run.start), x(run.end - 1));
        let finite = run.filter(|&index| lower[index].is_finite() && upper[index].is_finite());
        let (least, greatest) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), index| {
            (low.min(lower[index]), high.max(upper[index]))
        });
        if least > greatest {
            close(&mut floor, &mut ceiling);
        } else {
            floor.push((middle, least));
            ceiling.push((middle, greatest));
        }
    }
    close(&mut floor, &mut ceiling);
    outlines
}

/// The samples `0..length` as they are if they fit the budget, or else in `budget / 2` equal runs.
fn runs(length: usize, budget: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let columns = if length <= budget { length } else { (budget / 2).max(1) };
    (0..columns).map(move |column| column * length / columns..(column + 1) * length / columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_traces_are_kept_point_by_point() {
        let segments = line(&[3.0, 1.0, 2.0], |index| index as f64, 10);
        assert_eq!(segments, vec![vec![(0.0, 3.0), (1.0, 1.0), (2.0, 2.0)]]);
    }

    #[test]
    fn peaks_survive_and_the_budget_is_kept() {
        let mut values = vec![0.0; 100_000];
        values[77_777] = 5.0;
        values[1_234] = -3.0;
        let segments = line(&values, |index| index as f64, 1_000);
        let points: Vec<_> = segments.concat();
        assert!(points.len() <= 1_000);
        assert!(points.contains(&(77_777.0, 5.0)) && points.contains(&(1_234.0, -3.0)));
        assert!(points.windows(2).all(|pair| pair[0].0 < pair[1].0), "time runs forwards");
    }

    #[test]
    fn missing_values_leave_a_gap() {
        let values = [1.0, 2.0, f64::NAN, 3.0, f64::INFINITY, 4.0, 5.0];
        let segments = line(&values, |index| index as f64, 10);
        assert_eq!(segments, vec![vec![(0.0, 1.0), (1.0, 2.0)], vec![(5.0, 4.0), (6.0, 5.0)]]);
    }

    #[test]
    fn a_band_encloses_both_edges_of_each_run() {
        let lower: Vec<f64> = (0..100).map(|index| -1.0 - f64::from(index % 7)).collect();
        let upper: Vec<f64> = lower.iter().map(|value| -value).collect();
        let outlines = band(&lower, &upper, |index| index as f64, 20);
        assert_eq!(outlines.len(), 1);
        assert_eq!(outlines[0].len(), 20);
        assert!(outlines[0][..10].iter().all(|point| point.1 == 7.0));
        assert!(outlines[0][10..].iter().all(|point| point.1 == -7.0));
    }
}
