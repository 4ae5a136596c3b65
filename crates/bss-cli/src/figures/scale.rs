//! Axes: how values become lengths, and which round numbers stand beside them.

/// How an axis maps its values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scale {
    /// Lengths proportional to values.
    Linear,
    /// `log₁₀ v`; values that are not positive are missing.
    Log,
    /// `sign(v) log₁₀(1 + |v| / c)`: linear around zero, logarithmic beyond the constant `c`.
    SymLog(f64),
}

impl Scale {
    /// The position of `value` on the axis; NaN if the scale has no place for it.
    pub(super) fn map(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Log => {
                if value > 0.0 {
                    value.log10()
                } else {
                    f64::NAN
                }
            }
            Self::SymLog(c) => value.signum() * (value.abs() / c).ln_1p() / std::f64::consts::LN_10,
        }
    }
}

/// One axis: the interval that it shows, in mapped units, and its ticks.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    /// Least and greatest position shown.
    pub(super) range: (f64, f64),
    /// Position and label of each tick.
    pub(super) ticks: Vec<(f64, String)>,
}

impl Axis {
    /// An axis that shows exactly `low` to `high` with at most `max_ticks` ticks.
    pub(super) fn exact(low: f64, high: f64, max_ticks: usize) -> Self {
        let range = widened(low, high);
        Self { range, ticks: linear_ticks(range, max_ticks) }
    }

    /// An axis wide enough for all finite `values` on `scale`, with some air at both ends.
    pub(super) fn around(values: impl IntoIterator<Item = f64>, scale: Scale, max_ticks: usize) -> Self {
        let (low, high) = values
            .into_iter()
            .map(|value| scale.map(value))
            .filter(|position| position.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), at| (low.min(at), high.max(at)));
        let (low, high) = if low > high { (0.0, 1.0) } else { widened(low, high) };
        let air = 0.06 * (high - low);
        let range = (low - air, high + air);
        let ticks = match scale {
            Scale::Linear => linear_ticks(range, max_ticks),
            Scale::Log => log_ticks(range, max_ticks),
            Scale::SymLog(c) => symlog_ticks(range, c, max_ticks),
        };
        Self { range, ticks }
    }

    /// The label of the tick at `position`, empty where there is none.
    pub(super) fn label(&self, position: f64) -> String {
        let tick = self.ticks.iter().find(|(at, _)| *at == position);
        tick.map_or_else(String::new, |(_, label)| label.clone())
    }

    /// The positions of the ticks.
    pub(super) fn positions(&self) -> Vec<f64> {
        self.ticks.iter().map(|(at, _)| *at).collect()
    }
}

/// `(low, high)`, or an interval around it where that is empty or too narrow for the precision of a float.
fn widened(low: f64, high: f64) -> (f64, f64) {
    let (low, high) = (low.clamp(-1e150, 1e150), high.clamp(-1e150, 1e150));
    let magnitude = low.abs().max(high.abs());
    if high - low > (1e-9 * magnitude).max(1e-150) {
        return (low, high);
    }
    let half = if magnitude > 1e-150 { 0.1 * magnitude } else { 1.0 };
    (low - half, high + half)
}

/// Multiples of 1, 2, 2.5 or 5 times a power of ten: at least two, and as a rule at most `max_ticks`.
fn linear_ticks((low, high): (f64, f64), max_ticks: usize) -> Vec<(f64, String)> {
    let rough = (high - low) / max_ticks.max(1) as f64;
    let power = 10_f64.powf(rough.log10().floor());
    // The margin takes in ends that are multiples but for their rounding.
    let first = |step: f64| (low / step - 1e-9).ceil() as i64;
    let last = |step: f64| (high / step + 1e-9).floor() as i64;
    let count = |step: f64| last(step) - first(step) + 1;
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0, 20.0, 25.0, 50.0].map(|factor| factor * power);
    let fits = steps.iter().position(|&step| count(step) <= max_ticks as i64).unwrap_or(steps.len() - 1);
    // A single tick gives no scale: better one tick too many than that.
    let step = if count(steps[fits]) < 2 { steps[fits.saturating_sub(1)] } else { steps[fits] };
    let values = (first(step)..=last(step)).map(|k| k as f64 * step);
    values.map(|value| (value.clamp(low, high), label(value, step))).collect()
}

