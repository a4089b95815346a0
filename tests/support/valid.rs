//! Whether exchanges are as they have to be.

use super::openapi::{Document, Exchange};
use super::{ours, vendors};

/// Who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// The program; our own schemas have all that it asks.
    Provision,
    /// Another client, which asks more than the program does.
    Another,
}

/// Fails with all findings in exchanges with Hetzner, but those that `excused` knows.
pub(crate) fn assert_hetzner(by: By, exchanges: &[Exchange], excused: fn(&str) -> bool) {
    let mut findings = own(&ours::hetzner(), by, exchanges);
    if let Some(vendor) = vendors::hetzner() {
        findings.extend(exchanges.iter().flat_map(|exchange| vendor.check(exchange)));
    }
    assert_none(exchanges, findings, excused);
}

/// The same with OVH.
pub(crate) fn assert_ovh(by: By, exchanges: &[Exchange], excused: fn(&str) -> bool) {
    let mut findings = own(&ours::ovh(), by, exchanges);
    if let Some(vendor) = vendors::ovh() {
        let theirs = exchanges
            .iter()
            .filter(|exchange| !vendors::ovh_elsewhere(exchange.route()));
        findings.extend(theirs.flat_map(|exchange| vendor.check(exchange)));
    }
    assert_none(exchanges, findings, excused);
}

fn own(ours: &Document, by: By, exchanges: &[Exchange]) -> Vec<String> {
    exchanges
        .iter()
        .filter(|exchange| by == By::Provision || ours.knows(exchange))
        .flat_map(|exchange| ours.check(exchange))
        .collect()
}

fn assert_none(exchanges: &[Exchange], mut findings: Vec<String>, excused: fn(&str) -> bool) {
    assert!(!exchanges.is_empty(), "nothing was recorded");
    findings.retain(|finding| !excused(finding));
    findings.sort();
    findings.dedup();
    assert!(
        findings.is_empty(),
        "against the schemas:\n{}",
        findings.join("\n")
    );
}
