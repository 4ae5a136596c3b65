//! The figures of reports and of `count`, each drawn once as a vector graphic and rasterised from that same drawing.
//!
//! | figure | shows |
//! | --- | --- |
//! | `mixtures` | every channel as it was recorded |
//! | `sources` | the recovered sources with their 95 % bands and, where known, the truth |
//! | `sources-detail` | a short window of the same, in which the bands can be seen |
//! | `mixing` | the mixing matrix as a heat map |
//! | `training` | losses, posterior variances, prior parameters and, with a truth, correlations over the iterations |
//! | `examples` | mixtures of a dataset, the truth where it is known, and each estimate; of sound, spectrograms |
//! | `psnr`, `si-sdr` | how a score is distributed over the examples of a dataset whose truth is known |
//! | `count` | scores of models of different numbers of sources, and the scree |
//!
//! Of images, `mixtures` and `sources` are pictures, and there is no detail.
//!
//! Long recordings are drawn as min/max envelopes, so files stay small and no peak is lost.

mod canvas;
mod count;
mod envelope;
mod examples;
mod histogram;
mod mixing;
mod mixtures;
mod palette;
mod panel;
mod pictures;
mod raster;
mod scale;
mod sources;
mod stack;
mod training;

use anyhow::Result;

pub(crate) use count::CountData;

use crate::report::{ExamplesReport, ReportData};

/// A finished drawing.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    /// The file's name without its extension.
    pub(crate) name: &'static str,
    /// What the figure shows, in one sentence: its caption and its text for screen readers.
    pub(crate) title: String,
    /// Width and height in CSS pixels.
    pub(crate) size: (u32, u32),
    /// The SVG elements, without the root element around them.
    body: String,
}

impl Figure {
    /// The figure as an SVG file of its own.
    pub(crate) fn document(&self) -> String {
        let (width, height) = self.size;
        self.with_root(&format!(r#"xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}""#))
    }

    /// The figure as an element for an HTML page, as wide as its container allows.
    pub(crate) fn inline(&self) -> String {
        self.with_root(&format!(r#"style="max-width:{}px""#, self.size.0))
    }

    /// The figure as a PNG file, at twice the size in CSS pixels.
    ///
    /// # Errors
    /// If the drawing cannot be parsed or encoded, which would be a defect of this module.
    pub(crate) fn png(&self) -> Result<Vec<u8>> {
        raster::png(&self.document())
    }

    fn with_root(&self, attributes: &str) -> String {
        let (width, height) = self.size;
        let (view_width, view_height) = (width * canvas::UNITS, height * canvas::UNITS);
        // Round joins keep thin, jagged traces from growing spikes at their corners.
        format!(
            "<svg {attributes} viewBox=\"0 0 {view_width} {view_height}\" role=\"img\" \
             stroke-linejoin=\"round\"><title>{}</title>\n{}</svg>",
            crate::report::escape(&self.title),
            self.body
        )
    }
}

/// Draws every figure for which `data` has something to show, in the order of the report.
///
/// # Errors
/// If a drawing fails, which would be a defect of this module.
pub(crate) fn draw_all(data: &ReportData) -> Result<Vec<Figure>> {
    let shown = match data.grid {
        None => vec![mixtures::draw(data)?, sources::draw(data)?, sources::draw_detail(data)?],
        Some(grid) => vec![pictures::mixtures(data, grid)?, pictures::sources(data, grid)?],
    };
    let figures = shown.into_iter().chain([mixing::draw(data)?, training::draw(&data.traces)?]);
    Ok(figures.flatten().collect())
}

/// Draws the figures of a dataset.
///
/// # Errors
/// As [`draw_all`].
pub(crate) fn draw_examples(data: &ExamplesReport) -> Result<Vec<Figure>> {
    Ok([examples::draw(data)?, histogram::draw(data)?, training::draw(&data.traces)?].into_iter().flatten().collect())
}

/// Draws the comparison of numbers of sources.
///
/// # Errors
/// As [`draw_all`].
pub(crate) fn draw_count(data: &CountData) -> Result<Figure> {
    count::draw(data)
}