/// Powers of ten, or multiples of 1, 2 and 5 of them where the interval is short.
fn log_ticks((low, high): (f64, f64), max_ticks: usize) -> Vec<(f64, String)> {
    let decades = low.floor() as i32..=high.ceil() as i32;
    let inside = |at: f64| (low..=high).contains(&at);
    for factors in [[1.0, 2.0, 5.0].as_slice(), [1.0, 3.0].as_slice()] {
        let values = decades.clone().flat_map(|k| factors.iter().map(move |factor| factor * 10_f64.powi(k)));
        let values: Vec<_> = values.filter(|value| inside(value.log10())).collect();
        if (2..=max_ticks).contains(&values.len()) {
            return values.into_iter().map(|value| (value.log10(), label(value, value))).collect();
        }
    }
    let whole: Vec<_> = decades.filter(|&k| inside(f64::from(k))).collect();
    if whole.len() < 2 {
        // Less than a decade: round numbers of the linear axis, at their logarithmic places.
        let ticks = linear_ticks((10_f64.powf(low), 10_f64.powf(high)), max_ticks);
        return ticks.into_iter().filter(|(v, _)| *v > 0.0).map(|(v, text)| (v.log10(), text)).collect();
    }
    let stride = whole.len().div_ceil(max_ticks.max(1)) as i32;
    let kept = whole.into_iter().filter(|k| k % stride == 0);
    kept.map(|k| (f64::from(k), label(10_f64.powi(k), 10_f64.powi(k)))).collect()
}

/// Zero and the powers of ten beyond the scale's constant, thinned to `max_ticks`.
fn symlog_ticks((low, high): (f64, f64), c: f64, max_ticks: usize) -> Vec<(f64, String)> {
    let scale = Scale::SymLog(c);
    let first = c.log10().round() as i32;
    let reach = first + low.abs().max(high.abs()).ceil() as i32;
    let side = |sign: f64| (first..=reach).map(move |k| sign * 10_f64.powi(k));
    let inside = |value: &f64| (low..=high).contains(&scale.map(*value));
    let mut values: Vec<f64> = side(-1.0).chain([0.0]).chain(side(1.0)).filter(inside).collect();
    if values.len() > max_ticks {
        let stride = values.len().div_ceil(max_ticks.max(1)) as i32;
        values.retain(|value| *value == 0.0 || (value.abs().log10().round() as i32 - first) % stride == 0);
    }
    values.sort_by(f64::total_cmp);
    values.into_iter().map(|value| (scale.map(value), label(value, value))).collect()
}

/// `value` with as many decimals as a step of `step` needs, or as a power of ten where that would be long.
pub(super) fn label(value: f64, step: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs();
    let step = if step == 0.0 { magnitude } else { step.abs() };
    if magnitude >= 1e6 || step < 0.999e-4 {
        return scientific(value, step);
    }
    let decimals = (-(step.log10() + 1e-9).floor()).max(0.0);
    let is_short = (step * 10_f64.powf(decimals)).fract() > 0.01 && (step * 10_f64.powf(decimals)).fract() < 0.99;
    let decimals = decimals as usize + usize::from(is_short); // steps such as 2.5 need one more
    group(&format!("{value:.decimals$}"))
}

/// `value` as a mantissa times a power of ten, with the digits that a step of `step` needs.
fn scientific(value: f64, step: f64) -> String {
    let exponent = (value.abs().log10() + 1e-9).floor();
    let digits = (exponent - (step.log10() + 1e-9).floor()).clamp(0.0, 6.0) as usize;
    let mantissa = value / 10_f64.powf(exponent);
    let power = format!("10{}", superscript(exponent as i32));
    match group(&format!("{mantissa:.digits$}")).as_str() {
        "1" => power,
        "−1" => format!("−{power}"),
        mantissa => format!("{mantissa}×{power}"),
    }
}

/// A printed number with a true minus sign and thin spaces between thousands (from five digits on).
fn group(printed: &str) -> String {
    let (sign, digits) = printed.strip_prefix('-').map_or(("", printed), |rest| ("−", rest));
    let whole = digits.find('.').unwrap_or(digits.len());
    let mut grouped = sign.to_owned();
    for (index, digit) in digits.char_indices() {
        if whole > 4 && index > 0 && index < whole && (whole - index) % 3 == 0 {
            grouped.push('\u{2009}');
        }
        grouped.push(digit);
    }
    grouped
}

/// An integer in superior figures.
fn superscript(exponent: i32) -> String {
    let figures = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let raised = |c: char| c.to_digit(10).map_or('⁻', |digit| figures[digit as usize]);
    exponent.to_string().chars().map(raised).collect()
}

#[cfg(test)]
#[path = "scale_tests.rs"]
mod tests;
