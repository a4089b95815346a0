//! `provision list`: what is up, found in the cloud and not only in local state.

use crate::clouds::Cloud;
use crate::commands::everywhere;
use crate::commands::found::{doubts, hourly};
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::journal::orders::Open;
use crate::orders;
use crate::report::{self, FailureDocument};
use ipnet::Ipv6Net;
use jiff::Timestamp;
use provision_api::{
    Arch, Catalog, HostName, Lease, OwnedServer, Phase, Role, RunId, ServerId, ServerStatus,
};
use rust_decimal::Decimal;
use serde::Serialize;
use std::collections::BTreeSet;
use std::net::Ipv4Addr;

/// One server of `list --output json`. The keys are an interface: `docs/json.md`.
#[derive(Debug, Serialize)]
pub struct Listed {
    name: String,
    host: HostName,
    provider: String,
    server_id: ServerId,
    status: ServerStatus,
    phase: Phase,
    proven: bool,
    role: Role,
    run: RunId,
    ipv4: Option<Ipv4Addr>,
    ipv6: Option<Ipv6Net>,
    #[serde(rename = "type")]
    server_type: String,
    location: String,
    arch: Arch,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    expired: bool,
    /// The run that is at work on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    lease: Option<Lease>,
    /// The vendor's time.
    #[serde(skip)]
    seen_at: Timestamp,
    rented: bool,
    price_hourly: Option<Decimal>,
    cost_so_far: Option<Decimal>,
    currency: Option<String>,
}

#[derive(Debug, Serialize)]
struct Document {
    schema: u32,
    servers: Vec<Listed>,
    /// What may come to exist: ordered by runs that did not live to hear of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    perhaps: Vec<Open>,
    /// Providers that could not be looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failures: Vec<FailureDocument>,
}

impl Listed {
    /// A server as it is listed.
    pub fn of(cloud: &Cloud, catalog: Option<&Catalog>, owned: &OwnedServer) -> Self {
        let (server, marks) = (owned.server(), owned.marks());
        // ends are written in the vendor's time
        let now = cloud.provider.now().unwrap_or_else(Timestamp::now);
        let price = catalog.and_then(|c| hourly(c, server));
        Self {
            name: server.name.clone(),
            host: marks.host.clone(),
            provider: cloud.name().to_owned(),
            server_id: server.id.clone(),
            status: server.status.clone(),
            phase: marks.phase,
            proven: marks.phase == Phase::Proven,
            role: marks.role,
            run: marks.run.clone(),
            ipv4: server.ipv4,
            ipv6: server.ipv6,
            server_type: server.server_type.clone(),
            location: server.location.clone(),
            arch: server.arch.clone(),
            created_at: server.created,
            expires_at: marks.expires,
            lease: marks.lease_at(Some(now)).cloned(),
            seen_at: now,
            expired: marks.expires.is_some_and(|at| at < now),
            rented: cloud.is_rented(),
            price_hourly: price.map(|p| p.normalize()),
            cost_so_far: price.and_then(|p| cost(p, server.created, now)),
            currency: catalog.map(|c| c.currency.clone()),
        }
    }

    fn row(&self) -> Vec<String> {
        let until = match self.expires_at {
            Some(_) if self.expired => "expired".to_owned(),
            Some(at) => ago(at.duration_since(self.seen_at).as_secs()),
            None => "-".to_owned(),
        };
        let currency = self.currency.as_deref().unwrap_or_default();
        let money = |amount: Option<Decimal>, per: &str| match amount {
            Some(amount) => format!("{amount} {currency}{per}"),
            None if self.rented => "rented".to_owned(),
            None => "?".to_owned(),
        };
        vec![
            self.name.clone(),
            self.provider.clone(),
            self.server_id.to_string(),
            self.phase.to_string(),
            self.ipv4.map_or_else(|| "-".to_owned(), |a| a.to_string()),
            self.server_type.clone(),
            self.location.clone(),
            ago(self.seen_at.duration_since(self.created_at).as_secs()),
            until,
            money(self.price_hourly, "/h"),
            money(self.cost_so_far, ""),
        ]
    }
}

