//! `provision host key`: a host's identity before the host exists.

use crate::commands::found;
use crate::context::Context;
use crate::failure::Outcome;
use crate::identity::{KeyFile, age_recipient};
use crate::plan::server_name;
use crate::report;
use provision_api::{HostName, Role};

/// Makes the identity if there is none, and prints its public half.
pub fn run(context: &Context, host: &HostName) -> Outcome {
    let flake = context.flake()?;
    let host = found::host(&flake, host)?;
    let name = server_name(&host.name, Role::Server);
    let key = KeyFile::ensure(&context.state.server(&name)?.identity(), &name)?;
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
