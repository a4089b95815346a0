//! What a user does in which another machine may answer.

/// What a user does, and what was done before it.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) provider: &'static str,
    pub(crate) verb: &'static str,
    /// Commands that are run first, with nobody in the way.
    pub(crate) before: &'static [&'static str],
    /// The command.
    pub(crate) act: &'static str,
    /// The vendor gives no way to know the host key: the first that is shown is trusted, and that
    /// is said.
    pub(crate) first_use: bool,
}

impl Scene {
    /// The exit code with nobody in the way.
    pub(crate) fn ends_with(&self) -> i32 {
        ends_with(self.provider, self.act)
    }

    /// It is asked beforehand whether a password may go to whoever answers first.
    pub(crate) fn sends_password(&self) -> bool {
        (self.provider, self.verb) == ("ovh", "rescue")
    }
}

/// The exit code of a command with nobody in the way: nobody tells the password of a VPS's rescue
/// system, so it is armed and that is the end.
pub(crate) fn ends_with(provider: &str, act: &str) -> i32 {
    let is_rescue = act.starts_with("rescue") && !act.contains("--off");
    if provider == "ovh-vps" && is_rescue {
        12
    } else {
        0
    }
}

const VPS_RESCUE: &str = "rescue ovh-cloud --provider ovh-vps";
const DEDICATED_RESCUE: &str = "rescue ovh-cloud --provider ovh-dedicated";
const VPS: &str = "up ovh-cloud --provider ovh-vps --server vps-0a1b2c3d.vps.ovh.net";
const DEDICATED: &str = "up ovh-cloud --provider ovh-dedicated --server ns3000001.ip-203-0-113.eu";

macro_rules! scenes {
    ($($provider:literal $verb:literal: [$($before:expr),*] $act:expr, $first_use:expr;)+) => {
        &[$(Scene {
            provider: $provider,
            verb: $verb,
            before: &[$($before),*],
            act: $act,
            first_use: $first_use,
        }),+]
    };
}

/// All of them.
#[rustfmt::skip]
pub(crate) const SCENES: &[Scene] = scenes! {
    "hetzner" "up": [] "up hetzner-cloud", false;
    "hetzner" "up again": ["up hetzner-cloud"] "up hetzner-cloud", false;
    "hetzner" "up elsewhere": ["up hetzner-cloud", "forget"] "up hetzner-cloud", false;
    "hetzner" "reinstall": ["up hetzner-cloud", "forget"] "up hetzner-cloud --reinstall", false;
    "hetzner" "ssh": ["up hetzner-cloud"] "ssh hetzner-cloud -- true", false;
    "hetzner" "ssh": ["up hetzner-cloud", "forget"] "ssh hetzner-cloud -- true", false;
    "hetzner" "rescue": ["up hetzner-cloud"] "rescue hetzner-cloud", true;
    "hetzner" "rescue --off": ["up hetzner-cloud", "rescue hetzner-cloud"] "rescue hetzner-cloud --off", false;
    "hetzner" "install": ["machine"] "install hetzner-cloud --host-key SHOWN", false;
    "hetzner" "install": ["machine"] "install hetzner-cloud --accept-new-host-key", true;
    "ovh" "up": [] "up ovh-cloud", false;
    "ovh" "up again": ["up ovh-cloud"] "up ovh-cloud", false;
    "ovh" "up elsewhere": ["up ovh-cloud", "forget"] "up ovh-cloud", false;
    "ovh" "reinstall": ["up ovh-cloud"] "up ovh-cloud --reinstall", true;
    "ovh" "ssh": ["up ovh-cloud"] "ssh ovh-cloud -- true", false;
    "ovh" "rescue": ["up ovh-cloud"] "rescue ovh-cloud", true;
    "ovh" "rescue --off": ["up ovh-cloud", "rescue ovh-cloud"] "rescue ovh-cloud --off", false;
    "ovh-vps" "up": [] VPS, true;
    "ovh-vps" "up again": [VPS] "up ovh-cloud --provider ovh-vps", false;
    "ovh-vps" "up elsewhere": [VPS, "forget"] "up ovh-cloud --provider ovh-vps", false;
    "ovh-vps" "reinstall": [VPS] "up ovh-cloud --provider ovh-vps --reinstall", true;
    "ovh-vps" "ssh": [VPS] "ssh ovh-cloud --provider ovh-vps -- true", false;
    "ovh-vps" "rescue": [VPS] VPS_RESCUE, false;
    "ovh-vps" "rescue --off": [VPS, VPS_RESCUE] "rescue ovh-cloud --provider ovh-vps --off", false;
    "ovh-dedicated" "up": [] DEDICATED, true;
    "ovh-dedicated" "up again": [DEDICATED] "up ovh-cloud --provider ovh-dedicated", false;
    "ovh-dedicated" "up elsewhere": [DEDICATED, "forget"] "up ovh-cloud --provider ovh-dedicated", false;
    "ovh-dedicated" "reinstall": [DEDICATED] "up ovh-cloud --provider ovh-dedicated --reinstall", true;
    "ovh-dedicated" "ssh": [DEDICATED] "ssh ovh-cloud --provider ovh-dedicated -- true", false;
    "ovh-dedicated" "rescue": [DEDICATED] DEDICATED_RESCUE, true;
    "ovh-dedicated" "rescue --off": [DEDICATED, DEDICATED_RESCUE] "rescue ovh-cloud --provider ovh-dedicated --off", false;
};
