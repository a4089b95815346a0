//! What a VPS may be answered by anybody.

use super::convert::{addresses, server};
use super::wire::{Detail, Image, Ip};
use crate::untrusted::{many, read};
use jiff::Timestamp;
use provision_api::Server;

/// Reads the bytes as every kind of answer, and answers with what could be converted.
pub(crate) fn answers(bytes: &[u8]) -> Option<Server> {
    let _ = many::<Image>(bytes);
    let addresses = addresses(&many::<Ip>(bytes));
    let detail: Detail = read(bytes)?;
    Some(server("vps-1", &detail, addresses, Timestamp::UNIX_EPOCH))
}
