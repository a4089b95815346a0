//! Words of a command that is shown, so that a shell reads them as they were meant.

use std::borrow::Cow;
use std::ffi::OsStr;

/// The word as a POSIX shell takes it: as it is where that is safe, else in single quotes.
pub fn quote<W: AsRef<OsStr> + ?Sized>(word: &W) -> String {
    let word: Cow<'_, str> = word.as_ref().to_string_lossy();
    // what begins with ~ is another folder to the shell; it is not among these
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:,@%+=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.into_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_the_word_back() {
        for word in [
            "web-1",
            "/srv/flake",
            "my flake",
            "",
            "it's",
            "~/x",
            "$HOME",
            "a\"b\\c",
            "-f",
            "`id`",
            "zwei\nZeilen",
            "größe",
        ] {
            let quoted = quote(word);
            let printed = std::process::Command::new("/bin/sh")
                .args(["-c", &format!("printf %s {quoted}")])
                .output()
                .unwrap();
            assert_eq!(String::from_utf8_lossy(&printed.stdout), word, "{quoted}");
        }
        assert_eq!(quote("/srv/flake"), "/srv/flake");
        assert_eq!(quote("my flake"), "'my flake'");
    }
}
