//! What there is at every provider that there are credentials for.

use crate::clouds::Cloud;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use provision_api::{ErrorKind, Server};
use std::sync::Arc;

/// All servers of each provider, or of the one that is named.
///
/// The credentials of one vendor may open only some of its products: those that are closed are
/// said and passed over, as long as another one is open. Nothing that we made can be where we
/// are not let in, unless the rights have become fewer since: hence the warning.
pub(crate) async fn servers(context: &Context) -> Outcome<Vec<(Arc<Cloud>, Vec<Server>)>> {
    let (mut open, mut closed) = (Vec::new(), Vec::new());
    for cloud in Cloud::all(context)? {
        match cloud.provider.servers().await {
            Ok(servers) => open.push((cloud, servers)),
            Err(error) if is_closed(&error) && context.global.provider.is_none() => {
                closed.push((cloud, error));
            }
            Err(error) => return Err(unlisted(context, &error)),
        }
    }
    for (cloud, error) in closed {
        if !open
            .iter()
            .any(|(other, _)| other.vendor() == cloud.vendor())
        {
            return Err(unlisted(context, &error));
        }
        context.teller.warn(format!(
            "{}: passed over, what is there is not seen: {error}",
            cloud.name()
        ));
    }
    Ok(open)
}

/// Not let in, or there is nothing to be let into.
fn is_closed(error: &provision_api::Error) -> bool {
    matches!(error.kind, ErrorKind::Denied | ErrorKind::NotFound)
}

fn unlisted(context: &Context, error: &provision_api::Error) -> Failure {
    let failure = Failure::provider("cannot list the servers", error);
    if context.global.provider.is_some() {
        return failure;
    }
    failure.or_mend("or look at another provider alone: --provider NAME")
}
