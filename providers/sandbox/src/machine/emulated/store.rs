//! Store paths: their form, and another one of the same form.

/// The digits of Nix's base 32.
const DIGITS: &[u8; 32] = b"0123456789abcdfghijklmnpqrsvwxyz";

/// Whether it has the form `/nix/store/<32 digits>-<name>`.
pub(crate) fn is_store_path(path: &str) -> bool {
    let Some((hash, name)) = path
        .strip_prefix("/nix/store/")
        .and_then(|rest| rest.split_once('-'))
    else {
        return false;
    };
    hash.len() == 32
        && hash.bytes().all(|b| DIGITS.contains(&b))
        && !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-._?=".contains(&b))
}

/// Another build of the same name: what an older generation looks like.
pub(crate) fn another(path: &str) -> String {
    let name = path
        .split_once('-')
        .map_or("nixos-system", |(_, name)| name);
    let hash: String = (0..32)
        .map(|_| char::from(DIGITS[fastrand::usize(..DIGITS.len())]))
        .collect();
    format!("/nix/store/{hash}-{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn store_paths_are_told_by_their_form() {
        let hash = "0123456789abcdfghijklmnpqrsvwxyz";
        let table = [
            (
                format!("/nix/store/{hash}-nixos-system-web-1-stand-in"),
                true,
            ),
            (format!("/nix/store/{hash}-"), false),
            (format!("/nix/store/{hash}"), false),
            (format!("/nix/store/e{}-x", &hash[1..]), false),
            (format!("/nix/store/{hash}-a/b"), false),
            ("/etc/passwd".to_owned(), false),
        ];
        for (path, expected) in table {
            assert_eq!(is_store_path(&path), expected, "{path}");
        }
    }

    #[test]
    fn another_build_has_the_name_and_another_hash() {
        let path = "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-nixos-system-web-1";
        let other = another(path);
        assert!(is_store_path(&other), "{other}");
        assert_ne!(other, path);
        assert!(other.ends_with("-nixos-system-web-1"));
    }
}
