//! `provision host key`: a host's identity before the host exists.

use crate::clouds::Cloud;
use crate::commands::found;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::host::Host;
use crate::identity::{KeyFile, age_recipient};
use crate::plan::server_name;
use crate::report;
use provision_api::{Fingerprint, HostName, Phase, Role};

/// Makes the identity if there is none, and prints its public half.
///
/// Where the host exists already with another identity, secrets that are encrypted for a new one
/// could never be read there: refused.
pub async fn run(context: &Context, host: &HostName) -> Outcome {
    let flake = context.flake()?;
    let host = found::host(&flake, host)?;
    let name = server_name(&host.name, Role::Server);
    let path = context.state.server(&name)?.identity();
    let kept = if path.exists() {
        Some(KeyFile::read(&path)?.fingerprint())
    } else {
        None
    };
    if let Some(installed) = installed(context, &host).await?
        && kept != Some(installed)
    {
        return Err(other_identity(context, &host, installed, kept));
    }
    let key = KeyFile::ensure(&path, &name)?;
    let age = age_recipient(&key.public);
    if context.json() {
        report::document(&serde_json::json!({
            "schema": 1,
            "host": host.name,
            "public_key": format!("{} {name}", key.public_line()),
            "fingerprint": key.fingerprint(),
            "age_recipient": age,
        }));
    } else {
        report::print(&format!("{} {name}", key.public_line()));
        if let Some(age) = age {
            report::print(&age);
        }
    }
    Ok(())
}

/// The identity that the host's server has, as its marks tell. Without credentials, or without a
/// connection, the cloud is not asked, and that is said: an identity can be made anywhere.
async fn installed(context: &Context, host: &Host) -> Outcome<Option<Fingerprint>> {
    let asked = async {
        let cloud = Cloud::open(context, found::provider_of(context, host))?;
        cloud.ours(&context.owner).await
    };
    let ours = match context.unless_stopped("nothing was done", asked).await {
        Ok(ours) => ours,
        Err(failure) if failure.exit == Exit::Interrupted => return Err(failure),
        Err(failure) => {
            context.teller.note(format!(
                "whether {} exists already with another identity was not asked: {failure}",
                host.name
            ));
            return Ok(None);
        }
    };
    Ok(ours
        .iter()
        .map(provision_api::OwnedServer::marks)
        // before that the marks tell the key of the first boot
        .filter(|m| m.phase >= Phase::Installed)
        .find(|m| m.host == host.name && m.role == Role::Server)
        .and_then(|m| m.host_key))
}

fn other_identity(
    context: &Context,
    host: &Host,
    installed: Fingerprint,
    kept: Option<Fingerprint>,
) -> Failure {
    let here = kept.map_or_else(
        || "no identity of it is kept here".to_owned(),
        |kept| format!("the one kept here is {kept}"),
    );
    Failure::new(
        Exit::Trust,
        format!("{}: exists already, with another identity", host.name),
        format!("its server shows {installed}, and {here}"),
    )
    .mend(format!(
        "copy servers/{0}/identity from the state folder that made it, or let \
         provision up {0} --reinstall{1} fetch it from the server (and install that anew)",
        host.name,
        context.flags()
    ))
}
