//! The page's tables.

use std::fmt::Write as _;

use super::{ReportData, escape};
use crate::layout::Size;

/// What the run was.
pub(super) fn summary(data: &ReportData) -> String {
    let (samples, channels) = data.mixture.dim();
    let rate = data
        .known_sample_rate()
        .map_or_else(String::new, |rate| format!(", {} Hz, {} s", number(rate), number(samples as f64 / rate)));
    let extent = match data.grid {
        None => format!("{samples} samples, {channels} channels{rate}"),
        Some(grid) => format!("{channels} images of {}", Size(grid)),
    };
    facts(&[("mixture", &extent), ("sources", &data.sources.ncols().to_string())], &data.summary)
}

/// A key and a value in each row, but the verdict, which stands above.
pub(super) fn facts(first: &[(&str, &str)], others: &[(String, String)]) -> String {
    let mut rows = String::new();
    first.iter().for_each(|(key, value)| row(&mut rows, key, value));
    for (key, value) in others.iter().filter(|(key, _)| !key.eq_ignore_ascii_case("verdict")) {
        row(&mut rows, key, value);
    }
    format!("<div class=\"scroll\"><table class=\"summary\"><tbody>\n{rows}</tbody></table></div>\n")
}

fn row(rows: &mut String, key: &str, value: &str) {
    let value = escape(value);
    let value = if key.eq_ignore_ascii_case("command") { format!("<code>{value}</code>") } else { value };
    // Writing to a string cannot fail.
    let _ = writeln!(rows, "<tr><th scope=\"row\">{}</th><td>{value}</td></tr>", escape(key));
}

/// A row for each source: its share of the variance, its posterior's width if it has one, and its scores.
pub(super) fn sources(data: &ReportData) -> String {
    let mut head = "<th scope=\"col\">source</th><th scope=\"col\" class=\"number\">explained variance</th>".to_owned();
    if data.std.is_some() {
        head += "<th scope=\"col\" class=\"number\">mean posterior std</th>";
    }
    for (metric, _) in &data.scores {
        let _ = write!(head, "<th scope=\"col\" class=\"number\">{}</th>", escape(metric));
    }
    let count = data.sources.ncols();
    let mut rows = String::new();
    for source in 0..count {
        let share = data.explained.get(source).copied().unwrap_or(f64::NAN);
        let mut cells = cell(&percentage(share));
        if let Some(std) = &data.std {
            let width = std.columns().into_iter().nth(source).and_then(|column| column.mean());
            cells += &cell(&number(width.unwrap_or(f64::NAN)));
        }
        for (_, values) in &data.scores {
            cells += &cell(&number(values.get(source).copied().unwrap_or(f64::NAN)));
        }
        let _ = writeln!(rows, "<tr><th scope=\"row\">source {}</th>{cells}</tr>", source + 1);
    }
    if count > 1 && !data.scores.is_empty() {
        let means = data.scores.iter().map(|(_, values)| cell(&number(mean(values))));
        let means: String = means.collect();
        let blank = if data.std.is_some() { "<td></td><td></td>" } else { "<td></td>" };
        let _ = writeln!(rows, "<tr class=\"mean\"><th scope=\"row\">mean</th>{blank}{means}</tr>");
    }
    table("Sources, by explained variance.", &head, &rows)
}

/// A row for each restart, the best one marked; nothing for a single restart or none.
pub(super) fn restarts(data: &ReportData) -> Option<String> {
    if data.restarts.len() < 2 {
        return None;
    }
    let losses = data.restarts.iter().map(|(_, loss)| *loss).filter(|loss| loss.is_finite());
    let best = losses.fold(f64::INFINITY, f64::min);
    let mut rows = String::new();
    for (restart, loss) in &data.restarts {
        let (class, mark) = if *loss == best { (" class=\"best\"", "best") } else { ("", "") };
        let above = number(loss - best);
        let _ = writeln!(
            rows,
            "<tr{class}><th scope=\"row\">{}</th>{}{}<td>{mark}</td></tr>",
            restart + 1,
            cell(&number(*loss)),
            cell(&above)
        );
    }
    let head = "<th scope=\"col\">restart</th><th scope=\"col\" class=\"number\">final loss</th>\
                <th scope=\"col\" class=\"number\">above the best</th><td></td>";
    Some(table("Final loss of each restart; the lowest is the one shown.", head, &rows))
}

pub(super) fn table(caption: &str, head: &str, rows: &str) -> String {
    format!(
        "<div class=\"scroll\"><table><caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n\
         <tbody>\n{rows}</tbody></table></div>\n"
    )
}

pub(super) fn cell(content: &str) -> String {
    format!("<td class=\"number\">{content}</td>")
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

pub(super) fn percentage(share: f64) -> String {
    if share.is_finite() { format!("{:.1} %", 100.0 * share).replace('-', "−") } else { "n/a".to_owned() }
}

/// Four significant digits, or `n/a` for what is not a number.
pub(super) fn number(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() {
            "n/a".to_owned()
        } else {
            value.to_string().replace("inf", "∞").replace('-', "−")
        };
    }
    let size = value.abs();
    let printed = if size == 0.0 {
        "0".to_owned()
    } else if !(1e-4..1e6).contains(&size) {
        format!("{value:.3e}")
    } else {
        let decimals = (3 - size.log10().floor() as i32).max(0) as usize;
        let fixed = format!("{value:.decimals$}");
        if fixed.contains('.') { fixed.trim_end_matches('0').trim_end_matches('.').to_owned() } else { fixed }
    };
    printed.replace('-', "−")
}
