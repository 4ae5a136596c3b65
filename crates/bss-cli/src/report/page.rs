//! The page `index.html`: figures and tables in one file, with no script and nothing to load.

use std::fmt::Write as _;

use super::{ReportData, escape, tables};
use crate::figures::Figure;

/// The style sheet: plain, printable, and at ease on dark screens.
const CSS: &str = include_str!("style.css");

/// The whole page.
pub(super) fn html(data: &ReportData, figures: &[Figure]) -> String {
    let shown = |names: &[&str]| shown(figures, names);
    let sections = [
        ("summary", "Summary", tables::summary(data)),
        ("mixture", "Mixture", shown(&["mixtures"])),
        ("sources", "Sources", shown(&["sources", "sources-detail"]) + &tables::sources(data)),
        ("mixing", "Mixing matrix", shown(&["mixing"])),
        ("training", "Training", shown(&["training"])),
        ("restarts", "Restarts", tables::restarts(data).unwrap_or_default()),
        ("reading", "How to read this", how_to_read(data)),
    ];
    document(&data.title, &data.summary, &data.warnings, &sections)
}

/// The figures of these names.
pub(super) fn shown(figures: &[Figure], names: &[&str]) -> String {
    figures.iter().filter(|figure| names.contains(&figure.name)).map(figure_element).collect()
}

/// A page of sections (id, heading, content), of which empty ones are left out.
pub(super) fn document(
    title: &str,
    summary: &[(String, String)],
    warned: &[String],
    sections: &[(&str, &str, String)],
) -> String {
    let title = escape(if title.trim().is_empty() { "Blind source separation" } else { title });
    let mut body = format!("<header><h1>{title}</h1>\n{}{}</header>\n", verdict(summary), warnings(warned));
    for (id, heading, content) in sections.iter().filter(|(_, _, content)| !content.is_empty()) {
        // Writing to a string cannot fail.
        let _ = writeln!(body, "<section id=\"{id}\">\n<h2>{heading}</h2>\n{content}</section>");
    }
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{CSS}</style>\n</head>\n<body>\n<main>\n{body}</main>\n\
         <footer>Written by bss {}.</footer>\n</body>\n</html>\n",
        env!("CARGO_PKG_VERSION")
    )
}

fn figure_element(figure: &Figure) -> String {
    let name = figure.name;
    format!(
        "<figure>\n{}\n<figcaption>{} <a href=\"{name}.svg\">SVG</a>, <a href=\"{name}.png\">PNG</a></figcaption>\n\
         </figure>\n",
        figure.inline(),
        escape(&figure.title)
    )
}

fn verdict(summary: &[(String, String)]) -> String {
    let verdict = summary.iter().find(|(key, _)| key.eq_ignore_ascii_case("verdict"));
    verdict.map_or_else(String::new, |(_, value)| format!("<p class=\"verdict\">{}</p>\n", escape(value)))
}

fn warnings(warned: &[String]) -> String {
    if warned.is_empty() {
        return String::new();
    }
    let items: Vec<_> = warned.iter().map(|warning| format!("<li>{}</li>\n", escape(warning))).collect();
    let items = items.concat();
    format!("<aside class=\"warnings\"><p>Warnings</p>\n<ul>\n{items}</ul></aside>\n")
}

fn how_to_read(data: &ReportData) -> String {
    let band = if data.std.is_some() && data.grid.is_some() {
        (
            "Standard deviation",
            "How sure the model is of each pixel of a source, given the model and its noise. It does not cover the choice \
             of the model, a poor local optimum, or a wrong number of sources.",
        )
    } else if data.std.is_some() {
        (
            "Band",
            "The shaded band is the estimate ± 1.96 standard deviations: what of the other sources may be left, \
             and the noise of the sensors, given the model. It does not cover the choice of the model or a poor \
             local optimum. A wrong demixing errs alike in all samples: on one recording a source is covered \
             nearly everywhere, or in far fewer places than 95 %. Where the encoder is not linear, the band is that \
             of the factorised posterior, which knows nothing of a wrong demixing and is often too narrow.",
        )
    } else {
        ("No band", "This method gives one estimate of the sources and does not say how sure it is of them.")
    };
    let mut entries = vec![
        (
            "Order, sign and scale",
            "A mixture does not tell in which order its sources come, nor their sign and scale. By convention \
             sources are ordered by the share of the mixture's variance that they explain, the largest first; \
             each has unit variance, and its sign makes the entry of largest magnitude in its column of the \
             mixing matrix positive.",
        ),
        band,
        (
            "Explained variance",
            "The share of the mixture's variance that a source accounts for through its column of the mixing \
             matrix. Shares need not add up to 100 %: what is left is noise, and sources that are correlated \
             over the recording share some, or cancel some, of what each explains.",
        ),
    ];
    if data.mixing.is_some() {
        entries.push((
            "Mixing matrix",
            "Each row is a channel and each column a source; red adds the source to the channel and blue \
             subtracts it. Sources have unit variance, so entries of one row compare directly.",
        ));
    }
    if data.reference.is_some() {
        entries.push((
            "Truth and scores",
            if data.grid.is_some() {
                "The true sources were matched to the recovered ones by the assignment and signs that fit best, and \
                 stand beside them. They were not used for the separation."
            } else {
                "The true sources were matched to the recovered ones by the assignment and signs that fit best, and \
                 are drawn in black below them, so that black shows where the two differ. They were not used for the \
                 separation."
            },
        ));
    }
    if !data.traces.iteration.is_empty() {
        entries.push((
            "Training",
            "Curves that are flat at the end speak for convergence. A posterior variance near that of the prior \
             means that the source went unused; sources whose prior parameters coincide cannot be told apart by \
             the prior.",
        ));
    }
    if !data.traces.correlation.is_empty() {
        entries.push((
            "Correlation along the training",
            "Computed for this report, from the logged demixing matrices: the training never saw the truth. The mean is \
             that of the best one-to-one matching at each time. The other panel shows for each true source the \
             correlation of whichever recovered source is nearest to it, in the colour of the one that has it at \
             the end.",
        ));
    }
    definitions(&entries)
}

/// Terms with what they mean.
pub(super) fn definitions(entries: &[(&str, &str)]) -> String {
    let items = entries.iter().map(|(term, text)| format!("<dt>{term}</dt>\n<dd>{text}</dd>\n"));
    format!("<dl>\n{}</dl>\n", items.collect::<String>())
}
