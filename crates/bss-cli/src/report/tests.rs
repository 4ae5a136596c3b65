//! The report over many kinds of data: what is written is well-formed, small, and complete.

use std::fs;
use std::path::Path;

use bss_data::{Grid, Traversal};
use ndarray::Array2;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::{ReportData, Traces, escape, tables, write_report};

fn noise(shape: (usize, usize), seed: u64) -> Array2<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    Array2::from_shape_simple_fn(shape, || StandardNormal.sample(&mut rng))
}

/// A report on `channels` channels and `sources` sources with everything that a report may have.
fn full(samples: usize, channels: usize, sources: usize) -> ReportData {
    let logged = 200_usize;
    let course = |level: f64| -> Vec<f64> { (0..logged).map(|t| level + 50.0 / (1.0 + t as f64)).collect() };
    let each = |level: f64| -> Vec<Vec<f64>> { (0..sources).map(|k| course(level + k as f64)).collect() };
    ReportData {
        title: "A <test> & more".to_owned(),
        sample_rate: Some(250.0),
        grid: None,
        mixture: noise((samples, channels), 1),
        channel_names: (0..channels).map(|channel| format!("electrode {channel} <\u{1}&>")).collect(),
        sources: noise((samples, sources), 2),
        std: Some(noise((samples, sources), 3).mapv(|value| 0.1 * value.abs())),
        mixing: Some(noise((channels, sources), 4)),
        explained: (0..sources).map(|k| 0.5_f64.powi(k as i32 + 1)).collect(),
        reference: Some(noise((samples, sources), 5)),
        scores: vec![("correlation".to_owned(), vec![0.987_65; sources]), ("sdr_db".to_owned(), vec![21.5; sources])],
        traces: Traces {
            iteration: (0..logged as u64).map(|t| 25 * t).collect(),
            loss: course(-5.0),
            reconstruction: course(0.0),
            kl: course(-3.0),
            posterior_variance: each(0.01),
            ar_coefficient: vec![each(0.2), each(-0.3), each(0.05)],
            innovation_scale: each(0.5),
            correlation: course(0.9),
            best_correlation: each(0.9),
            beta: course(0.02),
            learning_rate: course(0.001),
        },
        restarts: vec![(0, -4.5), (1, -4.75), (2, f64::NAN)],
        summary: vec![
            ("model".to_owned(), "ar-flow".to_owned()),
            ("verdict".to_owned(), "converged".to_owned()),
            ("command".to_owned(), "bss fit x.csv --set a=\"<b>\"".to_owned()),
        ],
        warnings: vec!["channel 3 is <nearly> constant".to_owned()],
    }
}

/// Writes the report of `data` and checks what holds for every report.
fn check(data: &ReportData, figures: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let index = write_report(data, folder.path()).unwrap();
    let html = without_pixels(&fs::read_to_string(&index).unwrap());
    for name in figures {
        check_figure(folder.path(), name);
        assert!(html.contains(&format!("{name}.svg")), "{name} is not on the page");
    }
    let written = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(written, 2 * figures.len() + 1, "each figure twice, and the page");
    assert!(!html.contains("NaN") && !html.contains("http"), "no missing numbers, nothing to load");
    assert!(!html.contains("<script"), "no script");
    // Apart from its head, the page is well-formed XML too.
    let main = &html[html.find("<main>").unwrap()..html.find("</main>").unwrap() + "</main>".len()];
    resvg::usvg::roxmltree::Document::parse(main).unwrap();
    html
}

/// Text without the pixels embedded in it, among which any word may turn up.
fn without_pixels(text: &str) -> String {
    let mut parts = text.split("data:image/png;base64,");
    let first = parts.next().unwrap().to_owned();
    first + &parts.map(|part| &part[part.find('"').unwrap()..]).collect::<String>()
}

fn check_figure(folder: &Path, name: &str) {
    let svg = fs::read_to_string(folder.join(format!("{name}.svg"))).unwrap();
    assert!(svg.len() < 1_000_000, "{name}.svg has {} bytes", svg.len());
    let svg = without_pixels(&svg);
    assert!(!svg.contains("NaN") && !svg.contains("inf,"), "{name}.svg has a point that is not finite");
    let document = resvg::usvg::roxmltree::Document::parse(&svg).unwrap();
    let root = document.root_element();
    let size = |attribute: &str| root.attribute(attribute).unwrap().parse::<u32>().unwrap();
    assert!(root.children().any(|child| child.has_tag_name("title") || child.tag_name().name() == "title"));

    let png = fs::read(folder.join(format!("{name}.png"))).unwrap();
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n", "{name}.png has the signature of a PNG");
    let field = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    assert_eq!((field(16), field(20)), (2 * size("width"), 2 * size("height")), "{name}.png has twice the SVG's size");
}

const ALL: [&str; 5] = ["mixtures", "sources", "sources-detail", "mixing", "training"];

