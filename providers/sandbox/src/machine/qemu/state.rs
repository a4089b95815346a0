//! All that a machine is besides what it is made of: kept in its folder and in its snapshot.

use crate::machine::{Boot, Faults, Image, Spec};
use crate::process::Process;
use serde::{Deserialize, Serialize};

/// The version of a machine's snapshot.
pub(super) const SCHEMA: u32 = 1;
/// What tells its snapshot from another kind's.
const KIND: &str = "qemu";

/// A machine as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Saved {
    schema: u32,
    kind: String,
    pub(super) spec: Spec,
    pub(super) state: State,
}

impl Saved {
    pub(super) fn new(spec: Spec, state: State) -> Self {
        Self {
            schema: SCHEMA,
            kind: KIND.to_owned(),
            spec,
            state,
        }
    }

    /// Whether this program understands it.
    pub(super) fn is_known(&self) -> bool {
        self.schema == SCHEMA && self.kind == KIND
    }
}

/// The changing side of a machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    /// Grows with every change: of two states the one with more turns is the newer.
    pub(super) turn: u64,
    /// What runs, while it is on.
    pub(super) running: Option<Running>,
    /// What a reboot from inside boots in place of what it would boot otherwise.
    pub(super) armed: Option<Boot>,
    /// What it boots in place of the disk when nothing is armed.
    pub(super) standing: Option<Boot>,
    /// How it misbehaves.
    pub(super) faults: Faults,
    /// What was last written to its own disk by the vendor; until then that is empty.
    pub(super) written: Option<Written>,
    /// The serial numbers of its own disks.
    pub(super) serials: Vec<String>,
    /// Volumes that are plugged in.
    pub(super) volumes: Vec<Volume>,
    /// How often it was started.
    pub(super) boots: u64,
}

/// What runs on a machine that is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Running {
    /// What its firmware was told to boot.
    pub(super) boot: Boot,
    /// Where; nothing while it is being started.
    pub(super) process: Option<Process>,
}

/// The vendor's image on its own disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Written {
    /// Another one each time: cloud-init's first boot depends on it.
    pub(super) instance: String,
    /// What was asked for, with the user data.
    pub(super) image: Image,
}

/// A volume that is plugged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Volume {
    /// The vendor's number.
    pub(super) id: String,
    /// In GiB.
    pub(super) gib: u64,
    /// Its place on the controller.
    pub(super) target: u32,
    /// Its unit there.
    pub(super) lun: u32,
}

impl State {
    /// A new machine's.
    pub(super) fn new(spec: &Spec) -> Self {
        let disks = 1 + spec.platform.more_disks_gib.len();
        let digits = || (0..8).map(|_| fastrand::digit(10)).collect();
        Self {
            serials: (0..disks).map(|_| digits()).collect(),
            ..Self::default()
        }
    }

    /// What the firmware boots next, which uses up what is armed.
    pub(super) fn take_next_boot(&mut self) -> Boot {
        let armed = self.armed.take();
        armed.unwrap_or_else(|| self.standing_boot())
    }

    /// What a machine boots whose guest is gone: what its start was to boot, if that did not come
    /// to a guest, or else what the firmware boots next.
    pub(super) fn boot_again(&mut self) -> Boot {
        match &self.running {
            Some(Running {
                boot,
                process: None,
            }) => boot.clone(),
            _ => self.take_next_boot(),
        }
    }

    /// What every reboot boots unless something is armed.
    fn standing_boot(&self) -> Boot {
        self.standing.clone().unwrap_or(Boot::Disk)
    }

    /// Whether QEMU may let the guest reboot by itself: the next boot is like the one that runs,
    /// and from the machine's own disk. Then a reboot works while no sandbox is open.
    pub(super) fn reboots_in_place(&self, running: &Boot) -> bool {
        matches!(running, Boot::Disk | Boot::Chain { .. })
            && self.armed.is_none()
            && !self.faults.no_return
            && self.standing_boot() == *running
    }

    /// The first free place for a volume: before the own disk (target 1), or behind.
    pub(super) fn place(&self, first: bool) -> (u32, u32) {
        let free = |place: &(u32, u32)| {
            self.volumes
                .iter()
                .all(|v| (v.target, v.lun) != (place.0, place.1))
        };
        // one more than there are volumes: one of them is free
        let count = u32::try_from(self.volumes.len()).unwrap_or(u32::MAX - 2);
        let places = (0..=count).map(|n| if first { (0, n) } else { (2 + n, 0) });
        places.clone().find(free).unwrap_or((2 + count, 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::RescueSystem;

    fn rescue() -> Boot {
        Boot::Rescue {
            authorized_keys: Vec::new(),
            password: None,
            system: RescueSystem::default(),
        }
    }

    #[test]
    fn what_is_armed_is_booted_once_and_what_stands_ever_after() {
        let mut state = State::default();
        assert_eq!(state.take_next_boot(), Boot::Disk);
        state.standing = Some(rescue());
        state.armed = Some(Boot::Disk);
        assert_eq!(state.take_next_boot(), Boot::Disk);
        assert_eq!(state.take_next_boot(), rescue());
        assert_eq!(state.take_next_boot(), rescue());
    }

    #[test]
    fn a_start_that_came_to_nothing_is_begun_again_and_uses_up_nothing_more() {
        let mut state = State {
            running: Some(Running {
                boot: rescue(),
                process: None,
            }),
            ..State::default()
        };
        assert_eq!(state.boot_again(), rescue());
        assert_eq!(state.boot_again(), rescue());
        let process = Process { pid: 7, start: 1 };
        state.running = Some(Running {
            boot: rescue(),
            process: Some(process),
        });
        assert_eq!(
            state.boot_again(),
            Boot::Disk,
            "it ran: the next boot is due"
        );
    }

    #[test]
    fn only_the_same_boot_from_the_disk_reboots_in_place() {
        let chain = |loader: &str| Boot::Chain {
            loader: loader.to_owned(),
        };
        let plain = State::default();
        let armed = State {
            armed: Some(rescue()),
            ..State::default()
        };
        let chained = State {
            standing: Some(chain("a")),
            ..State::default()
        };
        let lost = State {
            faults: Faults {
                no_return: true,
                ..Faults::default()
            },
            ..State::default()
        };
        let rescued = State {
            standing: Some(rescue()),
            ..State::default()
        };
        for (state, running, expected) in [
            (&plain, Boot::Disk, true),
            (&plain, rescue(), false),
            (&plain, chain("a"), false),
            (&armed, Boot::Disk, false),
            (&chained, chain("a"), true),
            (&chained, chain("b"), false),
            (&chained, Boot::Disk, false),
            (&lost, Boot::Disk, false),
            (&rescued, rescue(), false),
        ] {
            assert_eq!(state.reboots_in_place(&running), expected, "{running:?}");
        }
    }

    #[test]
    fn volumes_go_before_or_behind_the_own_disk_and_never_onto_each_other() {
        let mut state = State::default();
        for (first, expected) in [
            (false, (2, 0)),
            (true, (0, 0)),
            (true, (0, 1)),
            (false, (3, 0)),
        ] {
            let (target, lun) = state.place(first);
            assert_eq!((target, lun), expected);
            state.volumes.push(Volume {
                id: String::new(),
                gib: 10,
                target,
                lun,
            });
        }
        state.volumes.remove(0);
        assert_eq!(state.place(false), (2, 0), "a free place is used again");
    }
}