/// Every begun hour is charged (Hetzner's and OVH's hourly billing alike); none where the price is
/// one that no sum can be made of.
fn cost(hourly: Decimal, since: Timestamp, now: Timestamp) -> Option<Decimal> {
    let seconds = now.duration_since(since).as_secs().max(0);
    let hours = seconds / 3600 + 1;
    let sum = hourly.checked_mul(Decimal::from(hours))?;
    Some(sum.round_dp(4).normalize())
}

fn ago(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{}s", seconds.max(0)),
        60..3600 => format!("{}m", seconds / 60),
        3600..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// Lists what is up.
pub async fn run(context: &Context) -> Outcome {
    let mut servers = Vec::new();
    let mut perhaps = orders::open(context);
    let everywhere = everywhere::servers(context).await;
    let mut everywhere = everywhere.map_err(|failure| orders::perhaps(failure, &perhaps))?;
    for (cloud, seen) in std::mem::take(&mut everywhere.seen) {
        doubts(context, &cloud, &seen);
        let ours: Vec<OwnedServer> = seen
            .into_iter()
            .filter_map(|server| OwnedServer::claim(server, &context.owner).ok())
            .collect();
        perhaps.retain(|open| !has_come(open, &cloud, &ours));
        // prices are asked for only where there is something that costs
        let catalog = if ours.is_empty() {
            None
        } else {
            cloud.provider.catalog().await.ok()
        };
        let listed = ours.iter();
        servers.extend(listed.map(|owned| Listed::of(&cloud, catalog.as_ref(), owned)));
    }
    servers.sort_by(|a, b| a.name.cmp(&b.name));
    if context.json() {
        let failures = everywhere.unseen.iter().map(FailureDocument::of).collect();
        report::document(&Document {
            schema: 1,
            servers,
            failures,
            perhaps: perhaps.clone(),
        });
        return everywhere.end().and_then(|()| unsure(context, &perhaps));
    }
    if servers.is_empty() {
        let is = if perhaps.is_empty() {
            "exists"
        } else {
            "is listed"
        };
        report::complain(&format!("no server of {} {is}", context.owner));
        return everywhere.end().and_then(|()| unsure(context, &perhaps));
    }
    let heads = [
        "NAME", "PROVIDER", "ID", "PHASE", "IPV4", "TYPE", "LOCATION", "AGE", "LEFT", "PRICE",
        "COST",
    ];
    report::print(&report::table(&heads, servers.iter().map(Listed::row)));
    everywhere.end().and_then(|()| unsure(context, &perhaps))
}

/// Whether an order is settled by what is listed: by what came of it, or by a server that has its
/// name where two cannot have the same.
fn has_come(open: &Open, cloud: &Cloud, ours: &[OwnedServer]) -> bool {
    let is_there = cloud.name() == open.order.provider;
    let is_unique = is_there && cloud.provider.capabilities().unique_names;
    let settles =
        |server: &OwnedServer| open.is(server) || is_unique && server.server().name == open.name;
    ours.iter().any(settles)
}

/// No list tells what becomes of an order that is under way.
fn unsure(context: &Context, perhaps: &[Open]) -> Outcome {
    let Some(last) = perhaps.iter().map(|open| open.until).max() else {
        return Ok(());
    };
    let all: BTreeSet<String> = perhaps.iter().map(orders::removal).collect();
    let flags = context.flags();
    let remove: Vec<String> = all
        .into_iter()
        .map(|what| format!("provision teardown {what}{flags}"))
        .collect();
    let mut failure = Failure::new(
        Exit::Remains,
        "more may come to exist than is listed",
        "a run that has ordered a server has not told what came of it",
    )
    .mend(format!("list again after {}", orders::clock(last)));
    failure.remove = Some(remove.join("\n"));
    Err(orders::perhaps(failure, perhaps))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_begun_hour_is_charged() {
        let start = Timestamp::UNIX_EPOCH;
        for (seconds, hours) in [(0, 1), (3599, 1), (3600, 2), (7300, 3)] {
            let now = start
                .checked_add(jiff::SignedDuration::from_secs(seconds))
                .unwrap();
            let price: Decimal = "0.0071".parse().unwrap();
            assert_eq!(
                cost(price, start, now),
                Some((price * Decimal::from(hours)).normalize())
            );
        }
        assert_eq!(
            cost(
                Decimal::MAX,
                start,
                start + jiff::SignedDuration::from_hours(2)
            ),
            None
        );
    }
}
