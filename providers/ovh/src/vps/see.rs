//! What a VPS is like now.

use super::Vps;
use super::convert::{self, Addresses};
use super::wire::{Detail, Ip};
use crate::client::segment;
use crate::rented::{Fresh, Rental, Rented, gather, keep, known};
use async_trait::async_trait;
use provision_api::{Error, Result};

#[async_trait]
impl Rented for Vps {
    fn rental(&self) -> &Rental {
        &self.rental
    }

    async fn fresh(&self, service: &str) -> Result<Fresh> {
        let (detail, addresses, since) = tokio::join!(
            self.detail(service),
            self.addresses(service),
            self.rental.since(service),
        );
        // what the service itself says goes before what is said below it
        let (detail, addresses, since) = (detail?, addresses?, since?);
        Ok(Fresh {
            server: convert::server(service, &detail, addresses, since),
            iam: detail.iam,
        })
    }

    fn unfit(&self, _fresh: &Fresh) -> Option<Error> {
        None
    }
}

impl Vps {
    pub(super) async fn detail(&self, service: &str) -> Result<Detail> {
        self.rental.read(service, "", "the state").await
    }

    /// The addresses of a VPS come with its contract; they are asked for once in a run.
    async fn addresses(&self, service: &str) -> Result<Addresses> {
        if let Some(addresses) = known(&self.addresses, service) {
            return Ok(addresses);
        }
        let all: Vec<String> = self.rental.read(service, "/ips", "the addresses").await?;
        let looked = gather(all.iter().map(|ip| self.address(service, ip))).await;
        let ips = looked.into_iter().collect::<Result<Vec<_>>>()?;
        let addresses = convert::addresses(&ips);
        keep(&self.addresses, service, &addresses);
        Ok(addresses)
    }

    async fn address(&self, service: &str, ip: &str) -> Result<Ip> {
        let address = ip.split_once('/').map_or(ip, |(address, _)| address);
        let below = format!("/ips/{}", segment(address));
        self.rental.read(service, &below, "an address").await
    }
}
