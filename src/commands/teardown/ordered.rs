//! What a run that was killed has ordered may come to exist after it was looked for: it is waited
//! for, and then it is removed with the rest, or surely not there.

use super::{Told, again, judge};
use crate::cli::Teardown;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::journal::orders::Open;
use crate::orders;

/// Waits until none of those that the flags mean can come any more, and answers with them. One that
/// is new is not over, so `--expired` waits for none.
pub(super) async fn over(context: &Context, flags: &Teardown) -> Outcome<Vec<Open>> {
    if flags.expired {
        return Ok(Vec::new());
    }
    let waited = orders::over(context, |open| is_meant(flags, open)).await;
    waited.map_err(|mut failure| {
        "nothing was removed".clone_into(&mut failure.what);
        failure.remove.get_or_insert(again(context, flags));
        failure
    })
}

/// As the marks of what comes of it would be judged.
fn is_meant(flags: &Teardown, open: &Open) -> bool {
    judge::is_meant(flags, &open.run, &open.order.host, open.order.role)
}

/// Where nobody could look, what was ordered may exist.
pub(super) fn or_perhaps(
    context: &Context,
    flags: &Teardown,
    failure: Failure,
    ordered: &[Open],
) -> Failure {
    if ordered.is_empty() {
        return failure;
    }
    let mut failure = orders::perhaps(failure, ordered);
    failure.remove.get_or_insert(again(context, flags));
    failure
}

/// Each of them is listed by now, or cannot come any more; where its provider was not asked, that
/// is not known.
pub(super) fn came(context: &Context, ordered: &[Open], asked: &[&str], told: &mut Told) {
    for open in ordered {
        let provider = open.order.provider.as_str();
        if asked.contains(&provider) {
            context.teller.note(format!(
                "{}: what run {} has ordered is listed by now, or will not come",
                open.name, open.run
            ));
            continue;
        }
        told.errors.push(format!(
            "{}: run {} has ordered it at {provider}, which was not looked at",
            open.name, open.run
        ));
        told.remaining.push(orders::told(open));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Rented;
    use crate::journal::orders::Order;
    use jiff::Timestamp;
    use provision_api::Role;

    fn open(host: &str, role: Role) -> Open {
        Open {
            name: host.to_owned(),
            order: Order {
                host: host.parse().unwrap(),
                role,
                provider: "hetzner".to_owned(),
                server_type: "cx23".to_owned(),
                location: "nbg1".to_owned(),
                price_hourly: None,
                currency: None,
            },
            run: "r1".parse().unwrap(),
            ordered_at: Timestamp::UNIX_EPOCH,
            until: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn those_are_waited_for_that_would_be_removed() {
        let flags = |hosts: &[&str], test: bool, run: Option<&str>| Teardown {
            hosts: hosts.iter().map(|host| host.parse().unwrap()).collect(),
            test,
            expired: false,
            run: run.map(|run| run.parse().unwrap()),
            rented: Rented::Leave,
            yes: true,
        };
        let (server, machine) = (open("web-1", Role::Server), open("web-1", Role::Test));
        for (flags, is_server, is_test) in [
            (flags(&["web-1"], false, None), true, false),
            (flags(&["web-2"], false, None), false, false),
            (flags(&["web-1"], true, None), false, true),
            (flags(&["web-2"], true, None), false, false),
            (flags(&[], true, None), false, true),
            (flags(&[], false, Some("r1")), true, true),
            (flags(&[], false, Some("r2")), false, false),
        ] {
            assert_eq!(is_meant(&flags, &server), is_server, "{flags:?}");
            assert_eq!(is_meant(&flags, &machine), is_test, "{flags:?}");
        }
    }
}
