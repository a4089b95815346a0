//! The machine of a rented server: made with what its owner had on it when somebody first does
//! something with it, booted, written anew. To look at a server needs no machine.

use super::{Product, Service, Writing, service, service_mut};
use crate::faults::ActionError;
use crate::machine::{Board, Firmware, Image, Machine, MachineError, Platform, Spec};
use crate::settings::ovh::rented::RentedImage;
use crate::world::Held;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The login key of whoever had the server before: its private half was thrown away.
const ITS_OWNER: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBKiuQ5CSalQGyCyxxWdvhygmNgzLaTzd8LEoJostS6z somebody@elsewhere";

/// An id that says nothing, in the form of a UUID: always the same for the same parts.
pub(in crate::ovh) fn opaque(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("\0"));
    let hex = data_encoding::HEXLOWER.encode(&digest[..16]);
    format!(
        "{}-{}-4{}-8{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[13..16],
        &hex[17..20],
        &hex[20..32]
    )
}

/// Makes the machine of a service, and switches it on.
async fn make<P: Product>(
    held: &mut Held<'_>,
    name: &str,
) -> Result<Arc<dyn Machine>, ActionError> {
    let lost = |_| failed("the service is gone");
    let offer = super::offer::<P>(held, name).map_err(lost)?;
    let (id, spec, image, boot) = {
        let service = service::<P>(held, name).map_err(lost)?;
        let common = Spec {
            id: service.machine(),
            hostname: service.hostname().to_owned(),
            ipv4: service.ipv4,
            ipv6: service.ipv6(),
            ssh_port: held.ssh_port,
            arch: "x86_64".to_owned(),
            firmware: Firmware::Bios,
            memory_mib: 0,
            disk_gib: 0,
            platform: Platform {
                board: Board::OpenStack,
                ..Platform::default()
            },
        };
        let image = image(held, &service.image, vec![ITS_OWNER.to_owned()], None);
        let boot = P::boots(&offer, service);
        (service.machine(), P::spec(&offer, common), image, boot)
    };
    let made = async {
        let image = image.ok_or_else(|| gone(&id))?;
        let machine = held.make(spec).await?;
        machine.write_image(image).await?;
        machine.keep_booting(boot.clone()).await;
        machine.power_on(boot).await?;
        Ok::<_, MachineError>(machine)
    };
    match made.await {
        Ok(machine) => Ok(machine),
        Err(error) => {
            tracing::warn!(%error, "a rented server could not be made");
            // the next task tries again
            drop(held.destroy(&id).await);
            Err(failed("the sandbox could not make the server's machine"))
        }
    }
}

fn gone(machine: &str) -> MachineError {
    MachineError {
        machine: machine.to_owned(),
        message: "its image is gone".to_owned(),
    }
}

/// The image of this name for the default user with these keys.
fn image(
    held: &Held<'_>,
    name: &str,
    authorized_keys: Vec<String>,
    user_data: Option<String>,
) -> Option<Image> {
    let images = held.settings.ovh.rented_images.iter();
    let found: &RentedImage = images.into_iter().find(|image| image.name == name)?;
    Some(Image {
        os: found.os.clone(),
        version: found.version.clone(),
        user_data,
        authorized_keys,
        user: Some(found.user.clone()),
    })
}

/// Its machine, made if nobody has done anything with it before.
pub(in crate::ovh) async fn machine<P: Product>(
    held: &mut Held<'_>,
    name: &str,
) -> Result<Arc<dyn Machine>, ActionError> {
    match made::<P>(held, name) {
        Some(machine) => Ok(machine),
        None => make::<P>(held, name).await,
    }
}

/// Its machine, if it is made.
fn made<P: Product>(held: &Held<'_>, name: &str) -> Option<Arc<dyn Machine>> {
    held.machine(&service::<P>(held, name).ok()?.machine())
}

/// Whether its machine is switched on: one that nobody has touched runs, as it was handed over.
pub(in crate::ovh) async fn is_on<P>(held: &Held<'_>, service: &Service<P>) -> bool {
    match held.machine(&service.machine()) {
        Some(machine) => machine.is_on().await,
        None => true,
    }
}

pub(super) fn failed(message: &str) -> ActionError {
    ActionError {
        message: message.to_owned(),
        ..ActionError::default()
    }
}

/// Tells the machine what it boots from now on when the system inside reboots.
pub(in crate::ovh) async fn tell_boot<P: Product>(held: &Held<'_>, name: &str) {
    let boots = super::offer::<P>(held, name)
        .ok()
        .and_then(|offer| Some(P::boots(&offer, service::<P>(held, name).ok()?)));
    // one that is made later asks what it boots then
    if let (Some(boot), Some(machine)) = (boots, made::<P>(held, name)) {
        machine.keep_booting(boot).await;
    }
}

/// Switches it on with what it boots as things stand.
pub(super) async fn start<P: Product>(held: &mut Held<'_>, name: &str) -> Result<(), ActionError> {
    let lost = |_| failed("the service is gone");
    let offer = super::offer::<P>(held, name).map_err(lost)?;
    let boot = P::boots(&offer, service::<P>(held, name).map_err(lost)?);
    let machine = machine::<P>(held, name).await?;
    machine.keep_booting(boot.clone()).await;
    if machine.is_on().await {
        return Ok(());
    }
    machine.power_on(boot).await?;
    let now = held.now;
    P::booted(&offer, service_mut::<P>(held, name).map_err(lost)?, now);
    Ok(())
}

/// Writes an image over its disk; it is off afterwards.
pub(super) async fn write<P: Product>(
    held: &mut Held<'_>,
    name: &str,
    writing: &Writing,
) -> Result<(), ActionError> {
    let keys = writing.key.iter().cloned().collect();
    let image = image(held, &writing.image, keys, writing.user_data.clone())
        .ok_or_else(|| failed("the image is gone"))?;
    let machine = machine::<P>(held, name).await?;
    machine.power_off().await?;
    machine.write_image(image).await?;
    if let Ok(service) = service_mut::<P>(held, name) {
        service.image.clone_from(&writing.image);
    }
    Ok(())
}
