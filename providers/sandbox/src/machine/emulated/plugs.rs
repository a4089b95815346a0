//! Volumes that are plugged in and pulled out, and the vendor's image on the own disk.

use super::disk::Disk;
use super::inner::Inner;
use super::names;
use super::partition::GIB;
use crate::machine::{Image, MachineError};

impl Inner {
    /// A volume is plugged in; one that was here before has what was on it.
    pub(crate) fn attach(&self, volume: &str, gib: u64, first: bool) -> Result<(), MachineError> {
        let mut state = self.state();
        if state
            .disks
            .iter()
            .any(|d| d.volume.as_deref() == Some(volume))
        {
            return Err(self.error(format!("volume {volume} is attached already")));
        }
        // one more unit than there are disks: one of them is free
        let units = 1..=u32::try_from(state.disks.len()).unwrap_or(u32::MAX);
        let lun = units
            .clone()
            .find(|lun| state.disks.iter().all(|d| d.lun != *lun))
            .unwrap_or(*units.end());
        let before = state
            .unplugged
            .iter()
            .position(|d| d.volume.as_deref() == Some(volume));
        let mut disk = match before {
            Some(at) => state.unplugged.swap_remove(at),
            None => Disk::volume(volume, gib, lun, first),
        };
        (disk.lun, disk.first, disk.bytes) = (lun, first, gib * GIB);
        state.disks.push(disk);
        if state.running.is_some() {
            let last = state.disks.len() - 1;
            names::hot_plug(&mut state.disks, last);
        }
        Ok(())
    }

    /// It is pulled out.
    pub(crate) fn detach(&self, volume: &str) -> Result<(), MachineError> {
        let mut state = self.state();
        let at = state
            .disks
            .iter()
            .position(|d| d.volume.as_deref() == Some(volume))
            .ok_or_else(|| self.error(format!("volume {volume} is not attached")))?;
        let mut disk = state.disks.remove(at);
        disk.name = None;
        if let Some(running) = &mut state.running {
            running.mounts.retain(|m| m.serial != disk.serial);
        }
        state.unplugged.push(disk);
        Ok(())
    }

    /// The vendor's image over the own disk of a machine that is off.
    pub(crate) async fn write_image(&self, image: Image) -> Result<(), MachineError> {
        // the power stays as it is meanwhile
        let _gate = self.gate().await;
        let mut state = self.state();
        if state.running.is_some() {
            return Err(self.error("it is on: an image is written to a machine that is off"));
        }
        match state.disks.iter_mut().find(|d| d.is_main()) {
            Some(own) => {
                own.write_stock(image, &self.spec.hostname, &self.spec.arch);
                Ok(())
            }
            None => Err(self.error("it has no disk of its own")),
        }
    }
}
