//! Whether a machine that does not answer may be reset for a look: only one that this run has
//! brought into that state, and that has had its time.

use super::Scene;
use super::gather::Machine;
use crate::clouds::Cloud;
use crate::event::Step;
use crate::failure::Exit;
use provision_api::{OwnedServer, Phase, Rescue};

/// The cloud that would do it, and the server; an error says why it is not done.
pub(super) fn allowed<'a>(
    scene: Scene<'a>,
    machine: &'a Machine,
    step: Step,
    exit: Exit,
) -> Result<(&'a Cloud, &'a OwnedServer), String> {
    let (
        Scene::Cloud {
            cloud, worked_on, ..
        },
        Some(server),
    ) = (scene, &machine.server)
    else {
        return Err("no cloud boots a rescue system on it".to_owned());
    };
    let is_own = worked_on == Some(server.id());
    if let Some(why) = refusal(step, exit, server.marks().phase, is_own) {
        return Err(why.to_owned());
    }
    match cloud.provider.capabilities().rescue {
        Rescue::Keys => Ok((cloud, server)),
        Rescue::Password(_) | Rescue::Elsewhere(_) => Err(format!(
            "{}'s rescue system takes no login key, only a password",
            cloud.name()
        )),
    }
}

/// Why this server is not reset, whatever the vendor could do.
fn refusal(step: Step, exit: Exit, phase: Phase, is_own: bool) -> Option<&'static str> {
    if phase == Phase::Proven {
        // it may well be at work, and only its SSH out of reach
        return Some("it was proven: a host at work is not reset for a look");
    }
    if !is_own {
        return Some("this run has not worked on it: it is not reset for a look");
    }
    match (step, exit) {
        // its boot had all of its time; an installer is given that before anything is done
        (Step::Boot, Exit::Unreachable) | (Step::Install, _) => None,
        _ => Some("it has booted from its disk: it is not reset for a look"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_this_run_has_brought_to_silence_is_reset() {
        use Phase::{Created, Installed, Proven};
        for (step, exit, phase, is_own, may) in [
            (Step::Boot, Exit::Unreachable, Installed, true, true),
            (Step::Boot, Exit::Unreachable, Created, true, true),
            (Step::Install, Exit::Install, Created, true, true),
            // a host at work, whatever this run did to it
            (Step::Boot, Exit::Unreachable, Proven, true, false),
            (Step::Install, Exit::Install, Proven, true, false),
            (Step::Prove, Exit::Unproven, Proven, true, false),
            (Step::Prove, Exit::Unproven, Proven, false, false),
            // another run's
            (Step::Boot, Exit::Unreachable, Installed, false, false),
            (Step::Install, Exit::Install, Created, false, false),
            // it has answered since its boot
            (Step::Prove, Exit::Unproven, Installed, true, false),
            (Step::Prove, Exit::Unreachable, Installed, true, false),
            (Step::Boot, Exit::Unproven, Installed, true, false),
        ] {
            let refused = refusal(step, exit, phase, is_own);
            assert_eq!(refused.is_none(), may, "{step} {exit:?} {phase} {is_own}");
        }
    }
}
