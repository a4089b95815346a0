//! What is due happens: the effects of actions on machines and on the project.

use super::project::{Action, Effect, Rescue, Server, machine_id};
use crate::faults::ActionError;
use crate::machine::{Boot, Image, Machine, MachineError, Platform, RescueSystem, Spec};
use crate::world::Held;
use std::sync::Arc;

/// Lets everything happen that is due; whether anything did.
pub(crate) async fn settle(held: &mut Held<'_>) -> bool {
    let mut changed = disarm(held).await;
    changed |= finish_reboots(held).await;
    while let Some(id) = next(held) {
        changed = true;
        let effect = held
            .hetzner
            .actions
            .get(&id)
            .map(|action| action.effect.clone());
        let outcome = match effect {
            Some(effect) => happen(held, effect).await,
            None => Ok(()),
        };
        let now = held.now;
        if let Some(action) = held.hetzner.actions.get_mut(&id) {
            action.finished = Some(action.due.unwrap_or(now));
            action.error = outcome.err();
            action.effect = Effect::None;
        }
    }
    changed
}

/// The action that is due first.
fn next(held: &Held<'_>) -> Option<u64> {
    let due = |action: &Action| {
        action
            .due
            .filter(|due| action.running() && *due <= held.now)
    };
    held.hetzner
        .actions
        .values()
        .filter_map(|action| due(action).map(|due| (due, action.id)))
        .min()
        .map(|(_, id)| id)
}

/// Rescue systems that nobody used in time, or that a reboot from inside has used, are not armed
/// any more.
async fn disarm(held: &mut Held<'_>) -> bool {
    let servers = held.hetzner.servers.values();
    let armed: Vec<(u64, bool)> = servers
        .filter_map(|server| Some((server.id, server.rescue.as_ref()?.until <= held.now)))
        .collect();
    let mut changed = false;
    for (id, late) in armed {
        let machine = held.machine(&machine_id(id));
        let used = match &machine {
            Some(machine) if late => {
                machine.arm(None).await;
                true
            }
            Some(machine) => !machine.armed().await,
            None => false,
        };
        if (late || used)
            && let Some(server) = held.hetzner.servers.get_mut(&id)
        {
            server.rescue = None;
            changed = true;
        }
    }
    changed
}

/// Servers that went off because they were told to reboot are switched on again.
async fn finish_reboots(held: &mut Held<'_>) -> bool {
    let rebooting: Vec<(u64, bool)> = held
        .hetzner
        .servers
        .values()
        .filter_map(|server| {
            server
                .reboot_until
                .map(|until| (server.id, until <= held.now))
        })
        .collect();
    let mut changed = false;
    for (id, late) in rebooting {
        let off = match held.machine(&machine_id(id)) {
            Some(machine) => !machine.is_on().await,
            None => true,
        };
        if !off && !late {
            continue;
        }
        changed = true;
        if let Some(server) = held.hetzner.servers.get_mut(&id) {
            server.reboot_until = None;
        }
        if off && let Err(error) = start(held, id).await {
            tracing::warn!(server = id, %error.message, "a server did not come back from its reboot");
        }
    }
    changed
}

async fn happen(held: &mut Held<'_>, effect: Effect) -> Result<(), ActionError> {
    match effect {
        Effect::None => Ok(()),
        Effect::Fail(error) => Err(error),
        Effect::Create(id) => create(held, id).await,
        Effect::Start(id) => start(held, id).await,
        Effect::Stop(id) => Ok(machine(held, id)?.power_off().await?),
        Effect::Shutdown(id) => Ok(machine(held, id)?.shutdown().await?),
        Effect::Reboot(id) => reboot(held, id).await,
        Effect::Reset(id) => {
            machine(held, id)?.power_off().await?;
            start(held, id).await
        }
        Effect::ArmRescue(id, rescue) => arm(held, id, Some(rescue)).await,
        Effect::DisarmRescue(id) => arm(held, id, None).await,
        Effect::Rebuild(id) => rebuild(held, id).await,
        Effect::AttachVolume { volume, server } => attach(held, volume, server).await,
        Effect::DetachVolume { volume, server } => detach(held, volume, server).await,
        Effect::AssignAddress { address, server } => {
            super::addresses::assigned(held, address, server)
        }
        Effect::UnassignAddress(address) => {
            if let Some(address) = held.hetzner.addresses.get_mut(&address) {
                address.server = None;
            }
            Ok(())
        }
    }
}

fn machine(held: &Held<'_>, server: u64) -> Result<Arc<dyn Machine>, ActionError> {
    held.machine(&machine_id(server))
        .ok_or_else(|| failed("the server has no machine"))
}

fn with_server(
    held: &mut Held<'_>,
    id: u64,
    change: impl FnOnce(&mut Server),
) -> Result<(), ActionError> {
    let server = held.hetzner.servers.get_mut(&id);
    server
        .map(change)
        .ok_or_else(|| failed("the server is gone"))
}

pub(super) fn failed(message: impl Into<String>) -> ActionError {
    ActionError {
        message: message.into(),
        ..ActionError::default()
    }
}

