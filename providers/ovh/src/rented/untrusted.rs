//! What both rented products may be answered by anybody.

use super::contract::{began, lapse};
use super::wire::{Contract, Iam, Task};
use crate::untrusted::{many, read};

/// Reads the bytes as every kind of answer, and converts what can be read.
pub(crate) fn answers(bytes: &[u8]) {
    if let Some(contract) = read::<Contract>(bytes) {
        let _ = began(&contract);
        let _ = lapse(&contract);
    }
    let _ = read::<Iam>(bytes);
    let _ = many::<Task>(bytes);
}
