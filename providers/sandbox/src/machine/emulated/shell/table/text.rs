//! Commands that only say something.

use super::Call;

/// `echo [-n] [-e] WORD…`
pub(super) fn echo(call: &mut Call<'_>) -> u8 {
    let mut words = call.args;
    let mut newline = true;
    let mut escapes = false;
    while let Some((first, rest)) = words.split_first() {
        match first.as_str() {
            "-n" => newline = false,
            "-e" => escapes = true,
            "-ne" | "-en" => (newline, escapes) = (false, true),
            _ => break,
        }
        words = rest;
    }
    let mut text = words.join(" ");
    if escapes {
        text = unescape(&text);
    }
    if newline {
        text.push('\n');
    }
    call.out.extend(text.into_bytes());
    0
}

/// `printf FORMAT [WORD…]` with `%s`, `%d` and `%%`; the format is used again while words remain.
pub(super) fn printf(call: &mut Call<'_>) -> u8 {
    let Some((format, words)) = call.args.split_first() else {
        return call.fail("usage: printf format [arguments]");
    };
    let format = unescape(format);
    let mut words = words.iter();
    let mut text = String::new();
    loop {
        let before = words.len();
        let mut chars = format.chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                text.push(c);
                continue;
            }
            match chars.next() {
                Some('%') => text.push('%'),
                Some('s') => text.push_str(words.next().map_or("", String::as_str)),
                Some('d') => text.push_str(words.next().map_or("0", String::as_str)),
                other => {
                    let what = format!("%{}", other.map(String::from).unwrap_or_default());
                    return call.not_emulated(&what);
                }
            }
        }
        if words.len() == 0 || words.len() == before {
            break;
        }
    }
    call.out.extend(text.into_bytes());
    0
}

/// The escapes that `printf` and `echo -e` share.
fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('\\') | None => out.push('\\'),
            Some(other) => out.extend(['\\', other]),
        }
    }
    out
}
