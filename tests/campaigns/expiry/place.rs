//! A cloud for one cell: a server in it, its clock, and what is written on the server.

use crate::lab::{Lab, Ran};
use serde_json::{Value, json};
use std::path::Path;

pub(super) const MINUTE: i64 = 60;
pub(super) const HOUR: i64 = 3600;
pub(super) const DAY: i64 = 24 * HOUR;

/// What is sold, or rented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Product {
    Hetzner,
    Cloud,
    Vps,
    Dedicated,
}

impl Product {
    pub(super) const ALL: [Self; 4] = [Self::Hetzner, Self::Cloud, Self::Vps, Self::Dedicated];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Hetzner => "hetzner",
            Self::Cloud => "ovh",
            Self::Vps => "ovh-vps",
            Self::Dedicated => "ovh-dedicated",
        }
    }

    pub(super) fn host(self) -> &'static str {
        match self {
            Self::Hetzner => "hetzner-cloud",
            _ => "ovh-cloud",
        }
    }

    /// The server that is rented.
    pub(super) fn service(self) -> Option<&'static str> {
        match self {
            Self::Hetzner | Self::Cloud => None,
            Self::Vps => Some("vps-0a1b2c3d.vps.ovh.net"),
            Self::Dedicated => Some("ns3000001.ip-203-0-113.eu"),
        }
    }
}

/// A lab of one product.
pub(super) struct Place {
    pub(super) lab: Lab,
    pub(super) product: Product,
    /// Seconds that the vendor's clock is ahead when it begins.
    skew: i64,
}

impl Place {
    pub(super) fn new(product: Product, skew: i64) -> Self {
        Self::with(product, skew, &json!({}))
    }

    /// With settings of the world besides the clock's.
    pub(super) fn with(product: Product, skew: i64, more: &Value) -> Self {
        let place = Self {
            lab: Lab::new(),
            product,
            skew,
        };
        place.settings(0, more);
        place
    }

    /// So long after the beginning, in the vendor's time.
    pub(super) fn later(&self, seconds: i64) {
        self.settings(seconds, &json!({}));
    }

    pub(super) fn settings(&self, seconds: i64, more: &Value) {
        let mut settings = json!({ "clock_skew_seconds": self.skew + seconds });
        let all = settings.as_object_mut().unwrap();
        all.extend(more.as_object().unwrap().clone());
        self.lab.world(&settings);
    }

    /// The vendor's time so long after the beginning, in epoch seconds.
    pub(super) fn vendors(&self, seconds: i64) -> i64 {
        jiff::Timestamp::now().as_second() + self.skew + seconds
    }

    /// The command line, for this product and the sandbox.
    pub(super) fn line(&self, verb: &str, flags: &str) -> String {
        let (host, provider) = (self.product.host(), self.product.name());
        format!("{verb} {host} --provider {provider} {flags} --sandbox --yes")
    }

    /// `up`, of a server that does not exist yet or has to be named.
    pub(super) fn up(&self, flags: &str) -> Ran {
        self.lab.run(&self.up_line(flags))
    }

    pub(super) fn up_line(&self, flags: &str) -> String {
        let server = self.product.service();
        let server = server.map_or_else(String::new, |name| format!("--server {name}"));
        self.line("up", &format!("{server} {flags}"))
    }

    /// What a timer runs, with a state folder of its own.
    pub(super) fn expire(&self) -> Ran {
        let mut command = self.lab.command("teardown --expired --yes --sandbox");
        command.args(["--output", "json"]);
        Ran::of(self.elsewhere(&mut command).output().unwrap())
    }

