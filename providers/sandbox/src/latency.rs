//! How long the emulated cloud takes: nothing unless it is asked for.

use crate::machine::emulated;
use serde::{Deserialize, Deserializer, Serialize};
use std::time::Duration;

/// Milliseconds for each kind of work; all zero (the default) means that work is done by the
/// next time anyone looks.
///
/// In a settings file it is `"off"`, `"realistic"`, or an object with the fields that differ
/// from off.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Latency {
    /// Everything below is multiplied by this; 1 when not given.
    pub scale: f64,
    /// From the order of a server to a disk with the image on it.
    pub create_ms: u64,
    /// Switching on, until the firmware runs.
    pub start_ms: u64,
    /// Pulling the plug.
    pub stop_ms: u64,
    /// Pulling the plug and switching on again.
    pub reset_ms: u64,
    /// Pressing the power button, for a shutdown or a reboot.
    pub button_ms: u64,
    /// Arming or disarming the rescue system.
    pub rescue_ms: u64,
    /// Writing an image over a disk.
    pub rebuild_ms: u64,
    /// Removing a server.
    pub delete_ms: u64,
    /// Making, plugging in or pulling out a volume.
    pub volume_ms: u64,
    /// Moving an address.
    pub address_ms: u64,
    /// Everything else that is an action.
    pub other_ms: u64,
    /// The machine's: from power to a login on the vendor's image.
    pub stock_ms: u64,
    /// The machine's: from power to a login on the rescue system.
    pub rescue_boot_ms: u64,
    /// The machine's: from power to a login on an installed system.
    pub disk_ms: u64,
    /// The machine's: from the end of the old system to a login on the installer.
    pub kexec_ms: u64,
    /// The machine's: how long a system that was told from inside to reboot, to power off or to
    /// start the installer by kexec goes on answering before it is gone. Never less than 300,
    /// which is not multiplied: no real system dies with the login that asked for it.
    pub down_ms: u64,
    /// The machine's: the formatting of its disks.
    pub disko_ms: u64,
    /// The machine's: the copy of the closure and its installation.
    pub install_ms: u64,
}

/// A kind of work that takes time at the vendor's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    Create,
    Start,
    Stop,
    Reset,
    Button,
    Rescue,
    Rebuild,
    Delete,
    Volume,
    Address,
    Other,
}

impl Latency {
    /// No waiting at all.
    pub const OFF: Self = Self {
        scale: 1.0,
        create_ms: 0,
        start_ms: 0,
        stop_ms: 0,
        reset_ms: 0,
        button_ms: 0,
        rescue_ms: 0,
        rebuild_ms: 0,
        delete_ms: 0,
        volume_ms: 0,
        address_ms: 0,
        other_ms: 0,
        stock_ms: 0,
        rescue_boot_ms: 0,
        disk_ms: 0,
        kexec_ms: 0,
        down_ms: 0,
        disko_ms: 0,
        install_ms: 0,
    };

    /// What a small shared server takes on an ordinary day; estimates, not measurements.
    #[must_use]
    pub const fn realistic() -> Self {
        Self {
            scale: 1.0,
            create_ms: 8_000,
            start_ms: 1_500,
            stop_ms: 1_500,
            reset_ms: 2_000,
            button_ms: 500,
            rescue_ms: 1_000,
            rebuild_ms: 8_000,
            delete_ms: 3_000,
            volume_ms: 2_000,
            address_ms: 1_000,
            other_ms: 500,
            stock_ms: 12_000,
            rescue_boot_ms: 20_000,
            disk_ms: 15_000,
            kexec_ms: 30_000,
            down_ms: 2_000,
            disko_ms: 8_000,
            install_ms: 60_000,
        }
    }

    /// The same with everything multiplied by `factor`; a factor that is no number, or less
    /// than nothing, counts as nothing.
    #[must_use]
    pub fn scaled(mut self, factor: f64) -> Self {
        self.scale *= if factor.is_finite() {
            factor.max(0.0)
        } else {
            0.0
        };
        self
    }

    /// What of it is the machines' own.
    pub(crate) fn of_machines(&self) -> emulated::Latency {
        emulated::Latency {
            stock: self.apply(self.stock_ms),
            rescue: self.apply(self.rescue_boot_ms),
            kexec: self.apply(self.kexec_ms),
            down: self.apply(self.down_ms),
            disk: self.apply(self.disk_ms),
            disko: self.apply(self.disko_ms),
            install: self.apply(self.install_ms),
        }
    }

