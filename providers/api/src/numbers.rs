//! Numbers as vendors write them: JSON numbers of any kind where a whole one is meant.

/// A count; one that is below or above all counts becomes the nearest.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to what fits"
)]
pub fn whole(number: f64) -> u32 {
    number.round().clamp(0.0, f64::from(u32::MAX)) as u32
}

/// How far something is, from 0 to 100.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to what fits"
)]
pub fn percent(progress: f64) -> u8 {
    progress.clamp(0.0, 100.0) as u8
}
