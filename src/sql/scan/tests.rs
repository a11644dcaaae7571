use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

const KINDS: [Kind; 6] = [Kind::Long, Kind::Text, Kind::Text, Kind::Int, Kind::Double, Kind::Bool];

/// The rows of a scanner as JSON values, numbers as texts so that none is rounded.
fn rows(scanner: &mut Scanner) -> Vec<Vec<Value>> {
    let (rows, columns) = scanner.take();
    let cell = |column: &Column, row: usize| {
        if column.is_null(row) {
            return Value::Null;
        }
        match column.kind() {
            Kind::Long => column.longs()[row].to_string().into(),
            Kind::Int => column.ints()[row].to_string().into(),
            Kind::Double => column.doubles()[row].to_bits().to_string().into(),
            Kind::Bool => (column.bools()[row] == 1).into(),
            Kind::Text => column.text(row).unwrap().into(),
        }
    };
    (0..rows).map(|row| columns.iter().map(|column| cell(column, row)).collect()).collect()
}

fn scanned(kinds: &[Kind], text: &str, cut: usize) -> Result<Vec<Vec<Value>>> {
    let mut scanner = Scanner::new(kinds);
    let mut all = Vec::new();
    for piece in text.as_bytes().chunks(cut.max(1)) {
        if scanner.push(piece)? > 2 {
            all.extend(rows(&mut scanner));
        }
    }
    scanner.finish()?;
    all.extend(rows(&mut scanner));
    Ok(all)
}

#[test]
fn n16_cells_come_without_loss_wherever_the_reads_end() {
    let text = r#" [ ["-9223372036854775808","a\"\\\n\u00e9\ud83d\ude00","é😀","2147483647","0.1","true"] ,
        [null , null,null,null,null,null],["9223372036854775807","","/\/","-0","-1e-7","false"],
        [7,"x","eight...","8",1.5,true],["12","'; DROP","01234567890123456789","3","NaN","TRUE"] ] "#;
    let expected = |value: f64| value.to_bits().to_string();
    let wanted = vec![
        vec![
            json!("-9223372036854775808"),
            json!("a\"\\\né😀"),
            json!("é😀"),
            json!("2147483647"),
            json!(expected(0.1)),
            json!(true),
        ],
        vec![Value::Null; 6],
        vec![json!("9223372036854775807"), json!(""), json!("//"), json!("0"), json!(expected(-1e-7)), json!(false)],
        vec![json!("7"), json!("x"), json!("eight..."), json!("8"), json!(expected(1.5)), json!(true)],
        vec![
            json!("12"),
            json!("'; DROP"),
            json!("01234567890123456789"),
            json!("3"),
            json!(expected(f64::NAN)),
            json!(true),
        ],
    ];
    for cut in 1..text.len() {
        assert_eq!(scanned(&KINDS, text, cut).unwrap(), wanted, "cut by {cut}");
    }
}

#[test]
fn what_is_no_result_is_an_error_that_names_its_place() {
    for (text, word) in [
        ("{}", "comma or a bracket"),
        ("[[\"1\"]", "middle"),
        ("[[\"1\"]]x", "follows"),
        ("[[\"1\"],]", "comma or a bracket"),
        ("[[\"1\",\"2\"]]", "more cells"),
        ("[[]]", "column 1"),
        ("[[\"x\"]]", "row 1, column 1, the value is no whole number"),
        ("[[\"1\"],[\"9223372036854775808\"]]", "row 2, column 1"),
        ("[[\"1.0\"]]", "no whole number"),
        ("[[nul]]", "neither a text nor null"),
        ("[[[1]]]", "neither a text nor null"),
        ("", "middle"),
    ] {
        for cut in [1, 3, 100] {
            let error = scanned(&[Kind::Long], text, cut).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode);
            assert!(error.message().contains(word), "{text}: {error}");
        }
    }
    for text in ["[[\"\\x\"]]", "[[\"\\u12\"]]", "[[\"a\nb\"]]"] {
        assert!(scanned(&[Kind::Text], text, 100).is_err(), "{text}");
    }
    let mut scanner = Scanner::new(&[Kind::Text]);
    assert!(scanner.push(b"[[\"\xff\"]]").is_err());
    assert!(scanned(&[Kind::Int], "[[\"2147483648\"]]", 9).is_err());
    assert!(scanned(&[Kind::Double], "[[\"0x10\"]]", 9).is_err());
    assert!(scanned(&[Kind::Bool], "[[\"yes\"]]", 9).is_err());
}

