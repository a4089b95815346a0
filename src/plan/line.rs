//! The plan in words.

use super::{Action, Choice, HostPlan};
use rust_decimal::Decimal;

impl HostPlan {
    /// One line that says what will be done and what it costs.
    pub fn line(&self, currency: &str) -> String {
        let until = self
            .ttl
            .map(|ttl| format!(", removable after {ttl:#}"))
            .unwrap_or_default();
        let line = match &self.action {
            Action::Create(choices) => {
                let first = choices.first().map(Choice::to_string).unwrap_or_default();
                let others = match choices.len() {
                    0 | 1 => String::new(),
                    many => format!(" (or {} more if sold out)", many - 1),
                };
                let price = price(choices, currency);
                format!(
                    "create {first}{others}, {price}{until}, install {}, reboot, prove",
                    self.host.name
                )
            }
            Action::Adopt(server) => format!(
                "take over server {} ({}), which is rented, and WIPE it{until}, install {}, reboot, prove; its contract stays as it is",
                server.id, server.server_type, self.host.name
            ),
            Action::Resume(server) => format!(
                "go on with server {} ({}), stopped when it was {}{until}",
                server.id(),
                server.server().server_type,
                server.marks().phase
            ),
            Action::Reinstall(server) => format!(
                "WIPE server {} ({}), which is {}, and install it again{until}",
                server.id(),
                server.server().server_type,
                server.marks().phase
            ),
            Action::Nothing(server) => {
                let id = server.id();
                if self.renews {
                    format!("set the end of server {id}, which is proven{until}")
                } else {
                    format!("nothing to do: server {id} is proven")
                }
            }
        };
        let line = if self.force_layout && !matches!(self.action, Action::Nothing(_)) {
            format!(
                "{line}; AGAINST THE GATE if the layout does not fit the firmware (--force-layout)"
            )
        } else {
            line
        };
        if self.surplus.is_empty() {
            return line;
        }
        let surplus: Vec<&str> = self.surplus.iter().map(|s| s.id().as_str()).collect();
        format!("remove {}, which is of no use; {line}", surplus.join(", "))
    }
}

/// The most that an hour of any of them costs.
fn price(choices: &[Choice], currency: &str) -> String {
    let prices: Option<Vec<Decimal>> = choices.iter().map(|c| c.hourly).collect();
    match prices.and_then(|all| all.into_iter().max()) {
        Some(most) => format!("at most {} {currency}/h", most.normalize()),
        None => "at a price that the vendor does not tell".to_owned(),
    }
}
