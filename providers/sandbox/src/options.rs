//! What a sandbox is opened with, and what it answers with.

use crate::images::Images;
use crate::latency::Latency;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

/// What the machines of a world are. One world has machines of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MachineKind {
    /// They live in the sandbox's process: a state and an SSH server each.
    #[default]
    Emulated,
    /// QEMU guests, which boot.
    Qemu,
}

impl MachineKind {
    /// The word that `--machines` takes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Emulated => "emulated",
            Self::Qemu => "qemu",
        }
    }
}

/// How a sandbox is opened.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The folder that keeps the world; made (0700) when it is not there.
    pub state_dir: PathBuf,
    /// Where it listens; loopback only. `None` is a free port on 127.0.0.1.
    pub listen: Option<SocketAddr>,
    /// A JSON file with [`crate::Settings`]: what the world is made with, and what is merged
    /// into it again at each start. Objects merge field by field, lists of named things by
    /// name; other lists replace what was there.
    pub world: Option<PathBuf>,
    /// What its machines are to be; that of the world when not given. A world that has machines
    /// of the other kind is refused.
    pub machines: Option<MachineKind>,
    /// What real machines boot; needed where the machines are real.
    pub images: Option<Images>,
    /// Overrides the world's latencies, and is kept with it.
    pub latency: Option<Latency>,
    /// Others may join: they use this one's endpoint while it runs. One that does not serve
    /// makes others wait.
    pub serve: bool,
    /// A file (0600) that gets one JSON line for each exchange with a vendor's face, without
    /// secrets: `{method, path, query, request_body, status, response_body}`.
    pub record: Option<PathBuf>,
}

/// How clients reach an open sandbox.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// The base address of the Hetzner Cloud face, without a slash at the end.
    pub endpoint_hetzner: String,
    /// The token that it takes.
    pub token_hetzner: String,
    /// The base address of the OVH face with its version (`…/ovh/1.0`), without a slash at the end.
    pub endpoint_ovh: String,
    /// Where it gives `OAuth2` tokens.
    pub ovh_token_url: String,
    /// The application that may sign.
    pub ovh_application_key: String,
    /// What it signs with.
    pub ovh_application_secret: String,
    /// The account's consent to the application.
    pub ovh_consumer_key: String,
    /// The `OAuth2` service account.
    pub ovh_client_id: String,
    /// Its secret.
    pub ovh_client_secret: String,
    /// The id of the account's Public Cloud project.
    pub ovh_project: String,
    /// The port that the SSH of all machines listens on, each at its own loopback address.
    pub ssh_port: u16,
    /// What its machines are.
    #[serde(default)]
    pub machines: MachineKind,
    /// Another process holds the world, and this one only talks to it.
    #[serde(skip)]
    pub joined: bool,
    /// The base address of the control endpoint; it takes the same token.
    pub control: String,
    /// Things take time in this world; in one without latencies, waiting before a look is waste.
    #[serde(default)]
    pub has_latency: bool,
}

impl Access {
    /// The variables that make any other client of the vendors' use the sandbox. Of OVH's two
    /// ways to log in it is the signature: clients refuse to be told both.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("HCLOUD_ENDPOINT", self.endpoint_hetzner.clone()),
            ("HCLOUD_TOKEN", self.token_hetzner.clone()),
            ("OVH_ENDPOINT", self.endpoint_ovh.clone()),
            ("OVH_APPLICATION_KEY", self.ovh_application_key.clone()),
            (
                "OVH_APPLICATION_SECRET",
                self.ovh_application_secret.clone(),
            ),
            ("OVH_CONSUMER_KEY", self.ovh_consumer_key.clone()),
            ("OVH_CLOUD_PROJECT_SERVICE", self.ovh_project.clone()),
            ("PROVISION_SSH_PORT", self.ssh_port.to_string()),
        ]
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("endpoint_hetzner", &self.endpoint_hetzner)
            .field("token_hetzner", &"***")
            .field("endpoint_ovh", &self.endpoint_ovh)
            .field("ovh_project", &self.ovh_project)
            .field("ssh_port", &self.ssh_port)
            .field("machines", &self.machines)
            .field("joined", &self.joined)
            .field("control", &self.control)
            .field("has_latency", &self.has_latency)
            // keys, secrets, and who uses them
            .finish_non_exhaustive()
    }
}
