//! With whose credentials a provider is spoken to: the user's, or the sandbox's.

use super::NAMES;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use provision_api::Provider;
use provision_api::http::{Limits, PlainHttp};
use provision_hetzner::Hetzner;
use provision_ovh::{Credentials, Dedicated, PublicCloud, Vps};
use provision_sandbox::Access;
use secrecy::SecretString;
use std::path::PathBuf;
use std::sync::Arc;

/// Names the one host, besides this one, to which plain HTTP may be spoken.
const PLAIN: &str = "PROVISION_PLAIN_HTTP";

/// The adapter of that name.
pub(super) fn provider(context: &Context, name: &'static str) -> Outcome<Arc<dyn Provider>> {
    let refused = |error: provision_api::Error| no_access(vendor(name), error);
    Ok(match name {
        "hetzner" => Arc::new(Hetzner::new(hetzner(context)?).map_err(refused)?),
        provision_ovh::VPS => Arc::new(Vps::new(ovh(context)?).map_err(refused)?),
        provision_ovh::DEDICATED => Arc::new(Dedicated::new(ovh(context)?).map_err(refused)?),
        _ => Arc::new(PublicCloud::new(ovh(context)?).map_err(refused)?),
    })
}

/// The providers that there are credentials for, and why others cannot be used: what is at those
/// goes unseen.
pub(super) fn present(context: &Context) -> Outcome<(Vec<&'static str>, Vec<Failure>)> {
    if context.sandbox.is_some() {
        return Ok((NAMES.to_vec(), Vec::new()));
    }
    let mut unusable = Vec::new();
    let hetzner = hetzner(context);
    let ovh = provision_ovh::Config::from_environment(variable, home().as_deref(), &here());
    let (has_hetzner, has_ovh) = (hetzner.is_ok(), ovh.is_ok());
    let lacks_ovh = matches!(&ovh, Err(provision_ovh::ConfigError::None { .. }));
    if let (Err(hetzner), Err(ovh)) = (&hetzner, &ovh)
        && !is_hetzner_configured()
        && lacks_ovh
    {
        return Err(Failure::new(
            Exit::Denied,
            "there is no access to any cloud",
            format!("{hetzner}\nOVHcloud: {ovh}"),
        ));
    }
    match hetzner {
        Err(failure) if is_hetzner_configured() => unusable.push(failure),
        _ => {}
    }
    match ovh {
        Err(error) if !lacks_ovh => unusable.push(no_access("OVHcloud", error)),
        _ => {}
    }
    let is_there = |name: &&str| match vendor(name) {
        "OVHcloud" => has_ovh,
        _ => has_hetzner,
    };
    Ok((NAMES.iter().copied().filter(is_there).collect(), unusable))
}

fn vendor(name: &str) -> &'static str {
    if name.starts_with("ovh") {
        "OVHcloud"
    } else {
        "Hetzner Cloud"
    }
}

fn no_access(vendor: &str, why: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Denied, format!("there is no access to {vendor}"), why)
}

fn hetzner(context: &Context) -> Outcome<provision_hetzner::Config> {
    if let Some(sandbox) = &context.sandbox {
        let access = sandbox.access();
        let token = SecretString::from(access.token_hetzner.clone());
        let endpoint = endpoint(&access.endpoint_hetzner)?;
        let mut config = provision_hetzner::Config::new(endpoint, token);
        config.limits = scaled(context, config.limits);
        return Ok(config);
    }
    let config = provision_hetzner::Config::from_environment(variable, home().as_deref());
    let mut config = config.map_err(|error| no_access("Hetzner Cloud", error))?;
    config.limits = scaled(context, config.limits);
    config.plain = plain(context);
    Ok(config)
}

/// The limits of single requests follow the scale of all deadlines; shorter than this an answer
/// is not late, but this machine is busy.
fn scaled(context: &Context, limits: Limits) -> Limits {
    const LEAST: f64 = 0.05;
    limits.scaled(context.deadlines.scale().max(LEAST))
}

/// Whether anything says that Hetzner Cloud is used here.
fn is_hetzner_configured() -> bool {
    let named = ["HCLOUD_TOKEN", "HCLOUD_CONTEXT", "HCLOUD_CONFIG"];
    if named
        .iter()
        .any(|name| variable(name).is_some_and(|v| !v.is_empty()))
    {
        return true;
    }
    let xdg = variable("XDG_CONFIG_HOME").map(PathBuf::from);
    let folders = [xdg, home().map(|home| home.join(".config"))];
    let mut files = folders.into_iter().flatten();
    files.any(|folder| folder.join("hcloud/cli.toml").exists())
}

fn ovh(context: &Context) -> Outcome<provision_ovh::Config> {
    let mut config = if let Some(sandbox) = &context.sandbox {
        sandboxed(sandbox.access())?
    } else {
        let config = provision_ovh::Config::from_environment(variable, home().as_deref(), &here());
        let mut config = config.map_err(|error| no_access("OVHcloud", error))?;
        config.plain = plain(context);
        config
    };
    config.limits = scaled(context, config.limits);
    Ok(config)
}

/// Where plain HTTP is spoken to, which somebody has to ask for by name.
fn plain(context: &Context) -> PlainHttp {
    match variable(PLAIN).filter(|host| !host.is_empty()) {
        Some(host) => {
            context.teller.note(format!(
                "{PLAIN}: whoever is on the way to {host} can read the credentials, if it is \
                 spoken to by http"
            ));
            PlainHttp::To(host)
        }
        None => PlainHttp::LoopbackOnly,
    }
}

fn sandboxed(access: &Access) -> Outcome<provision_ovh::Config> {
    let credentials = Credentials::Signature {
        application_key: access.ovh_application_key.clone(),
        application_secret: SecretString::from(access.ovh_application_secret.clone()),
        consumer_key: SecretString::from(access.ovh_consumer_key.clone()),
    };
    let mut config = provision_ovh::Config::new(endpoint(&access.endpoint_ovh)?, credentials);
    config.project = Some(access.ovh_project.clone());
    Ok(config)
}

fn endpoint(text: &str) -> Outcome<url::Url> {
    url::Url::parse(text).map_err(|e| Failure::new(Exit::Other, "the sandbox has no endpoint", e))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn home() -> Option<PathBuf> {
    etcetera::home_dir().ok()
}

fn here() -> PathBuf {
    std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."))
}
