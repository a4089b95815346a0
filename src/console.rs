//! What a machine's serial console said, where the cloud keeps it.

mod plain;

pub use plain::plain;

use crate::clouds::Cloud;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use provision_api::{Error, ErrorKind};
use provision_sandbox::Access;
use serde::Deserialize;
use serde::de::DeserializeOwned;

#[derive(Debug, Deserialize)]
struct Machines {
    machines: Vec<Machine>,
}

#[derive(Debug, Deserialize)]
struct Machine {
    id: String,
    ipv4: String,
}

#[derive(Debug, Deserialize)]
struct Said {
    lines: Vec<String>,
}

/// All lines that are kept of the console of the sandbox's machine at that address, oldest first,
/// without control characters.
pub async fn of_sandbox(context: &Context, address: &str) -> Outcome<Vec<String>> {
    let Some(sandbox) = &context.sandbox else {
        return Err(Failure::new(
            Exit::Other,
            "the console cannot be read",
            "the machine is not the sandbox's",
        ));
    };
    let access = sandbox.access();
    let machines: Machines = ask(context, access, "/machines").await?;
    let mut machines = machines.machines.into_iter();
    let Some(machine) = machines.find(|machine| machine.ipv4 == address) else {
        return Err(Failure::new(
            Exit::Refused,
            "the console cannot be read",
            format!("the sandbox has no machine at {address}"),
        ));
    };
    let path = format!("/machines/{}/console", machine.id);
    let said: Said = ask(context, access, &path).await?;
    Ok(said.lines.iter().flat_map(|line| plain(line)).collect())
}

/// Whether a machine of the sandbox is at that address: others on loopback, this computer and
/// whatever is tunnelled to it, are nobody's to wipe.
pub async fn is_of_sandbox(context: &Context, address: &str) -> Outcome<bool> {
    let Some(sandbox) = &context.sandbox else {
        return Ok(false);
    };
    let machines: Machines = ask(context, sandbox.access(), "/machines").await?;
    Ok(machines.machines.iter().any(|m| m.ipv4 == address))
}

/// Asks the sandbox's control endpoint, which is on loopback and takes the world's token.
async fn ask<T: DeserializeOwned>(context: &Context, access: &Access, path: &str) -> Outcome<T> {
    let unread = |error: reqwest::Error| {
        Failure::new(
            Exit::Other,
            "the console cannot be read",
            format!("the sandbox does not tell it: {}", error.without_url()),
        )
    };
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(context.deadlines.command())
        .build()
        .map_err(unread)?;
    let request = client
        .get(format!("{}{path}", access.control))
        .bearer_auth(&access.token_hetzner);
    let answer = request.send().await.map_err(unread)?;
    let answer = answer.error_for_status().map_err(unread)?;
    answer.json().await.map_err(unread)
}

/// Why no line of a vendor's console can be had, and where it is to be seen.
pub fn elsewhere(cloud: &Cloud, name: &str) -> Failure {
    let error = Error::new(
        ErrorKind::Unsupported,
        cloud.name(),
        "read the serial console",
        "the vendor's API has a screen and a keyboard, and not the text of a serial console",
    );
    Failure::provider(format!("{name}: its console cannot be shown here"), &error)
        .mend(place(cloud.name()))
}

/// Where a person sees the console.
fn place(provider: &str) -> &'static str {
    match provider {
        "hetzner" => {
            "look at it at console.hetzner.cloud: the project, the server, and the button >_ \
             (a screen in the browser)"
        }
        "ovh-vps" => "look at it in OVHcloud's Control Panel: the VPS, Actions, KVM console",
        "ovh-dedicated" => {
            "look at it in OVHcloud's Control Panel: the dedicated server, IPMI, remote KVM or \
             serial over LAN"
        }
        _ => "look at it in OVHcloud's Control Panel: Public Cloud, the instance, VNC console",
    }
}

/// The lines that came since: those of `now` behind the longest end of `before` that it begins
/// with. A console forgets its oldest lines, and its last line may still have grown.
pub fn since<'a>(before: &[String], now: &'a [String]) -> &'a [String] {
    let whole = before.len().saturating_sub(1);
    for from in 0..=before.len() {
        let known = &before[from..];
        if now.starts_with(known) {
            return &now[known.len()..];
        }
        // the last line was begun, and has grown
        let begun = &before[from.min(whole)..whole];
        let grown = before.last().zip(now.get(begun.len()));
        if from < before.len()
            && now.starts_with(begun)
            && grown.is_some_and(|(old, new)| new.starts_with(old.as_str()))
        {
            return &now[begun.len()..];
        }
    }
    now
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn only_what_is_new_is_told() {
        for (before, now, new) in [
            ("", "a b", "a b"),
            ("a b", "a b", ""),
            ("a b", "a b c d", "c d"),
            // the oldest are forgotten
            ("a b c", "b c d", "d"),
            ("a b c", "c d e", "d e"),
            ("a b c", "x y", "x y"),
            // the last one has grown
            ("a b", "a bb c", "bb c"),
            ("a b c", "b cc", "cc"),
            ("b", "bb", "bb"),
            ("a b", "", ""),
            // the same line twice is two lines
            ("a a", "a a a", "a"),
        ] {
            let (before, now) = (lines(before), lines(now));
            assert_eq!(since(&before, &now), lines(new), "{before:?} → {now:?}");
        }
    }

    #[test]
    fn every_provider_has_a_place_to_look_at() {
        for name in crate::clouds::NAMES {
            assert!(place(name).starts_with("look at it"), "{name}");
        }
        assert!(place("hetzner").contains("hetzner"));
        assert!(place("ovh-dedicated").contains("IPMI"));
    }
}
