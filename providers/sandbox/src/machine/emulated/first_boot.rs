//! What a system does on its first boot only.

use super::boot::{HOST_KEY, put_host_key};
use super::disk::{Contents, Os};
use super::{cloud_init, keys};

/// What a system does on its first boot only.
pub(super) fn first_boot(contents: &mut Contents, notes: &mut Vec<String>) -> Result<(), String> {
    let generated = |name: &str| keys::generate(name).map_err(|e| format!("sshd-keygen: {e}"));
    match &mut contents.os {
        Os::Stock { seed, .. } => {
            let Some(image) = seed.take() else {
                return Ok(());
            };
            let data = image.user_data.as_deref().unwrap_or_default();
            let config = cloud_init::read(data, image.user.as_deref());
            if let Some(name) = &config.hostname {
                contents.hostname.clone_from(name);
            }
            contents.accounts = config.accounts(image.authorized_keys);
            let (private, public) = if let Some(private) = config.private {
                (private, config.public)
            } else {
                let fresh = generated(&contents.hostname)?;
                (fresh.private, Some(fresh.public))
            };
            let public = cloud_init::public_of(&private, public);
            put_host_key(&mut contents.files, &private, Some(public));
            notes.extend(config.notes);
        }
        Os::Nixos { .. } if !contents.files.contains_key(HOST_KEY) => {
            let fresh = generated(&contents.hostname)?;
            put_host_key(&mut contents.files, &fresh.private, Some(fresh.public));
        }
        Os::Nixos { .. } => {}
    }
    Ok(())
}
