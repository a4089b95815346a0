//! Values of somebody who means no good, for property tests: words that a shell, Nix, a terminal,
//! a path or a number could be fooled by, and documents with such words in any place.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Number, Value};

/// Each means something to somebody.
const WORDS: &[&str] = &[
    "",
    " ",
    "-",
    "--",
    "-rf",
    "--help",
    "-oProxyCommand=id",
    "'",
    "\"",
    "''",
    "\\",
    "\\'",
    "`id`",
    "$(touch /tmp/provision-was-here)",
    "$HOME",
    "${HOME}",
    "${toString 1}",
    "''${x}",
    "\"; builtins.abort \"x",
    "\\${x}",
    "a\nb",
    "a\r\nb",
    "\n",
    "\r",
    "\t",
    "\0",
    "a\0b",
    "..",
    ".",
    "/",
    "../../etc/passwd",
    "/etc/passwd",
    "~",
    "~root",
    "*",
    "?",
    "[a]",
    "{a,b}",
    "!!",
    "#",
    ";",
    "&",
    "|",
    ">",
    "<",
    "(",
    ")",
    "=",
    "a=b",
    "%",
    "%s%n",
    "%h",
    "%00",
    "%2e%2e",
    "\u{1b}[2J",
    "\u{1b}]0;owned\u{7}",
    "\u{9b}31m",
    "\u{7f}",
    "\u{202e}evil",
    "\u{200b}",
    "\u{feff}",
    "\u{2028}",
    "\u{e0041}",
    "é",
    "磁盘",
    "🙂",
    "null",
    "true",
    "-1",
    "0",
    "1e999",
    "NaN",
    "0x10",
    "99999999999999999999",
    "79228162514264337593543950335",
    "-9223372036854775808",
    "0.0000000000000000000000000001",
    "2001:db8::/0",
    "::/128",
    "255.255.255.255/33",
    "9999-12-31T23:59:59Z",
    "-009999-01-01T00:00:00Z",
    "provision-owner",
    "prov1_a_b_c",
    "w_prov1_ann_r1_web-1_sc",
    "==provision== disks",
    "### x ###",
];

/// A word: one of those that mean something, anything at all, or both together.
pub(crate) fn word() -> impl Strategy<Value = String> {
    let known = || select(WORDS).prop_map(str::to_owned);
    prop_oneof![
        4 => known(),
        2 => any::<String>(),
        2 => "[a-z0-9-]{1,12}",
        2 => (any::<String>(), known(), "[a-z]{0,4}").prop_map(|(a, b, c)| a + &b + &c),
        1 => (known(), 1_usize..4000).prop_map(|(word, times)| word.repeat(times)),
    ]
}

/// A word that can be an argument of a program.
pub(crate) fn argument() -> impl Strategy<Value = String> {
    word()
        .prop_map(|word| word.replace('\0', ""))
        .prop_filter("longer than an argument may be", |word| {
            word.len() < 100_000
        })
}

fn number() -> impl Strategy<Value = Value> {
    let extreme = [0.0, -0.0, 1e308, -1e308, 5e-324, 4_294_967_296.0, -1.0, 0.5];
    prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        select(vec![i64::MIN, -1, 0, 1, i64::MAX]).prop_map(Value::from),
        select(extreme.to_vec())
            .prop_map(|number| Number::from_f64(number).map_or(Value::Null, Value::Number)),
    ]
}

/// Any JSON document.
pub(crate) fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number(),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec((word(), inner), 0..5)
                .prop_map(|pairs| Value::from(pairs.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// What is done to one place of a document.
#[derive(Debug, Clone)]
enum Edit {
    Replace(Value),
    Remove,
    Twice,
    Bury(usize),
}

/// The document with a few places spoilt.
pub(crate) fn spoilt(document: Value) -> impl Strategy<Value = Value> {
    let edit = prop_oneof![
        5 => json().prop_map(Edit::Replace),
        2 => Just(Edit::Remove),
        1 => Just(Edit::Twice),
        1 => (1_usize..200).prop_map(Edit::Bury),
    ];
    vec((any::<Index>(), edit), 1..6).prop_map(move |edits| {
        let mut document = document.clone();
        for (at, edit) in edits {
            let mut left = at.index(places(&document));
            spoil(&mut document, &mut left, &edit);
        }
        document
    })
}

fn places(value: &Value) -> usize {
    1 + match value {
        Value::Array(all) => all.iter().map(places).sum(),
        Value::Object(all) => all.values().map(places).sum(),
        _ => 0,
    }
}

/// Whether the place was in here; else it is so many fewer places away.
fn spoil(value: &mut Value, left: &mut usize, edit: &Edit) -> bool {
    if *left == 0 {
        match edit {
            Edit::Replace(other) => *value = other.clone(),
            Edit::Remove => *value = Value::Null,
            Edit::Twice => *value = Value::from(vec![value.clone(), value.clone()]),
            Edit::Bury(depth) => {
                for _ in 0..*depth {
                    *value = Value::from(vec![value.take()]);
                }
            }
        }
        return true;
    }
    *left -= 1;
    match value {
        Value::Array(all) => {
            if matches!(edit, Edit::Remove) && *left < all.len() {
                all.remove(*left);
                return true;
            }
            all.iter_mut().any(|inner| spoil(inner, left, edit))
        }
        Value::Object(all) => {
            if matches!(edit, Edit::Remove) && *left < all.len() {
                let key = all.keys().nth(*left).cloned().unwrap_or_default();
                all.remove(&key);
                return true;
            }
            all.values_mut().any(|inner| spoil(inner, left, edit))
        }
        _ => false,
    }
}

/// The text with a few pieces cut out, doubled or replaced.
pub(crate) fn torn(text: String) -> impl Strategy<Value = String> {
    let edit = (any::<Index>(), 0_usize..40, prop::option::of(word()));
    vec(edit, 1..5).prop_map(move |edits| {
        let mut chars: Vec<char> = text.chars().collect();
        for (at, length, word) in edits {
            let from = at.index(chars.len() + 1);
            let to = (from + length).min(chars.len());
            let new: Vec<char> = word.unwrap_or_default().chars().collect();
            chars.splice(from..to, new);
        }
        chars.into_iter().collect()
    })
}

/// The lines of a text, some of them gone, some in another order, some others between them: what
/// stands on a line stays on it.
pub(crate) fn shuffled(text: &str) -> impl Strategy<Value = String> + use<> {
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let edit = (any::<Index>(), any::<Index>(), prop::option::of(word()));
    vec(edit, 1..6).prop_map(move |edits| {
        let mut lines = lines.clone();
        for (from, to, word) in edits {
            if let Some(word) = word {
                lines.insert(to.index(lines.len() + 1), word);
            } else if !lines.is_empty() {
                let line = lines.remove(from.index(lines.len()));
                // the half of them come back elsewhere
                if to.index(2) == 0 {
                    lines.insert(to.index(lines.len() + 1), line);
                }
            }
        }
        lines.join("\n")
    })
}
