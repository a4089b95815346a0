//! Ids in the vendor's form.

use md5::{Digest, Md5};

/// A new one, by lot.
pub(super) fn fresh() -> String {
    let mut bytes = fastrand::u128(..).to_be_bytes();
    written(&mut bytes, 0x40)
}

/// The one that a thing of that kind and name has in a region: always the same, and another one
/// in each region.
pub(super) fn of(kind: &str, region: &str, name: &str) -> String {
    let mut bytes: [u8; 16] = Md5::digest(format!("{kind}/{region}/{name}")).into();
    written(&mut bytes, 0x30)
}

/// A UUID (RFC 9562) of that version.
fn written(bytes: &mut [u8; 16], version: u8) -> String {
    bytes[6] = bytes[6] & 0x0f | version;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = format!("{:032x}", u128::from_be_bytes(*bytes));
    [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ]
    .join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differ_by_region_and_stay() {
        let one = of("flavor", "GRA11", "d2-2");
        assert_eq!(one, of("flavor", "GRA11", "d2-2"));
        assert_ne!(one, of("flavor", "SBG5", "d2-2"));
        assert_ne!(one, of("image", "GRA11", "d2-2"));
        assert_eq!((one.len(), &one[14..15]), (36, "3"));
        let other = fresh();
        assert_eq!((other.len(), &other[14..15]), (36, "4"));
        assert_ne!(other, fresh());
    }
}
