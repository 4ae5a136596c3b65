//! One measurement, as a line of JSON or of a table.

use std::fmt::Write as _;

use serde_json::{Value, json};

/// One of our times, with one of a peer's beside it where there is one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) case: &'static str,
    /// Sources.
    pub(super) n: usize,
    /// Hidden units of the prior, or of a network's widest layer.
    pub(super) hidden: usize,
    /// Samples, or the values of an example.
    pub(super) length: usize,
    /// Restarts, or examples.
    pub(super) batch: usize,
    pub(super) threads: usize,
    pub(super) ms: f64,
    pub(super) peer: Option<PeerTime>,
}

/// What a peer took for the same.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PeerTime {
    pub(super) name: String,
    pub(super) ms: f64,
}

impl Row {
    /// How many times longer the peer takes.
    fn ratio(&self) -> Option<f64> {
        self.peer.as_ref().map(|peer| peer.ms / self.ms)
    }

    /// One object, its keys in the order in which they are read.
    pub(super) fn json(&self) -> String {
        let peer = self.peer.as_ref();
        let fields: [(&str, Value); 10] = [
            ("case", json!(self.case)),
            ("n", json!(self.n)),
            ("hidden", json!(self.hidden)),
            ("length", json!(self.length)),
            ("batch", json!(self.batch)),
            ("threads", json!(self.threads)),
            ("ms", json!(self.ms)),
            ("peer", json!(peer.map(|peer| peer.name.as_str()))),
            ("peer_ms", json!(peer.map(|peer| peer.ms))),
            ("ratio", json!(self.ratio())),
        ];
        let fields: Vec<String> = fields.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        format!("{{{}}}", fields.join(","))
    }

    fn cells(&self) -> [String; 10] {
        let peer = self.peer.as_ref();
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        [
            self.case.to_owned(),
            self.n.to_string(),
            self.hidden.to_string(),
            self.length.to_string(),
            self.batch.to_string(),
            self.threads.to_string(),
            milliseconds(self.ms),
            or_dash(peer.map(|peer| milliseconds(peer.ms))),
            or_dash(self.ratio().map(|ratio| format!("{ratio:.2}"))),
            or_dash(peer.map(|peer| peer.name.clone())),
        ]
    }
}

/// The result: lines of JSON as they come, or a table at the end.
#[derive(Debug)]
pub(super) struct Rows {
    json: bool,
    rows: Vec<Row>,
}

impl Rows {
    /// None yet.
    pub(super) fn new(json: bool) -> Self {
        Self { json, rows: Vec::new() }
    }

    /// Takes a row, and prints it where lines of JSON are wanted.
    pub(super) fn add(&mut self, row: Row) {
        if self.json {
            println!("{}", row.json());
        }
        self.rows.push(row);
    }

    /// Prints the table where one is wanted.
    pub(super) fn finish(&self) {
        if !self.json {
            print!("{}{}", table(&self.rows), gains(&self.rows));
        }
    }
}

const HEAD: [&str; 10] = ["case", "n", "hidden", "length", "batch", "threads", "ms", "peer ms", "peer ms / ms", "peer"];

fn table(rows: &[Row]) -> String {
    let lines: Vec<[String; 10]> =
        std::iter::once(HEAD.map(str::to_owned)).chain(rows.iter().map(Row::cells)).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].len()).max().unwrap_or(0);
    let widths: [usize; 10] = std::array::from_fn(width);
    let mut text = String::new();
    for line in &lines {
        let (first, last) = (&line[0], &line[9]);
        let numbers: Vec<String> =
            line[1..9].iter().zip(&widths[1..9]).map(|(cell, width)| format!("{cell:>width$}")).collect();
        let _ = writeln!(text, "{first:<width$}  {}  {last}", numbers.join("  "), width = widths[0]);
    }
    text
}

/// What all threads gain over one, a line for each case that was measured with both.
fn gains(rows: &[Row]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for one in rows.iter().filter(|row| row.threads == 1) {
        let same = |row: &&Row| row.threads > 1 && (row.case, row.batch) == (one.case, one.batch);
        if let Some(all) = rows.iter().find(same) {
            let (case, batch, threads, gain) = (one.case, one.batch, all.threads, one.ms / all.ms);
            lines.push(format!("{case} (batch {batch}): {threads} threads are {gain:.2} times as fast as one\n"));
        }
    }
    if lines.is_empty() { String::new() } else { format!("\n{}", lines.concat()) }
}

/// Four digits that count, for anything from a microsecond to hours.
fn milliseconds(ms: f64) -> String {
    let whole_digits = if ms >= 1.0 { ms.log10().floor() as usize + 1 } else { 1 };
    format!("{ms:.*}", 4usize.saturating_sub(whole_digits).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(threads: usize, ms: f64, peer: Option<PeerTime>) -> Row {
        Row { case: "small", n: 3, hidden: 8, length: 1000, batch: 1, threads, ms, peer }
    }

    #[test]
    fn a_line_has_exactly_these_keys() {
        assert_eq!(
            row(2, 0.5, Some(PeerTime { name: "jax unroll 8".to_owned(), ms: 2.0 })).json(),
            r#"{"case":"small","n":3,"hidden":8,"length":1000,"batch":1,"threads":2,"ms":0.5,"peer":"jax unroll 8","peer_ms":2.0,"ratio":4.0}"#
        );
        assert_eq!(
            row(1, 0.5, None).json(),
            r#"{"case":"small","n":3,"hidden":8,"length":1000,"batch":1,"threads":1,"ms":0.5,"peer":null,"peer_ms":null,"ratio":null}"#
        );
    }

    #[test]
    fn the_table_is_aligned_and_tells_what_threads_gain() {
        let peer = PeerTime { name: "torch".to_owned(), ms: 120.0 };
        let rows = [row(1, 3.0, None), row(2, 1.5, Some(peer.clone())), row(2, 1.5, Some(peer))];
        let expected = "\
case   n  hidden  length  batch  threads     ms  peer ms  peer ms / ms  peer
small  3       8    1000      1        1  3.000        -             -  -
small  3       8    1000      1        2  1.500    120.0         80.00  torch
small  3       8    1000      1        2  1.500    120.0         80.00  torch
";
        assert_eq!(table(&rows), expected);
        assert_eq!(gains(&rows), "\nsmall (batch 1): 2 threads are 2.00 times as fast as one\n");
        assert_eq!(gains(&rows[1..]), "");
    }

    #[test]
    fn times_keep_four_digits() {
        let shown = [0.0123, 1.2345, 12.345, 1234.5, 54321.0].map(milliseconds);
        assert_eq!(shown, ["0.012", "1.234", "12.35", "1234.5", "54321.0"]);
    }
}
