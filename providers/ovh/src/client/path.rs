//! Parts of paths.

use std::fmt::Write;

/// One segment of a path: whatever has a meaning in a URL is encoded (`urn:v1:eu:…`, `a/b`).
pub(crate) fn segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // writing to a string does not fail
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_stays_one() {
        for (text, expected) in [
            ("vps-1a2b.vps.ovh.net", "vps-1a2b.vps.ovh.net"),
            (
                "urn:v1:eu:resource:vps:a",
                "urn%3Av1%3Aeu%3Aresource%3Avps%3Aa",
            ),
            ("a/../b?c#d e", "a%2F..%2Fb%3Fc%23d%20e"),
            ("ä%", "%C3%A4%25"),
        ] {
            assert_eq!(segment(text), expected);
        }
    }
}
