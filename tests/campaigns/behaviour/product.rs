//! What is sold, and how it is named on the command line.

/// A product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Product {
    Hetzner,
    PublicCloud,
    Vps,
    Dedicated,
}

pub(super) const ALL: [Product; 4] = [
    Product::Hetzner,
    Product::PublicCloud,
    Product::Vps,
    Product::Dedicated,
];

impl Product {
    pub(super) fn name(self) -> String {
        match self {
            Self::Hetzner => "Hetzner",
            Self::PublicCloud => "OVH Public Cloud",
            Self::Vps => "OVH VPS",
            Self::Dedicated => "OVH dedicated",
        }
        .to_owned()
    }

    /// The host of the flake that is installed on it.
    pub(super) fn host(self) -> &'static str {
        match self {
            Self::Hetzner => "hetzner-cloud",
            _ => "ovh-cloud",
        }
    }

    /// What names it after a verb and a host.
    pub(super) fn flags(self) -> &'static str {
        match self {
            Self::Hetzner => "--provider hetzner --sandbox",
            Self::PublicCloud => "--provider ovh --sandbox",
            Self::Vps => "--provider ovh-vps --sandbox",
            Self::Dedicated => "--provider ovh-dedicated --sandbox",
        }
    }

    /// Which server is taken over, where one has to be named.
    pub(super) fn server(self) -> &'static str {
        match self {
            Self::Hetzner | Self::PublicCloud => "",
            Self::Vps => " --server vps-0a1b2c3d.vps.ovh.net",
            Self::Dedicated => " --server ns3000001.ip-203-0-113.eu",
        }
    }

    /// Whether servers of it are made and deleted, not rented.
    pub(super) fn is_made(self) -> bool {
        matches!(self, Self::Hetzner | Self::PublicCloud)
    }

    /// Whether the first host key can be known: otherwise whoever answers first is trusted.
    pub(super) fn knows_first_key(self) -> bool {
        self.is_made()
    }

    /// Whether the system that was on its disk has been seen, and not its rescue system alone.
    pub(super) fn knows_old_key(self) -> bool {
        self != Self::Dedicated
    }

    /// Whether its rescue system can be entered with a login key alone.
    pub(super) fn has_keyed_rescue(self) -> bool {
        matches!(self, Self::Hetzner | Self::Dedicated)
    }

    /// What runs when it is first logged in to.
    pub(super) fn first_system(self) -> &'static str {
        match self {
            Self::Dedicated => "rescue",
            _ => "stock",
        }
    }
}