#[test]
fn a_long_cell_is_not_looked_at_for_every_read() {
    let text = format!("[[\"{}\"],[\"b\"]]", "x".repeat(3 << 20));
    let found = scanned(&[Kind::Text], &text, 64 * 1024).unwrap();
    assert_eq!((found.len(), found[0][0].as_str().map(str::len)), (2, Some(3 << 20)));
}

#[test]
fn chunks_follow_one_another_and_empty_ones_do_too() {
    let mut scanner = Scanner::new(&[Kind::Long]);
    for (text, total) in [("[[\"1\"]]", 1), ("[]", 1), ("[[\"2\"],[\"3\"]]", 3)] {
        scanner.push(text.as_bytes()).unwrap();
        scanner.finish().unwrap();
        assert_eq!(scanner.total(), total);
    }
    assert_eq!(rows(&mut scanner).len(), 3);
    assert_eq!(scanner.total(), 3);
}

#[test]
fn ends_count_in_the_units_of_javascript() {
    let mut scanner = Scanner::new(&[Kind::Text]);
    scanner.push("[[\"aé\"],[\"😀\"],[null],[\"z\"]]".as_bytes()).unwrap();
    let (_, columns) = scanner.take();
    assert_eq!(columns[0].texts().1, [2, 4, 4, 5]);
    assert_eq!((columns[0].null_count(), columns[0].nulls()), (1, &[4][..]));
}

type Cells = (i64, String, String, i32, f64, bool);

fn cells() -> impl Strategy<Value = Vec<Option<Cells>>> {
    let row = (any::<i64>(), any::<String>(), "[ -~]{0,20}", any::<i32>(), any::<f64>(), any::<bool>());
    prop::collection::vec(prop::option::weighted(0.9, row), 0..20)
}

proptest! {
    #[test]
    fn n16_rows_read_back_as_serde_json_reads_them(list in cells(), cut in 1_usize..200, pretty: bool) {
        let list: Vec<_> = list.into_iter().map(|row| row.filter(|row| row.4.is_finite())).collect();
        let value: Value = list.iter().map(|row| match row {
            None => json!([null, null, null, null, null, null]),
            Some((a, b, c, d, e, f)) => json!([a.to_string(), b, c, d.to_string(), e.to_string(), f.to_string()]),
        }).collect();
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let wanted: Vec<Vec<Value>> = list.iter().map(|row| match row {
            None => vec![Value::Null; 6],
            Some((a, b, c, d, e, f)) => vec![json!(a.to_string()), json!(b), json!(c), json!(d.to_string()), json!(e.to_bits().to_string()), json!(f)],
        }).collect();
        prop_assert_eq!(scanned(&KINDS, &text, cut).unwrap(), wanted);
    }

    #[test]
    fn strange_bytes_never_panic(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..6), text in r#"[\[\],"\\nul1.e -]{0,60}"#) {
        for kind in [Kind::Long, Kind::Text, Kind::Double, Kind::Bool] {
            let mut scanner = Scanner::new(&[kind, kind]);
            let _ = scanner.push(text.as_bytes());
            let mut scanner = Scanner::new(&[kind]);
            for piece in &pieces {
                let _ = scanner.push(piece);
            }
            let _ = (scanner.finish(), scanner.take());
        }
    }
}
