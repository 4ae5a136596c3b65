//! From the vector drawing to a PNG, with the font in the binary: no system font is ever looked at.

use std::sync::{Arc, LazyLock};

use anyhow::{Context as _, Result};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};

use super::canvas::FONT;

/// Device pixels per CSS pixel.
const DENSITY: f32 = 2.0;

static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_font_data(FONT.to_vec());
    fonts.set_sans_serif_family("DejaVu Sans");
    Arc::new(fonts)
});

/// Renders an SVG document as a PNG file.
///
/// # Errors
/// If `svg` is not well-formed, has no area, or cannot be encoded.
pub(super) fn png(svg: &str) -> Result<Vec<u8>> {
    let options = Options { fontdb: Arc::clone(&FONTS), ..Options::default() };
    let tree = Tree::from_str(svg, &options).context("cannot parse the drawing")?;
    let size = tree.size().to_int_size().scale_by(DENSITY).context("the drawing has no area")?;
    let mut pixmap = Pixmap::new(size.width(), size.height()).context("the drawing has no area")?;
    resvg::render(&tree, Transform::from_scale(DENSITY, DENSITY), &mut pixmap.as_mut());
    pixmap.encode_png().context("cannot encode the figure as PNG")
}
