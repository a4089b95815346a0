//! What `host.toml` and the flags ask for at one provider.

use crate::cli::UpFlags;
use crate::host::Host;

/// What is asked for at one provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wishes {
    /// The section of `host.toml` that says so.
    pub section: &'static str,
    /// Server types, in the order in which they are tried.
    pub types: Vec<String>,
    /// Places, in the order in which they are tried; empty: any.
    pub locations: Vec<String>,
    /// The vendor's image that the server is made from.
    pub image: String,
    /// The server that is rented already and shall be taken over.
    pub service: Option<String>,
}

impl Wishes {
    /// What the host wishes at that provider, whichever its `host.toml` names.
    pub fn of(host: &Host, provider: &str, flags: &UpFlags) -> Self {
        let (hetzner, ovh) = (&host.spec.hetzner, &host.spec.ovh);
        let is_ovh = provider.starts_with("ovh");
        let (section, types, locations, image) = if is_ovh {
            ("ovh", &ovh.flavors, &ovh.regions, &ovh.image)
        } else {
            (
                "hetzner",
                &hetzner.types,
                &hetzner.locations,
                &hetzner.image,
            )
        };
        // host.toml names a server of the product that it names, and of no other
        let service = ovh
            .service
            .clone()
            .filter(|_| host.spec.provider_name() == provider);
        Self {
            section,
            types: types.clone(),
            locations: locations.clone(),
            image: image.clone(),
            service: flags.server.clone().or(service),
        }
    }

    /// What that section calls the types.
    pub fn key(&self) -> &'static str {
        if self.section == "ovh" {
            "flavors"
        } else {
            "types"
        }
    }
}
