//! Text of others (vendors, machines, programs), made fit for a terminal: nothing in it is obeyed,
//! and nothing in it makes a line that looks like one of ours.

use std::borrow::Cow;

/// The text with all that a terminal would obey spelled out (`\u{1b}`); line ends and tabs stay.
pub(super) fn safe(text: &str) -> Cow<'_, str> {
    spelled(text, is_obeyed, |c| c.escape_unicode().to_string())
}

/// The same as one line: line ends and tabs become blanks.
pub fn one_line(text: &str) -> Cow<'_, str> {
    let is_odd = |c| is_obeyed(c) || matches!(c, '\n' | '\r' | '\t');
    spelled(text, is_odd, |c| {
        if c.is_ascii_whitespace() {
            " ".to_owned()
        } else {
            c.escape_unicode().to_string()
        }
    })
}

/// The same, where each further line is set in, so that it is seen to belong to the first.
pub(super) fn set_in(text: &str) -> Cow<'_, str> {
    match safe(text) {
        safe if safe.contains('\n') => Cow::Owned(safe.trim_end().replace('\n', "\n  ")),
        safe => safe,
    }
}

/// A JSON text that means the same, in which all that a terminal would obey is escaped: outside
/// of its strings there is nothing of that kind.
pub(super) fn json(text: &str) -> Cow<'_, str> {
    spelled(text, is_obeyed, |c| {
        let mut units = [0; 2];
        let units = c.encode_utf16(&mut units).iter();
        units.map(|unit| format!("\\u{unit:04x}")).collect()
    })
}

fn spelled(
    text: &str,
    is_odd: impl Fn(char) -> bool,
    spell: impl Fn(char) -> String,
) -> Cow<'_, str> {
    if !text.contains(&is_odd) {
        return Cow::Borrowed(text);
    }
    let mut spelled = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_odd(c) {
            spelled.push_str(&spell(c));
        } else {
            spelled.push(c);
        }
    }
    Cow::Owned(spelled)
}

/// Control characters (the second set, too, which terminals take as escape sequences), and what is
/// not seen or turns the direction of writing. Line ends and tabs are harmless.
fn is_obeyed(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_spelled_out() {
        for (text, expected) in [
            ("größe 磁盘 🙂\n\tx", "größe 磁盘 🙂\n\tx"),
            ("\u{1b}[2Jx", "\\u{1b}[2Jx"),
            ("\u{9b}31m", "\\u{9b}31m"),
            (
                "a\rb\u{7}\u{8}\u{7f}\0",
                "a\\u{d}b\\u{7}\\u{8}\\u{7f}\\u{0}",
            ),
            ("web\u{202e}1-", "web\\u{202e}1-"),
            ("a\u{200b}\u{feff}b", "a\\u{200b}\\u{feff}b"),
            ("\u{e0041}", "\\u{e0041}"),
        ] {
            assert_eq!(safe(text), expected);
        }
    }

    #[test]
    fn a_line_stays_one_and_a_paragraph_is_set_in() {
        assert_eq!(one_line("a\r\nerror: b\tc\u{1b}"), "a  error: b c\\u{1b}");
        assert_eq!(set_in("a\nerror: b\n"), "a\n  error: b");
        assert_eq!(set_in("plain"), "plain");
    }

    #[test]
    fn json_means_the_same() {
        for text in [
            "\u{9b}x",
            "\u{7f}",
            "\u{202e}",
            "\u{e0041}",
            "\u{1b}\n\"\\",
            "plain",
        ] {
            let written = serde_json::to_string(text).unwrap();
            let shown = json(&written);
            assert!(!shown.contains(is_obeyed), "{shown:?}");
            assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
        }
    }
}
