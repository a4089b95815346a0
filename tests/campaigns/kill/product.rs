//! What can be had: of each product one host, and how it is named.

/// A product, and the host that is at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Product {
    /// As `--provider` names it.
    pub(crate) name: &'static str,
    /// The host of the flake.
    pub(crate) host: &'static str,
    /// Its `host.toml`, where the repository has none like it: servers that are rented.
    pub(crate) rented: Option<&'static str>,
}

/// All of them.
pub(crate) const ALL: [Product; 4] = [
    Product {
        name: "hetzner",
        host: "hetzner-cloud",
        rented: None,
    },
    Product {
        name: "ovh",
        host: "ovh-cloud",
        rented: None,
    },
    Product {
        name: "ovh-vps",
        host: "rented",
        rented: Some(
            "provider = \"ovh\"\n[ovh]\nproduct = \"vps\"\nservice = \"vps-0a1b2c3d.vps.ovh.net\"\n",
        ),
    },
    Product {
        name: "ovh-dedicated",
        host: "metal",
        rented: Some(
            "provider = \"ovh\"\n[ovh]\nproduct = \"dedicated\"\nservice = \"ns3000001.ip-203-0-113.eu\"\n",
        ),
    },
];

/// What is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Verb {
    /// From nothing to proven.
    Up,
    /// From proven into rescue.
    Rescue,
    /// From rescue to the disk.
    Off,
    /// From proven to proven, wiped in between.
    Reinstall,
    /// From proven to nothing.
    Teardown,
    /// The same of what is rented, whose disk is wiped.
    Reset,
}

impl Verb {
    /// All that the product knows, in an order in which each finds what it begins from.
    pub(crate) fn all(product: Product) -> Vec<Self> {
        let mut all = vec![
            Self::Up,
            Self::Rescue,
            Self::Off,
            Self::Reinstall,
            Self::Teardown,
        ];
        if product.rented.is_some() {
            all.push(Self::Reset);
        }
        all
    }

    /// As it is shown.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Rescue => "rescue",
            Self::Off => "rescue --off",
            Self::Reinstall => "up --reinstall",
            Self::Teardown => "teardown",
            Self::Reset => "teardown --rented reset",
        }
    }

    /// What has to be done before it.
    pub(crate) fn before(self) -> &'static [Self] {
        match self {
            Self::Up => &[],
            Self::Off => &[Self::Up, Self::Rescue],
            Self::Rescue | Self::Reinstall | Self::Teardown | Self::Reset => &[Self::Up],
        }
    }

    /// The words of the command, without the flags that all commands have.
    pub(crate) fn words(self, product: Product) -> String {
        let host = product.host;
        match self {
            Self::Up => format!("up {host}"),
            Self::Rescue => format!("rescue {host}"),
            Self::Off => format!("rescue {host} --off"),
            Self::Reinstall => format!("up {host} --reinstall"),
            Self::Teardown => format!("teardown {host}"),
            Self::Reset => format!("teardown {host} --rented reset"),
        }
    }

    /// How it ends if nothing goes wrong: the rescue system of a VPS has a password that only a
    /// mail tells, and that is said.
    pub(crate) fn ends_with(self, product: Product) -> i32 {
        if self == Self::Rescue && product.name == "ovh-vps" {
            12
        } else {
            0
        }
    }
}
