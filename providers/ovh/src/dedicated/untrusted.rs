//! What a dedicated server may be answered by anybody.

use super::convert::{facts, server};
use super::wire::{Boot, Detail, Hardware, Network};
use crate::untrusted::{many, read};
use jiff::Timestamp;
use provision_api::Server;

/// Reads the bytes as every kind of answer, and answers with what could be converted.
pub(crate) fn answers(bytes: &[u8]) -> Option<Server> {
    let boots = many::<Boot>(bytes).into_iter().map(|boot| boot.id);
    let hardware: Hardware = read(bytes).unwrap_or_default();
    let network: Network = read(bytes).unwrap_or_default();
    let facts = facts(hardware, &network, boots.collect());
    let detail: Detail = read(bytes)?;
    Some(server("ns1", &detail, &facts, Timestamp::UNIX_EPOCH))
}
