//! What is due happens: the effects of tasks on machines and on the project.

use super::instances::{Instance, Kind, Rescue, gateways, machine_id};
use super::{flavors, images};
use crate::faults::ActionError;
use crate::machine::{Board, Boot, Image, Machine, Network, Platform, RescueSystem, Spec};
use crate::world::Held;
use std::sync::Arc;

/// How long a system that was told to reboot may take until it is reset.
const SOFT: jiff::SignedDuration = jiff::SignedDuration::from_secs(120);
/// The disk of the rescue system, in GiB.
const RESCUE_DISK: u64 = 10;

type Outcome = Result<(), ActionError>;

/// Lets everything happen that is due; whether anything did.
pub(in crate::ovh) async fn settle(held: &mut Held<'_>) -> bool {
    let mut changed = finish_reboots(held).await;
    while let Some(id) = next(held) {
        changed = true;
        let instance = held.ovh.cloud.instances.get_mut(&id);
        let Some(task) = instance.and_then(|instance| instance.task.take()) else {
            break;
        };
        let outcome = match task.error {
            Some(error) => Err(error),
            None => happen(held, &id, task.kind).await,
        };
        if let Err(error) = outcome {
            tracing::info!(instance = id, %error.message, "an instance ends in an error");
            with(held, &id, |instance| instance.failed = true);
        }
    }
    changed
}

/// The instance whose task is due first.
fn next(held: &Held<'_>) -> Option<String> {
    let instances = held.ovh.cloud.instances.values();
    instances
        .filter_map(|instance| Some((instance.task.as_ref()?.due?, instance)))
        .filter(|(due, _)| *due <= held.now)
        .min_by_key(|(due, instance)| (*due, instance.created))
        .map(|(_, instance)| instance.id.clone())
}

fn with(held: &mut Held<'_>, id: &str, change: impl FnOnce(&mut Instance)) {
    if let Some(instance) = held.ovh.cloud.instances.get_mut(id) {
        change(instance);
    }
}

async fn happen(held: &mut Held<'_>, id: &str, kind: Kind) -> Outcome {
    match kind {
        Kind::Build => build(held, id).await,
        Kind::Start => on(&*machine(held, id)?).await,
        Kind::Stop => off(&*machine(held, id)?).await,
        Kind::SoftReboot => {
            machine(held, id)?.shutdown().await?;
            let until = held.now + SOFT;
            with(held, id, |instance| instance.reboot_until = Some(until));
            Ok(())
        }
        Kind::HardReboot => {
            let machine = machine(held, id)?;
            off(&*machine).await?;
            on(&*machine).await?;
            with(held, id, |instance| instance.failed = false);
            Ok(())
        }
        Kind::Rescue(rescue) => {
            boot(held, id, rescue_boot(&rescue)).await?;
            with(held, id, |instance| {
                instance.rescue = Some(rescue);
                instance.failed = false;
            });
            Ok(())
        }
        Kind::Unrescue => {
            boot(held, id, Boot::Disk).await?;
            with(held, id, |instance| instance.rescue = None);
            Ok(())
        }
        Kind::Rebuild(image) => rebuild(held, id, image).await,
        Kind::Delete => delete(held, id).await,
    }
}

fn failed(message: &str) -> ActionError {
    ActionError {
        message: message.to_owned(),
        ..ActionError::default()
    }
}

fn machine(held: &Held<'_>, id: &str) -> Result<Arc<dyn Machine>, ActionError> {
    held.machine(&machine_id(id))
        .ok_or_else(|| failed("the instance has no machine"))
}

async fn on(machine: &dyn Machine) -> Outcome {
    Ok(machine.power_on(Boot::Disk).await?)
}

async fn off(machine: &dyn Machine) -> Outcome {
    Ok(machine.power_off().await?)
}

/// Switches off and on again, and boots the same at every reboot from inside.
async fn boot(held: &Held<'_>, id: &str, boot: Boot) -> Outcome {
    let machine = machine(held, id)?;
    off(&*machine).await?;
    machine.keep_booting(boot.clone()).await;
    Ok(machine.power_on(boot).await?)
}

/// Root's password is the only way in.
fn rescue_boot(rescue: &Rescue) -> Boot {
    Boot::Rescue {
        authorized_keys: Vec::new(),
        password: Some(rescue.password.clone()),
        system: RescueSystem {
            disk_gib: Some(RESCUE_DISK),
            ..RescueSystem::default()
        },
    }
}

async fn build(held: &mut Held<'_>, id: &str) -> Outcome {
    let (spec, image) = plan(held, id)?;
    let machine = held.make(spec).await?;
    machine.write_image(image).await?;
    on(&*machine).await
}

async fn rebuild(held: &mut Held<'_>, id: &str, image: String) -> Outcome {
    let machine = machine(held, id)?;
    let was_on = machine.is_on().await;
    with(held, id, |instance| instance.image = image);
    let (_, image) = plan(held, id)?;
    off(&*machine).await?;
    machine.write_image(image).await?;
    with(held, id, |instance| instance.failed = false);
    if was_on { on(&*machine).await } else { Ok(()) }
}

async fn delete(held: &mut Held<'_>, id: &str) -> Outcome {
    held.ovh.cloud.instances.remove(id);
    if let Err(error) = held.destroy(&machine_id(id)).await {
        tracing::warn!(%error, "a machine could not be removed whole");
    }
    Ok(())
}

/// What an instance is made of, and what is on its disk.
fn plan(held: &Held<'_>, id: &str) -> Result<(Spec, Image), ActionError> {
    let instances = &held.ovh.cloud.instances;
    let instance = instances
        .get(id)
        .ok_or_else(|| failed("the instance is gone"))?;
    let flavor =
        flavors::named(held, &instance.flavor).ok_or_else(|| failed("the flavor is gone"))?;
    let image = images::named(held, &instance.image).ok_or_else(|| failed("the image is gone"))?;
    let (gateway4, gateway6) = gateways(held);
    let spec = Spec {
        id: instance.machine(),
        hostname: instance.hostname.clone(),
        ipv4: instance.ipv4,
        ipv6: instance.ipv6.clone(),
        ssh_port: held.ssh_port,
        arch: "x86_64".to_owned(),
        firmware: image.firmware,
        memory_mib: u64::from(flavor.ram),
        disk_gib: u64::from(flavor.disk),
        platform: Platform {
            board: Board::OpenStack,
            network: Network {
                gateway4,
                prefix6: 128,
                gateway6,
                auto6: false,
            },
            disks: flavor.disks,
            more_disks_gib: Vec::new(),
        },
    };
    let image = Image {
        os: image.os.clone(),
        version: image.version.clone(),
        user_data: instance.user_data.clone(),
        authorized_keys: instance.authorized_keys.clone(),
        user: Some(image.user.clone()),
    };
    Ok((spec, image))
}

/// Instances that went off because they were told to reboot are switched on again; one that does
/// not listen is reset.
async fn finish_reboots(held: &mut Held<'_>) -> bool {
    let instances = held.ovh.cloud.instances.values();
    let rebooting: Vec<(String, bool)> = instances
        .filter_map(|instance| Some((instance.id.clone(), instance.reboot_until? <= held.now)))
        .collect();
    let mut changed = false;
    for (id, late) in rebooting {
        let Ok(machine) = machine(held, &id) else {
            continue;
        };
        if machine.is_on().await && !late {
            continue;
        }
        changed = true;
        let back = match off(&*machine).await {
            Ok(()) => on(&*machine).await,
            wrong => wrong,
        };
        with(held, &id, |instance| {
            instance.reboot_until = None;
            instance.failed = back.is_err();
        });
    }
    changed
}
