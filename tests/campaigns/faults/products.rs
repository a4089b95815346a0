//! What is brought up, looked at, and removed again: one life at each product.

/// A product, and the life of a host there.
#[derive(Debug)]
pub(super) struct Product {
    /// As `--provider` names it.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// The commands of the life, in their order.
    pub(super) life: &'static [Step],
    /// A service that is rented, where nothing is created.
    pub(super) rented: Option<&'static str>,
}

/// One command of the life.
#[derive(Debug)]
pub(super) struct Step {
    /// What the table calls it.
    pub(super) name: &'static str,
    pub(super) line: &'static str,
    /// How it ends when all is well.
    pub(super) code: i32,
}

const fn step(name: &'static str, line: &'static str, code: i32) -> Step {
    Step { name, line, code }
}

pub(super) static HETZNER: Product = Product {
    name: "hetzner",
    title: "Hetzner Cloud",
    life: &[
        step("up", "up hetzner-cloud", 0),
        step("reinstall", "up hetzner-cloud --reinstall", 0),
        step("rescue", "rescue hetzner-cloud", 0),
        step("off", "rescue hetzner-cloud --off", 0),
        step("teardown", "teardown hetzner-cloud", 0),
    ],
    rented: None,
};

pub(super) static CLOUD: Product = Product {
    name: "ovh",
    title: "OVHcloud Public Cloud",
    life: &[
        step("up", "up ovh-cloud", 0),
        step("reinstall", "up ovh-cloud --reinstall", 0),
        step("rescue", "rescue ovh-cloud", 0),
        step("off", "rescue ovh-cloud --off", 0),
        step("teardown", "teardown ovh-cloud", 0),
    ],
    rented: None,
};

pub(super) static VPS: Product = Product {
    name: "ovh-vps",
    title: "OVHcloud VPS",
    life: &[
        step("up", "up box --server vps-0a1b2c3d.vps.ovh.net", 0),
        step(
            "reinstall",
            "up box --server vps-0a1b2c3d.vps.ovh.net --reinstall",
            0,
        ),
        // armed, and unproven: its password comes by mail
        step("rescue", "rescue box", 12),
        step("off", "rescue box --off", 0),
        step("teardown", "teardown box", 0),
    ],
    rented: Some("/vps/vps-0a1b2c3d.vps.ovh.net"),
};

pub(super) static DEDICATED: Product = Product {
    name: "ovh-dedicated",
    title: "OVHcloud dedicated",
    life: &[
        step("up", "up box --server ns3000001.ip-203-0-113.eu", 0),
        step(
            "reinstall",
            "up box --server ns3000001.ip-203-0-113.eu --reinstall",
            0,
        ),
        step("rescue", "rescue box", 0),
        step("off", "rescue box --off", 0),
        step("teardown", "teardown box", 0),
    ],
    rented: Some("/dedicated/server/ns3000001.ip-203-0-113.eu"),
};
