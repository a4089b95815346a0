//! What an `up` tells in the end. The JSON keys are an interface: `docs/json.md`.

use crate::clouds::Cloud;
use crate::commands::found::{hourly, naming};
use crate::context::Context;
use crate::engine::Proven;
use crate::found::{Firmware, Found, RunningSystem};
use crate::gate::{GateSource, choose_layout};
use crate::host::Layout;
use crate::installer::Kind;
use crate::job::Job;
use crate::report::FailureDocument;
use ipnet::Ipv6Net;
use jiff::Timestamp;
use provision_api::{Arch, Catalog, HostName, Role, RunId, ServerId};
use provision_sandbox::MachineKind;
use rust_decimal::Decimal;
use serde::Serialize;
use std::net::{IpAddr, Ipv4Addr};

/// `up --output json`.
#[derive(Debug, Serialize)]
pub(super) struct Document {
    pub(super) schema: u32,
    pub(super) hosts: Vec<HostDocument>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) failures: Vec<FailureDocument>,
    pub(super) sandbox: bool,
    pub(super) requests: u64,
    pub(super) elapsed_seconds: f64,
    pub(super) run: RunId,
}

/// One host that is up.
#[derive(Debug, Serialize)]
pub(crate) struct HostDocument {
    pub(crate) name: String,
    provider: Option<String>,
    server_id: Option<ServerId>,
    ipv4: Option<Ipv4Addr>,
    ipv6: Option<Ipv6Net>,
    firmware: Firmware,
    layout: Layout,
    arch: Arch,
    system: Option<String>,
    proven: bool,
    installer: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    gate: Option<GateSource>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    layout_forced: bool,
    rented: bool,
    price_hourly: Option<Decimal>,
    currency: Option<String>,
    expires_at: Option<Timestamp>,
    #[serde(skip)]
    host: HostName,
    #[serde(skip)]
    role: Role,
    #[serde(skip)]
    login: String,
}

impl HostDocument {
    pub(crate) fn of(job: &Job, cloud: &Cloud, catalog: &Catalog, proven: &Proven) -> Self {
        let server = proven.server.server();
        Self {
            provider: Some(cloud.name().to_owned()),
            server_id: Some(server.id.clone()),
            ipv4: server.ipv4,
            ipv6: server.ipv6,
            rented: cloud.is_rented(),
            price_hourly: hourly(catalog, server).map(|p| p.normalize()),
            currency: Some(catalog.currency.clone()),
            expires_at: proven.server.marks().expires,
            role: proven.server.marks().role,
            ..Self::of_machine(job, &proven.found, proven.admin.shown())
        }
    }

    pub(crate) fn of_machine(job: &Job, found: &Found, login: String) -> Self {
        let installed = job.kept.installed();
        let system = match &found.system {
            RunningSystem::NixOs { closure } => Some(closure.clone()),
            _ => None,
        };
        Self {
            name: job.name.clone(),
            provider: None,
            server_id: None,
            ipv4: None,
            ipv6: None,
            firmware: found.firmware,
            layout: installed.as_ref().map_or_else(
                || choose_layout(job.host.spec.layout, found.firmware),
                |installed| installed.layout,
            ),
            arch: found.arch.clone(),
            proven: system.is_some(),
            system,
            installer: installed
                .as_ref()
                .map_or_else(|| Kind::of(job.context.machines()), |i| i.installer),
            layout_forced: installed.as_ref().is_some_and(|i| i.layout_forced),
            gate: installed.map(|i| i.gate),
            rented: false,
            price_hourly: None,
            currency: None,
            expires_at: None,
            host: job.host.name.clone(),
            role: Role::Server,
            login,
        }
    }

    /// The same of a machine that no vendor tells of, at that address.
    pub(crate) fn at(mut self, ip: IpAddr) -> Self {
        self.name = self.host.to_string();
        match ip {
            IpAddr::V4(ip) => self.ipv4 = Some(ip),
            IpAddr::V6(ip) => self.ipv6 = Ipv6Net::new(ip, 128).ok(),
        }
        self
    }

    fn price(&self) -> String {
        match (self.price_hourly, &self.currency) {
            (Some(price), Some(currency)) => format!("{price} {currency}/h"),
            _ if self.rented => "as its contract says".to_owned(),
            _ => "the vendor tells no price".to_owned(),
        }
    }

    pub(crate) fn text(&self, context: &Context) -> String {
        let naming = naming(context, &self.host, self.role);
        let mut text = format!("{} is up and proven\n", self.name);
        let mut line = |head: &str, body: String| {
            text.push_str(&format!("  {head:<10}{body}\n"));
        };
        let v4 = self.ipv4.map(|a| a.to_string());
        let v6 = self.ipv6.map(|n| n.to_string());
        let addresses: Vec<String> = [v4, v6].into_iter().flatten().collect();
        if !addresses.is_empty() {
            line("address", addresses.join(", "));
        }
        if self.provider.is_some() {
            line("log in", format!("provision ssh {naming}"));
            line("", self.login.clone());
        } else {
            line("log in", self.login.clone());
        }
        if let Some(system) = &self.system {
            line("system", system.clone());
        }
        let gate = self
            .gate
            .map_or_else(String::new, |g| format!(", gate: {}", g.as_str()));
        line(
            "machine",
            format!(
                "{}, {} firmware, layout {}{}{gate}",
                self.arch,
                self.firmware,
                self.layout,
                if self.layout_forced {
                    " (forced against the gate)"
                } else {
                    ""
                }
            ),
        );
        if self.installer == Kind::StandIn {
            line(
                "installer",
                format!(
                    "a stand-in for nixos-anywhere: the machine is {}",
                    if context.machines() == Some(MachineKind::Qemu) {
                        "the sandbox's"
                    } else {
                        "emulated"
                    }
                ),
            );
        }
        if self.provider.is_some() {
            let until = self.expires_at.map_or_else(
                || "no end is set".to_owned(),
                |at| format!("removable after {at:.0}"),
            );
            let emulated = if context.sandbox.is_some() {
                " (emulated: nothing is charged)"
            } else {
                ""
            };
            line("cost", format!("{}{emulated}, {until}", self.price()));
            line("remove", format!("provision teardown {naming}"));
        }
        text
    }
}

impl Document {
    pub(super) fn text(&self, context: &Context) -> String {
        self.hosts.iter().map(|host| host.text(context)).collect()
    }
}