    pub(crate) fn of(&self, work: Work) -> Duration {
        self.apply(match work {
            Work::Create => self.create_ms,
            Work::Start => self.start_ms,
            Work::Stop => self.stop_ms,
            Work::Reset => self.reset_ms,
            Work::Button => self.button_ms,
            Work::Rescue => self.rescue_ms,
            Work::Rebuild => self.rebuild_ms,
            Work::Delete => self.delete_ms,
            Work::Volume => self.volume_ms,
            Work::Address => self.address_ms,
            Work::Other => self.other_ms,
        })
    }

    fn apply(&self, ms: u64) -> Duration {
        let scale = if self.scale.is_finite() {
            self.scale.max(0.0)
        } else {
            0.0
        };
        Duration::try_from_secs_f64(Duration::from_millis(ms).as_secs_f64() * scale)
            .unwrap_or(Duration::MAX)
    }
}

impl Default for Latency {
    fn default() -> Self {
        Self::OFF
    }
}

/// The fields as a file may give them.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Fields {
    scale: Option<f64>,
    create_ms: u64,
    start_ms: u64,
    stop_ms: u64,
    reset_ms: u64,
    button_ms: u64,
    rescue_ms: u64,
    rebuild_ms: u64,
    delete_ms: u64,
    volume_ms: u64,
    address_ms: u64,
    other_ms: u64,
    stock_ms: u64,
    rescue_boot_ms: u64,
    disk_ms: u64,
    kexec_ms: u64,
    down_ms: u64,
    disko_ms: u64,
    install_ms: u64,
}

impl From<Fields> for Latency {
    fn from(given: Fields) -> Self {
        Self {
            scale: given.scale.unwrap_or(1.0),
            create_ms: given.create_ms,
            start_ms: given.start_ms,
            stop_ms: given.stop_ms,
            reset_ms: given.reset_ms,
            button_ms: given.button_ms,
            rescue_ms: given.rescue_ms,
            rebuild_ms: given.rebuild_ms,
            delete_ms: given.delete_ms,
            volume_ms: given.volume_ms,
            address_ms: given.address_ms,
            other_ms: given.other_ms,
            stock_ms: given.stock_ms,
            rescue_boot_ms: given.rescue_boot_ms,
            disk_ms: given.disk_ms,
            kexec_ms: given.kexec_ms,
            down_ms: given.down_ms,
            disko_ms: given.disko_ms,
            install_ms: given.install_ms,
        }
    }
}

impl<'de> Deserialize<'de> for Latency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        // through a value, so that a wrong field is named rather than "no variant matched"
        let value = serde_json::Value::deserialize(deserializer)?;
        match value.as_str() {
            Some("off") => Ok(Self::OFF),
            Some("realistic") => Ok(Self::realistic()),
            Some(other) => Err(D::Error::custom(format!(
                "latency is \"off\", \"realistic\" or an object of milliseconds, not {other:?}"
            ))),
            None => serde_json::from_value::<Fields>(value)
                .map(Self::from)
                .map_err(D::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_in_each_of_its_forms() {
        let read = |text: &str| serde_json::from_str::<Latency>(text);
        assert_eq!(read("\"off\"").unwrap(), Latency::OFF);
        assert_eq!(read("\"realistic\"").unwrap(), Latency::realistic());
        let some = read(r#"{"scale":0.5,"create_ms":1000}"#).unwrap();
        assert_eq!(some.of(Work::Create), Duration::from_millis(500));
        assert_eq!(some.of(Work::Reset), Duration::ZERO);
        assert!(
            read("\"slow\"")
                .unwrap_err()
                .to_string()
                .contains("realistic")
        );
        assert!(
            read(r#"{"creat_ms":1}"#)
                .unwrap_err()
                .to_string()
                .contains("creat_ms")
        );
        let kept = serde_json::to_string(&Latency::realistic().scaled(0.1)).unwrap();
        assert_eq!(read(&kept).unwrap(), Latency::realistic().scaled(0.1));
    }

    #[test]
    fn a_senseless_factor_is_nothing() {
        for factor in [f64::NAN, f64::INFINITY, -1.0] {
            let latency = Latency::realistic().scaled(factor);
            assert_eq!(latency.of(Work::Create), Duration::ZERO, "{factor}");
        }
    }
}
