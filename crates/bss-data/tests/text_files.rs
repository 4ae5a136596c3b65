//! Tables as people and programs write them, and the messages about what is wrong with them.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail where they stand")]

use bss_data::{Array, Delimiter, Error, Location, ReadOptions, Result, inspect, read};
use ndarray::{ArrayD, arr2};

/// Reads a file called `a.csv` of these bytes, with some columns selected.
fn table(bytes: &[u8], columns: Option<&str>) -> Result<Array> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    std::fs::write(&path, bytes).unwrap();
    let columns = columns.map(|columns| columns.parse().unwrap());
    read(&Location::from(&path), &ReadOptions { columns })
}

#[test]
fn tables_as_they_come() {
    let expected: ArrayD<f64> = arr2(&[[1.5, -2.0], [3.0, 4e3]]).into_dyn();
    for text in [
        "1.5,-2\n3,4e3\n",
        "1.5,-2\n3,4e3",
        "1.5,-2\r\n3,4e3\r\n",
        "\u{feff}a,b\n1.5,-2\n3,4e3\n",
        "# made by hand\n1.5, -2\n\n3, 4e3\n\n",
        "% from Matlab\n1.5 -2\n3 4e3\n",
        "time (s) voltage (mV)\n1.5 -2\n3 4e3\n",
        "\"a, first\",\"b\"\n\"1.5\",\"-2\"\n3,4e3\n",
        "1,5;-2\n3;4e3\n",
        "a;b;\n1,5;-2;\n3;4e3;\n",
        "1.5\t-2\n3\t4e3\n",
        "  1.5   -2\n  3.0\t4e3\n",
    ] {
        let rows = table(text.as_bytes(), None).unwrap_or_else(|error| panic!("{text:?}: {error}")).values;
        assert_eq!(rows, expected, "{text:?}");
    }
}

#[test]
fn missing_values_are_not_a_number() {
    let rows = table(b"1,,3\nNaN,inf,-Infinity\nNA,null,0\n", None).unwrap().values;
    let nan: Vec<bool> = rows.iter().map(|value| value.is_nan()).collect();
    assert_eq!(nan, [false, true, false, true, false, false, true, true, false]);
    assert_eq!(rows[[1, 1]], f64::INFINITY);
    assert_eq!(rows[[1, 2]], f64::NEG_INFINITY);
}

#[test]
fn a_single_column_and_a_single_row_are_matrices() {
    assert_eq!(table(b"1\n2\n3\n", None).unwrap().values.shape(), [3, 1]);
    assert_eq!(table(b"1,2,3\n", None).unwrap().values.shape(), [1, 3]);
    assert_eq!(table(b"1,2,3\n", Some("1")).unwrap().values.shape(), [1, 1]);
}

#[test]
fn only_selected_columns_must_be_numbers() {
    let text = b"when,left,right\n2020-01-01 00:00,1,2\n2020-01-01 00:01,3,4\n";
    assert_eq!(table(text, Some("1-2")).unwrap().values, arr2(&[[1., 2.], [3., 4.]]).into_dyn());
    let error = table(text, None).unwrap_err();
    assert!(
        matches!(&error, Error::UnparsableCell { line: 2, column: 0, text, .. } if text == "2020-01-01 00:00"),
        "{error}"
    );
    let error = table(text, Some("1-3")).unwrap_err();
    assert!(matches!(error, Error::ColumnOutOfRange { column: 3, width: 3, .. }), "{error}");
}

#[test]
fn the_line_at_fault_is_named() {
    let error = table(b"# comment\na,b\n\n1,2\n3\n", None).unwrap_err();
    assert!(matches!(error, Error::RaggedRow { line: 5, expected: 2, found: 1, .. }), "{error}");
    let error = table(b"1 2\n3 4 5\n", None).unwrap_err();
    assert!(matches!(error, Error::RaggedRow { line: 2, expected: 2, found: 3, .. }), "{error}");
    let error = table(b"1,2\n3,4..5\n", None).unwrap_err();
    assert!(matches!(&error, Error::UnparsableCell { line: 2, column: 1, text, .. } if text == "4..5"), "{error}");
    let long = format!("1,2\n3,{}\n", "x".repeat(1000));
    assert!(table(long.as_bytes(), None).unwrap_err().to_string().len() < 300);
}

#[test]
fn files_without_numbers_are_named_so() {
    for bytes in [&b""[..], b"\n\n", b"# nothing\n", b"a,b,c\n"] {
        let error = table(bytes, None).unwrap_err();
        assert!(matches!(error, Error::Empty { .. }), "{bytes:?}: {error}");
    }
    let utf16: Vec<u8> = "1,2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let error = table(&utf16, None).unwrap_err().to_string();
    assert!(error.contains("save it as UTF-8"), "{error}");
}

#[test]
fn names_in_other_encodings_do_not_matter() {
    let rows = table(b"\xb5V,mV\n1,2\n", None).unwrap().values;
    assert_eq!(rows, arr2(&[[1., 2.]]).into_dyn());
}

#[test]
fn the_layout_found_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tsv");
    std::fs::write(&path, "time\tleft\n0\t1\n").unwrap();
    let layout = inspect(&path).unwrap().remove(0).text.unwrap();
    assert_eq!(layout.delimiter, Delimiter::Tab);
    assert_eq!(layout.header, Some(vec!["time".to_owned(), "left".to_owned()]));
}
