//! A server that is proven already gets another end.

use crate::clouds::Cloud;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::lease;
use crate::plan::{Action, HostPlan};
use provision_api::Marks;

/// Writes the new end on the server, if one was asked for and nothing else is to be done.
///
/// The caller holds the server's lock.
pub(super) async fn renewed(context: &Context, cloud: &Cloud, plan: &mut HostPlan) -> Outcome {
    let (Action::Nothing(server), true, Some(ttl)) = (&plan.action, plan.renews, plan.ttl) else {
        return Ok(());
    };
    let name = &plan.name;
    if let Some(lease) = lease::of_elsewhere(context, cloud, server) {
        return Err(Failure::new(
            Exit::Busy,
            format!("{name}: another run works on it"),
            format!("{lease}, on another computer"),
        )
        .mend("wait until that run has ended, then run the command again"));
    }
    let marks = Marks {
        expires: Some(lease::end(cloud, name, ttl)?),
        // whoever had it is dead
        lease: None,
        ..server.marks().clone()
    };
    let server = context
        .unless_stopped(format!("{name}: stopped"), async {
            let marked = cloud.provider.mark(server, &marks).await;
            marked.map_err(|e| Failure::provider(format!("{name}: cannot be marked"), &e))
        })
        .await?;
    plan.action = Action::Nothing(server);
    Ok(())
}