#[test]
fn a_full_report_has_all_figures_and_escapes_all_text() {
    let html = check(&full(2_000, 4, 3), &ALL);
    assert!(html.contains("A &lt;test&gt; &amp; more") && !html.contains("<test>"));
    assert!(html.contains("&lt;nearly&gt;") && html.contains("a=&quot;&lt;b&gt;&quot;"));
    assert!(html.contains("0.9877") && html.contains("21.5") && html.contains("n/a"));
    assert!(html.contains("class=\"best\"><th scope=\"row\">2<"), "the second restart has the lowest loss");
}

#[test]
fn whatever_is_not_known_is_left_out() {
    let data = ReportData {
        sample_rate: None,
        std: None,
        channel_names: Vec::new(),
        mixing: None,
        explained: Vec::new(),
        reference: None,
        scores: Vec::new(),
        traces: Traces::default(),
        restarts: Vec::new(),
        summary: Vec::new(),
        warnings: Vec::new(),
        ..full(300, 2, 2)
    };
    let html = check(&data, &["mixtures", "sources"]);
    assert!(html.contains("channel 2"), "channels without names are numbered");
    assert!(!html.contains("95 %") && html.contains("No band"), "without a std there is no band");
    for section in ["id=\"mixing\"", "id=\"training\"", "id=\"restarts\"", "class=\"warnings\"", "class=\"verdict\""] {
        assert!(!html.contains(section), "{section} has nothing to show");
    }
}

#[test]
fn one_source_is_enough() {
    check(&full(1_300, 1, 1), &ALL);
}

#[test]
fn twelve_sources_stay_small() {
    check(&full(4_000, 12, 12), &ALL);
}

#[test]
fn a_long_recording_with_many_channels_stays_small() {
    let html = check(&full(100_000, 40, 5), &ALL);
    assert!(html.contains("the first 24 of 40"));
}

#[test]
fn hundreds_of_channels_and_sources_stay_small() {
    let mut data = full(1_300, 300, 100);
    data.traces.ar_coefficient = vec![data.traces.innovation_scale.clone(); 10];
    let html = check(&data, &ALL);
    assert!(html.contains("The first 96 channels and 64 sources are shown."));
}

#[test]
fn many_large_images_are_pictures_that_stay_small() {
    let mut data = full(300 * 280, 30, 2);
    data.grid = Some(Grid { height: 300, width: 280, traversal: Traversal::Hilbert });
    let figures = ["mixtures", "sources", "mixing", "training"];
    let html = check(&data, &figures);
    assert!(html.contains("the first 24 of 30; every picture") && html.contains("30 images of 300 by 280 pixels"));
    assert_eq!(html.matches("<image ").count(), 24 + 2 * 3);
    data.std = None;
    data.reference = None;
    data.mixture.column_mut(0).fill(f64::NAN);
    data.sources.column_mut(1).fill(7.0);
    assert_eq!(check(&data, &figures).matches("<image ").count(), 24 + 2);
}

#[test]
fn gaps_constants_and_extremes_are_drawn_without_a_panic() {
    let mut data = full(600, 3, 3);
    data.mixture.column_mut(0).fill(7.0);
    data.mixture.column_mut(1).fill(f64::NAN);
    data.mixture[[5, 2]] = f64::INFINITY;
    data.mixture[[6, 2]] = 1e300;
    data.mixture[[7, 2]] = -1e300;
    data.sources.column_mut(0).fill(0.0);
    data.sources[[10, 1]] = f64::NAN;
    data.std.as_mut().unwrap()[[20, 1]] = f64::INFINITY;
    data.mixing = Some(Array2::zeros((3, 3)));
    data.explained = vec![f64::NAN; 3];
    data.traces.loss = vec![f64::NAN; 200];
    data.traces.posterior_variance[0] = vec![0.0; 200];
    data.traces.beta.truncate(3);
    check(&data, &["mixtures", "sources", "mixing", "training"]);
    check(&full(1, 1, 1), &["mixtures", "sources", "mixing", "training"]);
    check(&ReportData::default(), &[]);
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("taken");
    fs::write(&file, "a file").unwrap();
    let message = format!("{:#}", write_report(&full(10, 1, 1), &file.join("report")).unwrap_err());
    assert!(message.contains("taken"), "{message}");
}

#[test]
fn reports_of_the_same_data_are_the_same() {
    let (first, second) = (full(1_300, 2, 2), full(1_300, 2, 2));
    assert_eq!(check(&first, &ALL), check(&second, &ALL));
}

#[test]
fn numbers_have_four_digits_and_text_is_escaped() {
    let printed =
        [0.0, 1.0, -2.5, 0.123_456, 1_234.56, 123_456.7, 2e-7, f64::NAN, f64::NEG_INFINITY].map(tables::number);
    assert_eq!(printed, ["0", "1", "−2.5", "0.1235", "1235", "123457", "2.000e−7", "n/a", "−∞"]);
    assert_eq!(escape("<a href='x'>&\u{8}\"</a>"), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;&lt;/a&gt;");
}
