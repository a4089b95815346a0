//! Text that a machine printed, made fit for a terminal.

/// A line is cut here.
const LONGEST: usize = 1000;

/// The lines of a text without anything that a terminal would obey: escape sequences go as a
/// whole, other control characters one by one, and so do those that turn the direction of writing.
/// What moves the cursor to another place ends a line, as firmware that draws a screen means it.
pub fn plain(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for piece in without_sequences(text).split(['\n', '\r']) {
        let line: String = piece
            .chars()
            .map(|c| if c == '\t' { ' ' } else { c })
            .filter(|c| !c.is_control() && !turns(*c))
            .take(LONGEST)
            .collect();
        // a carriage return alone draws the line anew; what is empty for that reason is no line
        if !line.trim().is_empty() {
            lines.push(line.trim_end().to_owned());
        }
    }
    lines
}

/// Whether it changes how what follows is written, or is not seen at all.
fn turns(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The text without escape sequences (ECMA-48): with parameters, strings, and short ones.
fn without_sequences(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let kind = match c {
            '\u{1b}' => chars.next(),
            '\u{9b}' => Some('['),
            '\u{90}' | '\u{9d}'..='\u{9f}' => Some(']'),
            other => {
                kept.push(other);
                continue;
            }
        };
        match kind {
            Some('[') => {
                while chars
                    .next_if(|c| ('\u{20}'..='\u{3f}').contains(c))
                    .is_some()
                {}
                let last = chars.next_if(|c| ('\u{40}'..='\u{7e}').contains(c));
                // CUP, HVP, ED
                if matches!(last, Some('H' | 'f' | 'J')) {
                    kept.push('\n');
                }
            }
            Some(']' | 'P' | 'X' | '^' | '_') => {
                // ends with BEL or ST; one without an end takes no more than its line
                while let Some(c) = chars.next_if(|c| *c != '\n') {
                    if c == '\u{7}' || c == '\u{9c}' {
                        break;
                    }
                    if c == '\u{1b}' {
                        chars.next_if(|c| *c == '\\');
                        break;
                    }
                }
            }
            Some(c) if ('\u{20}'..='\u{2f}').contains(&c) => {
                while chars
                    .next_if(|c| ('\u{20}'..='\u{2f}').contains(c))
                    .is_some()
                {}
                chars.next_if(|c| ('\u{30}'..='\u{7e}').contains(c));
            }
            Some('\n') => kept.push('\n'),
            _ => {}
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        for (text, expected) in [
            ("plain", vec!["plain"]),
            ("\u{1b}[31mred\u{1b}[0m", vec!["red"]),
            ("\u{1b}[2J\u{1b}[01;01HGRUB loading", vec!["GRUB loading"]),
            (
                "first\u{1b}[02;01Hsecond\u{1b}[3;1fthird",
                vec!["first", "second", "third"],
            ),
            ("left\u{1b}[2Jdrawn", vec!["left", "drawn"]),
            ("one line\u{1b}[Kstill", vec!["one linestill"]),
            (
                "\u{1b}c\u{1b}[?7l\u{1b}[2J\u{1b}[0mSeaBIOS\r\n",
                vec!["SeaBIOS"],
            ),
            ("\u{1b}]0;title\u{7}x\u{1b}]8;;\u{1b}\\y", vec!["xy"]),
            ("a\tb\n\n\n  \nc", vec!["a b", "c"]),
            ("\u{1b}#8\u{1b})0x", vec!["x"]),
            ("end\u{1b}", vec!["end"]),
            ("\u{1b}]0;owned\u{7}title", vec!["title"]),
            ("\u{1b}]0;owned\u{1b}\\title", vec!["title"]),
            ("\u{1b}]0;no end\nnext", vec!["next"]),
            ("\u{9b}31mred", vec!["red"]),
            ("\u{1b}(Bascii\u{1b}=", vec!["ascii"]),
            ("bell\u{7} back\u{8}", vec!["bell back"]),
            ("10 %\r20 %\r\n", vec!["10 %", "20 %"]),
            ("a\tb", vec!["a b"]),
            ("\u{202e}evil", vec!["evil"]),
            ("ends \u{1b}", vec!["ends"]),
            ("ends \u{1b}[", vec!["ends"]),
            ("", vec![]),
            ("größe 磁盘", vec!["größe 磁盘"]),
        ] {
            assert_eq!(plain(text), expected, "{text:?}");
        }
        assert_eq!(plain(&"x".repeat(5000))[0].len(), LONGEST);
    }
}
