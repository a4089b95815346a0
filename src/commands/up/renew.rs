//! A server that is proven already gets another end.

use crate::clouds::Cloud;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::plan::{Action, HostPlan};
use jiff::Timestamp;
use provision_api::Marks;

/// Writes the new end on the server, if one was asked for and nothing else is to be done.
///
/// The caller holds the server's lock.
pub(super) async fn renewed(context: &Context, cloud: &Cloud, plan: &mut HostPlan) -> Outcome {
    let (Action::Nothing(server), true, Some(ttl)) = (&plan.action, plan.renews, plan.ttl) else {
        return Ok(());
    };
    let name = &plan.name;
    let expires = Timestamp::now()
        .checked_add(ttl)
        .map_err(|e| Failure::new(Exit::Usage, format!("{name}: cannot live that long"), e))?;
    let marks = Marks {
        expires: Some(expires),
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
