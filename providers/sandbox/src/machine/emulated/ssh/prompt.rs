//! The interactive shell: a prompt over the same table of commands.

use super::handler;
use crate::machine::emulated::inner::Inner;
use crate::machine::emulated::shell::{Output, Shell};
use crate::machine::emulated::state::Account;

const GREETING: &str = "An emulated machine: commands are answered from a closed table.\n";

/// What a key does to the line.
#[derive(Debug, PartialEq, Eq)]
enum Key {
    /// Shows these bytes.
    Echo(Vec<u8>),
    /// The line is done.
    Line(String),
    /// The line is given up (Ctrl-C).
    Discard,
    /// The input ends (Ctrl-D on an empty line).
    End,
    Nothing,
}

/// Prompts until the input ends or `exit` is called; the result is the exit status.
pub(super) async fn run(
    inner: &Inner,
    account: &Account,
    shell: &mut Shell,
    output: &Output,
    terminal: bool,
) -> u8 {
    let say = |text: &[u8]| {
        if terminal {
            // a client that has gone hears nothing
            drop(output.send((1, text.to_vec())));
        }
    };
    say(GREETING.as_bytes());
    say(handler::prompt(inner, account).as_bytes());
    let mut editor = Editor::default();
    let mut status = 0;
    while let Some(piece) = shell.input().next().await {
        for byte in piece {
            match editor.key(byte, terminal) {
                Key::Echo(bytes) => say(&bytes),
                Key::Nothing => continue,
                Key::Discard => say(b"^C\n"),
                Key::End => {
                    say(b"\n");
                    return status;
                }
                Key::Line(line) => {
                    say(b"\n");
                    status = shell.run(&line).await;
                    if shell.ended().is_some() || shell.is_leaving() {
                        return status;
                    }
                    say(handler::prompt(inner, account).as_bytes());
                    continue;
                }
            }
            if editor.discarded() {
                say(handler::prompt(inner, account).as_bytes());
            }
        }
    }
    // a script that ends without a newline has a last line all the same
    match editor.rest() {
        Some(line) => shell.run(&line).await,
        None => status,
    }
}

/// The line that is being typed.
#[derive(Debug, Default)]
struct Editor {
    line: Vec<u8>,
    /// Inside the sequence of a special key.
    escape: bool,
    discarded: bool,
}

impl Editor {
    fn key(&mut self, byte: u8, terminal: bool) -> Key {
        if !terminal {
            return match byte {
                b'\n' => self.take(),
                other => {
                    self.line.push(other);
                    Key::Nothing
                }
            };
        }
        if self.escape {
            // a special key ends with a letter or a tilde
            self.escape = !(byte.is_ascii_alphabetic() || byte == b'~');
            return Key::Nothing;
        }
        match byte {
            b'\r' | b'\n' => self.take(),
            3 => {
                self.line.clear();
                self.discarded = true;
                Key::Discard
            }
            4 if self.line.is_empty() => Key::End,
            8 | 127 => match self.line.pop() {
                Some(_) => Key::Echo(b"\x08 \x08".to_vec()),
                None => Key::Nothing,
            },
            27 => {
                self.escape = true;
                Key::Nothing
            }
            0..=31 => Key::Nothing,
            shown => {
                self.line.push(shown);
                Key::Echo(vec![shown])
            }
        }
    }

    fn take(&mut self) -> Key {
        let line = std::mem::take(&mut self.line);
        Key::Line(String::from_utf8_lossy(&line).into_owned())
    }

    fn discarded(&mut self) -> bool {
        std::mem::take(&mut self.discarded)
    }

    fn rest(&mut self) -> Option<String> {
        match self.take() {
            Key::Line(line) if !line.is_empty() => Some(line),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_edit_the_line() {
        let table: &[(&[u8], bool, Key)] = &[
            (b"ab\r", true, Key::Line("ab".into())),
            (b"abc\x7f\x7fd\r", true, Key::Line("ad".into())),
            (b"a\x1b[Ab\r", true, Key::Line("ab".into())),
            (b"ab\x03", true, Key::Discard),
            (b"ab\x03c\r", true, Key::Line("c".into())),
            (b"\x04", true, Key::End),
            (b"a\x04", true, Key::Nothing),
            (b"a\x7fb\n", false, Key::Line("a\u{7f}b".into())),
        ];
        for (keys, terminal, expected) in table {
            let mut editor = Editor::default();
            let mut last = Key::Nothing;
            for byte in *keys {
                last = editor.key(*byte, *terminal);
            }
            assert_eq!(last, *expected, "{keys:?}");
        }
    }
}