impl From<MachineError> for ActionError {
    fn from(error: MachineError) -> Self {
        failed(error.to_string())
    }
}

async fn create(held: &mut Held<'_>, id: u64) -> Result<(), ActionError> {
    let (spec, image) = plan(held, id)?;
    let machine = held.make(spec).await?;
    machine.write_image(image).await?;
    let volumes: Vec<(u64, u64)> = held
        .hetzner
        .volumes
        .values()
        .filter(|volume| volume.server == Some(id))
        .map(|volume| (volume.id, volume.size))
        .collect();
    let first = held.settings.volume_first;
    for (volume, gib) in volumes {
        machine
            .attach_volume(&volume.to_string(), gib, first)
            .await?;
    }
    Ok(())
}

/// What a server is made of, and what is on its disk.
fn plan(held: &Held<'_>, id: u64) -> Result<(Spec, Image), ActionError> {
    let server = held
        .hetzner
        .servers
        .get(&id)
        .ok_or_else(|| failed("the server is gone"))?;
    let settings = &held.settings;
    let server_type = settings
        .server_types
        .iter()
        .find(|found| found.name == server.server_type)
        .ok_or_else(|| failed("the server type is gone"))?;
    let image = settings
        .images
        .iter()
        .find(|found| found.id == server.image)
        .ok_or_else(|| failed("the image is gone"))?;
    let spec = Spec {
        id: server.machine(),
        hostname: server.name.clone(),
        ipv4: server.machine_ipv4,
        ipv6: server.machine_ipv6.clone(),
        ssh_port: held.ssh_port,
        arch: server_type.architecture.kernel().to_owned(),
        firmware: server_type.firmware,
        memory_mib: u64::from(server_type.memory) * 1024,
        disk_gib: u64::from(server_type.disk),
        platform: Platform {
            disks: server_type.disks,
            ..Platform::default()
        },
    };
    let image = Image {
        os: image.os_flavor.clone(),
        version: image.os_version.clone(),
        user_data: server.user_data.clone(),
        authorized_keys: server.authorized_keys.clone(),
        user: None,
    };
    Ok((spec, image))
}

/// Arms the rescue system for the next boot, whoever asks for that one: the vendor's HTTP, which
/// knows it from here, or the system inside, which the machine itself boots again.
async fn arm(held: &mut Held<'_>, id: u64, rescue: Option<Rescue>) -> Result<(), ActionError> {
    machine(held, id)?.arm(rescue.clone().map(boot)).await;
    with_server(held, id, |server| server.rescue = rescue)
}

fn boot(rescue: Rescue) -> Boot {
    Boot::Rescue {
        authorized_keys: rescue.authorized_keys,
        password: Some(rescue.password),
        system: RescueSystem::default(),
    }
}

/// Switches on; an armed rescue system is booted, and is not armed any more.
async fn start(held: &mut Held<'_>, id: u64) -> Result<(), ActionError> {
    let machine = machine(held, id)?;
    if machine.is_on().await {
        return Ok(());
    }
    let rescue = held
        .hetzner
        .servers
        .get_mut(&id)
        .and_then(|server| server.rescue.take());
    // the system inside may have used it after the last look
    let armed = machine.armed().await;
    machine.arm(None).await;
    let boot = rescue.filter(|_| armed).map_or(Boot::Disk, boot);
    Ok(machine.power_on(boot).await?)
}

async fn reboot(held: &mut Held<'_>, id: u64) -> Result<(), ActionError> {
    let machine = machine(held, id)?;
    if !machine.is_on().await {
        return Ok(());
    }
    machine.shutdown().await?;
    let until = held.now + jiff::SignedDuration::from_secs(120);
    with_server(held, id, |server| server.reboot_until = Some(until))
}

async fn rebuild(held: &mut Held<'_>, id: u64) -> Result<(), ActionError> {
    let machine = machine(held, id)?;
    let was_on = machine.is_on().await;
    let (_, image) = plan(held, id)?;
    machine.power_off().await?;
    machine.write_image(image).await?;
    if was_on {
        start(held, id).await?;
    }
    Ok(())
}

async fn attach(held: &mut Held<'_>, volume: u64, server: u64) -> Result<(), ActionError> {
    let size = held
        .hetzner
        .volumes
        .get(&volume)
        .map(|volume| volume.size)
        .ok_or_else(|| failed("the volume is gone"))?;
    let first = held.settings.volume_first;
    // a machine that is not made yet gets its volumes when it is
    if let Some(machine) = held.machine(&machine_id(server)) {
        machine
            .attach_volume(&volume.to_string(), size, first)
            .await?;
    }
    if let Some(volume) = held.hetzner.volumes.get_mut(&volume) {
        volume.server = Some(server);
    }
    Ok(())
}

async fn detach(held: &mut Held<'_>, volume: u64, server: u64) -> Result<(), ActionError> {
    if let Some(machine) = held.machine(&machine_id(server)) {
        machine.detach_volume(&volume.to_string()).await?;
    }
    if let Some(volume) = held.hetzner.volumes.get_mut(&volume) {
        volume.server = None;
    }
    Ok(())
}
