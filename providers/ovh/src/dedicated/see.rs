//! What a dedicated server is like now.

use super::Dedicated;
use super::convert::{self, Facts};
use super::wire::{Detail, Hardware, Network};
use crate::rented::{Fresh, Rental, Rented, keep, known};
use async_trait::async_trait;
use provision_api::{Error, ErrorKind, Result, ServerStatus};

#[async_trait]
impl Rented for Dedicated {
    fn rental(&self) -> &Rental {
        &self.rental
    }

    async fn fresh(&self, service: &str) -> Result<Fresh> {
        let (detail, facts, since) = tokio::join!(
            self.detail(service),
            self.facts(service),
            self.rental.since(service),
        );
        // what the service itself says goes before what is said below it
        let (detail, facts, since) = (detail?, facts?, since?);
        Ok(Fresh {
            server: convert::server(service, &detail, &facts, since),
            iam: detail.iam,
        })
    }

    /// A server that the vendor holds back, or that is out of order.
    fn unfit(&self, fresh: &Fresh) -> Option<Error> {
        let (kind, why) = match &fresh.server.status {
            ServerStatus::Failed => (ErrorKind::Unavailable, "the vendor says it is out of order"),
            ServerStatus::Other(word) if word == "hacked" => {
                (ErrorKind::Suspended, "the vendor says it was broken into")
            }
            ServerStatus::Other(word) if word == "hackedBlocked" => (
                ErrorKind::Suspended,
                "the vendor has blocked it because it was broken into",
            ),
            _ => return None,
        };
        Some(self.rental.unfit(kind, fresh.server.id.as_str(), why))
    }
}

impl Dedicated {
    pub(super) async fn detail(&self, service: &str) -> Result<Detail> {
        self.rental.read(service, "", "the state").await
    }

    /// What its hardware and its place decide; asked for once in a run.
    pub(super) async fn facts(&self, service: &str) -> Result<Facts> {
        if let Some(facts) = known(&self.facts, service) {
            return Ok(facts);
        }
        let (hardware, network, rescues) = tokio::try_join!(
            self.hardware(service),
            self.network(service),
            self.boot_ids(service, "rescue"),
        )?;
        let facts = convert::facts(hardware, &network, rescues);
        keep(&self.facts, service, &facts);
        Ok(facts)
    }

    async fn hardware(&self, service: &str) -> Result<Hardware> {
        let below = "/specifications/hardware";
        self.rental.read(service, below, "the hardware").await
    }

    async fn network(&self, service: &str) -> Result<Network> {
        let below = "/specifications/network";
        self.rental.read(service, below, "the network").await
    }
}
