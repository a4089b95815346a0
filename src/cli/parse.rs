//! Words of the command line that clap cannot read by itself.

use jiff::SignedDuration;

/// No server is given a longer time to live: what ends after the last year that a date can have
/// would have no end at all.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 3660);

pub(super) fn duration(text: &str) -> Result<SignedDuration, String> {
    let span: jiff::Span = text
        .parse()
        .map_err(|e| format!("{e}; write it like 90m, 2h or 3d"))?;
    let duration = span
        .to_duration(jiff::SpanRelativeTo::days_are_24_hours())
        .map_err(|e| e.to_string())?;
    if duration <= SignedDuration::ZERO {
        return Err("it has to be longer than nothing".to_owned());
    }
    if duration > LONGEST {
        return Err("more than ten years are not counted; leave it out for no end".to_owned());
    }
    Ok(duration)
}

/// A login name that cannot be taken for an option or a second word.
pub(super) fn user_name(text: &str) -> Result<String, String> {
    let first = text.bytes().next().unwrap_or(b'-');
    let good = (first.is_ascii_alphabetic() || first == b'_')
        && text.len() <= 32
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    if good {
        Ok(text.to_owned())
    } else {
        Err("a user name has up to 32 letters, digits, _, - and .".to_owned())
    }
}
