//! Servers that are rented elsewhere, and taken over because the user names them.

use super::Known;
use super::wishes::Wishes;
use crate::cli::UpFlags;
use crate::failure::{Exit, Failure, Outcome};
use provision_api::{Server, ServerStatus};

/// The server that is named; never one that is not, for it will be wiped.
pub(super) fn named(
    name: &str,
    wishes: &Wishes,
    flags: &UpFlags,
    known: Known<'_>,
) -> Outcome<Server> {
    for (flag, given) in [
        ("--type", flags.server_type.is_some()),
        ("--location", flags.location.is_some()),
        ("--max-price", flags.max_price.is_some()),
    ] {
        if given {
            return Err(Failure::new(
                Exit::Refused,
                format!("{name}: {flag} means nothing here"),
                format!("servers of {} are rented already", known.provider),
            )
            .mend(format!("leave {flag} out")));
        }
    }
    let Some(wanted) = &wishes.service else {
        return Err(Failure::new(
            Exit::Config,
            format!("{name}: it is not said which server it shall have"),
            format!(
                "servers of {} are rented, not created; {}",
                known.provider,
                rented(known)
            ),
        )
        .mend("--server NAME, or service = \"NAME\" under [ovh] in host.toml; it will be wiped"));
    };
    let found = known.servers.iter().find(|s| s.id.as_str() == wanted);
    let Some(server) = found else {
        return Err(Failure::new(
            Exit::Config,
            format!("{name}: there is no server {wanted} at {}", known.provider),
            rented(known),
        )
        .mend("name it as the vendor's control panel does"));
    };
    free(name, server)?;
    Ok(server.clone())
}

/// Nobody has marked it, and it is one that can be worked on.
fn free(name: &str, server: &Server) -> Outcome {
    let id = &server.id;
    if let Some(marks) = &server.marks {
        return Err(Failure::new(
            Exit::Refused,
            format!("{name}: server {id} is taken"),
            format!("it is {}'s, for the host {}", marks.owner, marks.host),
        )
        .mend("name another; teardown gives a server back that is no longer wanted"));
    }
    if let ServerStatus::Other(word) = &server.status
        && word == "suspended"
    {
        return Err(Failure::new(
            Exit::Provider,
            format!("{name}: server {id} is suspended or expired"),
            "the vendor does nothing with it until its contract is in order",
        )
        .mend("renew it in the vendor's control panel, then run the command again"));
    }
    if let Some(doubt) = &server.doubt {
        return Err(Failure::new(
            Exit::Refused,
            format!("{name}: whose server {id} is cannot be told"),
            doubt,
        )
        .mend("look at its tags in the vendor's control panel"));
    }
    Ok(())
}

fn rented(known: Known<'_>) -> String {
    let names: Vec<&str> = known.servers.iter().map(|s| s.id.as_str()).collect();
    if names.is_empty() {
        "the account rents none".to_owned()
    } else {
        format!("the account rents {}", names.join(", "))
    }
}
