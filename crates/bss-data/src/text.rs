//! Numbers as text: one table, its delimiter and header found by looking.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use ndarray::{ArrayD, IxDyn};

use crate::array::{Array, Dtype};
use crate::atomic::atomically_buffered;
use crate::columns::Columns;
use crate::error::{Error, Result};
use crate::format::Format;
use crate::inspect::Entry;
use crate::location::Location;
use crate::text_layout::{Delimiter, TextLayout, is_skipped};
use crate::write::Named;

/// Reads a table, of which only the cells of the selected columns must be numbers.
///
/// # Shapes
/// (rows, columns); a single row or column is still a matrix.
pub(crate) fn read(at: &Location, columns: Option<&Columns>) -> Result<Array> {
    let wanted = columns.map_or(Wanted::All, Wanted::Columns);
    let table = Table::parse(&content(at)?, wanted, at)?;
    let width = table.values.len() / table.rows.max(1);
    let values = ArrayD::from_shape_vec(IxDyn(&[table.rows, width]), table.values)
        .map_err(|error| Error::corrupt(at, Format::Text, error.to_string()))?;
    Ok(Array::new(values, Dtype::F64, None))
}

/// The table with its layout.
pub(crate) fn entries(at: &Location) -> Result<Vec<Entry>> {
    let table = Table::parse(&content(at)?, Wanted::Nothing, at)?;
    Ok(vec![Entry {
        name: String::new(),
        shape: vec![table.rows, table.width],
        dtype: "text".to_owned(),
        readable: true,
        sample_rate: None,
        text: Some(table.layout),
    }])
}

/// Writes a vector as a column, or a matrix; each number with the fewest digits that give it back.
pub(crate) fn write(path: &Path, array: &Named<'_>, dtype: Dtype) -> Result<()> {
    if array.values.ndim() > 2 {
        return Err(Error::CannotHold {
            path: path.to_owned(),
            format: Format::Text,
            what: format!("an array of shape {:?}", array.values.shape()),
            mend: "write .npy, .npz or .h5",
        });
    }
    let delimiter = match path.extension().map(|extension| extension.to_string_lossy().to_lowercase()).as_deref() {
        Some("csv") => ",",
        Some("tsv") => "\t",
        _ => " ",
    };
    atomically_buffered(path, |file| {
        let width = if array.values.ndim() == 2 { array.values.shape()[1] } else { 1 };
        for (index, &value) in array.values.iter().enumerate() {
            if index % width > 0 {
                file.write_all(delimiter.as_bytes())?;
            }
            // `Debug`, unlike `Display`, writes very large and small numbers with an exponent.
            match dtype {
                Dtype::F32 => write!(file, "{:?}", value as f32)?,
                _ => write!(file, "{value:?}")?,
            }
            if index % width == width - 1 {
                writeln!(file)?;
            }
        }
        io::Result::Ok(())
    })
}

/// The file's text; bytes that are no UTF-8 can only be in names, and are replaced there.
fn content(at: &Location) -> Result<String> {
    let bytes = fs::read(&at.path).map_err(|error| Error::io(&at.path, error))?;
    if bytes.contains(&0) {
        let reason = "it holds binary data; if it is UTF-16, save it as UTF-8";
        return Err(Error::corrupt(at, Format::Text, reason));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    Ok(String::from_utf8_lossy(bytes).into_owned())
}

/// The cells that are turned into numbers.
#[derive(Clone, Copy)]
enum Wanted<'a> {
    Nothing,
    All,
    Columns(&'a Columns),
}

/// What a text holds.
struct Table {
    layout: TextLayout,
    width: usize,
    rows: usize,
    /// The wanted cells, row by row.
    values: Vec<f64>,
}

impl Table {
    fn parse(text: &str, wanted: Wanted<'_>, at: &Location) -> Result<Self> {
        let delimiter = Delimiter::of(text);
        let ends_lines = delimiter.ends_every_line_of(text);
        let mut table = Self { layout: TextLayout { delimiter, header: None }, width: 0, rows: 0, values: Vec::new() };
        let mut indices: Option<Vec<usize>> = None;
        for_each_row(text, delimiter, |line, cells| {
            let cells = match cells {
                [cells @ .., ""] if ends_lines => cells,
                _ => cells,
            };
            if table.width == 0 && delimiter.is_header(cells) {
                table.width = cells.len();
                table.layout.header = Some(cells.iter().map(|&cell| cell.to_owned()).collect());
                return Ok(());
            }
            // Names may hold blanks, so that their number says nothing about the columns'.
            if table.width == 0 || (table.rows == 0 && delimiter == Delimiter::Whitespace) {
                table.width = cells.len();
            }
            if cells.len() != table.width {
                return Err(Error::RaggedRow {
                    path: at.path.clone(),
                    line,
                    expected: table.width,
                    found: cells.len(),
                });
            }
            table.rows += 1;
            let chosen = match (&mut indices, wanted) {
                (Some(indices), _) => indices,
                (None, Wanted::Nothing) => indices.insert(Vec::new()),
                (None, Wanted::All) => indices.insert((0..table.width).collect()),
                (None, Wanted::Columns(columns)) => indices.insert(columns.indices(table.width, at)?),
            };
            for &column in chosen.iter() {
                let number = delimiter.number(cells[column]).ok_or_else(|| Error::UnparsableCell {
                    path: at.path.clone(),
                    line,
                    column,
                    text: cells[column].chars().take(40).collect(),
                })?;
                table.values.push(number);
            }
            Ok(())
        })?;
        Ok(table)
    }
}

/// Visits the rows with their line numbers, from 1, and their trimmed cells.
fn for_each_row(text: &str, delimiter: Delimiter, mut visit: impl FnMut(u64, &[&str]) -> Result<()>) -> Result<()> {
    if delimiter == Delimiter::Whitespace {
        for (line, row) in (1..).zip(text.lines()).filter(|(_, row)| !is_skipped(row)) {
            let cells: Vec<&str> = row.split_whitespace().collect();
            visit(line, &cells)?;
        }
        return Ok(());
    }
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter.sign() as u8)
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).unwrap_or(false) {
        let cells: Vec<&str> = record.iter().collect();
        if cells.len() == 1 && cells[0].is_empty() || matches!(cells[0].chars().next(), Some('#' | '%')) {
            continue;
        }
        visit(record.position().map_or(0, csv::Position::line), &cells)?;
    }
    Ok(())
}