    /// As on another computer of the same owner: the cloud is the same, the state is not.
    pub(super) fn elsewhere<'a>(
        &self,
        command: &'a mut std::process::Command,
    ) -> &'a mut std::process::Command {
        let other = self.lab.path("elsewhere");
        if !other.exists() {
            for dir in [other.clone(), other.join("sandbox")] {
                std::fs::create_dir_all(&dir).unwrap();
                let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
                std::fs::set_permissions(&dir, private).unwrap();
            }
            let world = self.lab.state().join("sandbox/world");
            std::os::unix::fs::symlink(world, other.join("sandbox/world")).unwrap();
            // the login key is the owner's, wherever they work
            let keys = self.lab.state().join("sandbox/keys");
            if keys.exists() {
                std::os::unix::fs::symlink(keys, other.join("sandbox/keys")).unwrap();
            }
        }
        command.env("PROVISION_STATE_DIR", other)
    }

    fn document(&self) -> std::path::PathBuf {
        self.lab.state().join("sandbox/world/world.json")
    }

    /// What is kept of the cell's server, if it exists.
    pub(super) fn server(&self) -> Option<Value> {
        let mut document = read(&self.document())?;
        found(&mut document, self.product).map(serde_json::Value::take)
    }

    /// Whether it exists and bears somebody's mark.
    pub(super) fn is_marked(&self) -> bool {
        let Some(server) = self.server() else {
            return false;
        };
        match self.product {
            Product::Cloud => server["name"].as_str().unwrap().contains("_prov1_"),
            _ => server["labels"].get("provision-owner").is_some(),
        }
    }

    /// Writes on the server what the vendor's console, or another program, might: nobody may have
    /// the world open.
    pub(super) fn rewrite(&self, change: impl FnOnce(&mut Value)) {
        let file = self.document();
        let mut document = read(&file).unwrap();
        change(found(&mut document, self.product).expect("the server exists"));
        std::fs::write(&file, document.to_string()).unwrap();
    }

    /// How its machines misbehave from now on; nobody may have the world open.
    pub(super) fn machines(&self, faults: &Value) {
        let file = self.document();
        let mut document = read(&file).unwrap();
        for machine in document["machines"].as_object_mut().unwrap().values_mut() {
            assert!(machine["state"].get("faults").is_some(), "{machine:#}");
            machine["state"]["faults"] = faults.clone();
        }
        std::fs::write(&file, document.to_string()).unwrap();
    }

    /// Writes a lease on it: until then, of that run.
    pub(super) fn lease(&self, until: i64, run: &str) {
        let product = self.product;
        self.rewrite(|server| match product {
            Product::Cloud => {
                let name = server["name"].as_str().unwrap();
                let mut parts: Vec<String> = name.splitn(7, '_').map(str::to_owned).collect();
                let state = parts[5].split('l').next().unwrap();
                parts[5] = format!("{state}l{until}-{run}");
                server["name"] = json!(parts.join("_"));
            }
            _ => server["labels"]["provision-lease"] = json!(format!("{until}.{run}")),
        });
    }

    /// The end of the lease on it, if there is one.
    pub(super) fn leased_until(&self) -> Option<i64> {
        let server = self.server()?;
        let text = if self.product == Product::Cloud {
            let name = server["name"].as_str()?;
            let state = name.split('_').nth(5)?;
            state.split_once('l')?.1.split_once('-')?.0.to_owned()
        } else {
            let label = server["labels"].get("provision-lease")?.as_str()?;
            label.split_once('.')?.0.to_owned()
        };
        text.parse().ok()
    }
}

fn read(file: &Path) -> Option<Value> {
    let text = std::fs::read_to_string(file).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

/// The product's server in the world's document: the only one, or the one that is rented.
fn found(document: &mut Value, product: Product) -> Option<&mut Value> {
    match product {
        Product::Hetzner => first(&mut document["hetzner"]["servers"]),
        Product::Cloud => first(&mut document["ovh"]["cloud"]["instances"]),
        Product::Vps => named(&mut document["ovh"]["vps"], product.service()?),
        Product::Dedicated => named(&mut document["ovh"]["dedicated"], product.service()?),
    }
}

fn first(servers: &mut Value) -> Option<&mut Value> {
    servers.as_object_mut()?.values_mut().next()
}

/// Whatever is called so and has labels.
fn named<'a>(value: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    if value["name"] == name && value.get("labels").is_some() {
        return Some(value);
    }
    match value {
        Value::Object(all) => all.values_mut().find_map(|value| named(value, name)),
        Value::Array(all) => all.iter_mut().find_map(|value| named(value, name)),
        _ => None,
    }
}
