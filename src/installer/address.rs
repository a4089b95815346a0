//! The address of an own installer: a password or a signature in it is nobody's to see.

use url::Url;

/// The variable that the command to go on with reads such an address from.
pub const VARIABLE: &str = "PROVISION_KEXEC";

/// As it may be printed: without user, password, query and fragment; a path as it is.
pub fn shown(given: &str) -> String {
    if !is_address(given) {
        return given.to_owned();
    }
    let Ok(url) = Url::parse(given) else {
        return "…://…".to_owned();
    };
    let mut shown = format!("{}://{}", url.scheme(), url.host_str().unwrap_or("…"));
    if let Some(port) = url.port() {
        shown.push_str(&format!(":{port}"));
    }
    if !url.cannot_be_a_base() {
        shown.push_str(url.path());
    }
    if url.query().is_some() {
        shown.push_str("?…");
    }
    shown
}

/// Whether it holds something that is not shown.
pub fn is_secret(given: &str) -> bool {
    is_address(given)
        && Url::parse(given).map_or(true, |url| {
            let has_user = !url.username().is_empty() || url.password().is_some();
            let has_more = url.query().is_some() || url.fragment().is_some();
            url.cannot_be_a_base() || has_user || has_more
        })
}

/// Whether it is an address, and not a file of this machine.
pub fn is_address(given: &str) -> bool {
    given.contains("://")
}

/// What its file is called here: nixos-anywhere tells the compression by its ending.
pub fn file_name(given: &str) -> String {
    let url = Url::parse(given).ok().filter(|url| !url.cannot_be_a_base());
    let path = url.map(|url| url.path().to_owned()).unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let name: String = last.chars().filter(plain).collect();
    if name.is_empty() {
        return "kexec.tar.gz".to_owned();
    }
    format!("kexec-{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_in_it_is_not_shown() {
        for (given, expected, name) in [
            ("https://x/y.tar.gz", "https://x/y.tar.gz", "kexec-y.tar.gz"),
            (
                "https://ann:S3cret@x.example:8443/a/b.tar.xz?X-Amz-Signature=S3cret#S3cret",
                "https://x.example:8443/a/b.tar.xz?…",
                "kexec-b.tar.xz",
            ),
            (
                "https://x/y.tar.gz?to=a/S3cret",
                "https://x/y.tar.gz?…",
                "kexec-y.tar.gz",
            ),
            ("https://S3cret@x/", "https://x/", "kexec.tar.gz"),
            ("http://:S3cret@[::1]/y", "http://[::1]/y", "kexec-y"),
            ("https://x/y#S3cret", "https://x/y", "kexec-y"),
            ("https://ann:S3cret@[x/y", "…://…", "kexec.tar.gz"),
            ("x:y://ann:S3cret@z", "x://…", "kexec.tar.gz"),
        ] {
            assert_eq!(shown(given), expected, "{given}");
            assert_eq!(file_name(given), name, "{given}");
            assert_eq!(is_secret(given), given.contains("S3cret"), "{given}");
        }
        for path in ["../a b.tar.gz", "/x?y", "a@b"] {
            assert_eq!(shown(path), path);
            assert!(!is_secret(path), "{path}");
        }
    }
}
