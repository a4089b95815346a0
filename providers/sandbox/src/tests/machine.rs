//! A machine that only remembers what was done to it.

use crate::machine::{Boot, Faults, Image, Machine, MachineError, Maker, Spec};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Memory {
    pub(super) spec: Spec,
    pub(super) on: bool,
    pub(super) image: Option<Image>,
    pub(super) boots: Vec<Boot>,
    pub(super) armed: Option<Boot>,
    /// What reboots from inside boot when nothing is armed.
    pub(super) kept: Option<Boot>,
    pub(super) volumes: BTreeMap<String, (u64, bool)>,
    pub(super) faults: Faults,
    /// It has no system that reacts to the power button.
    pub(super) deaf: bool,
}

#[derive(Debug)]
pub(super) struct Paper {
    spec: Spec,
    memory: Mutex<Memory>,
}

impl Paper {
    pub(super) fn memory(&self) -> Memory {
        self.memory.lock().unwrap().clone()
    }

    /// The system inside reboots.
    pub(super) fn reboot(&self) {
        self.change(|memory| {
            let kept = memory.kept.clone().unwrap_or(Boot::Disk);
            let boot = memory.armed.take().unwrap_or(kept);
            memory.boots.push(boot);
        });
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Memory)) {
        change(&mut self.memory.lock().unwrap());
    }
}

#[async_trait]
impl Machine for Paper {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn is_on(&self) -> bool {
        self.memory().on
    }

    async fn write_image(&self, image: Image) -> Result<(), MachineError> {
        assert!(!self.memory().on, "written while it was on");
        self.change(|memory| memory.image = Some(image));
        Ok(())
    }

    async fn power_on(&self, boot: Boot) -> Result<(), MachineError> {
        self.change(|memory| {
            if !memory.on {
                memory.on = true;
                memory.boots.push(boot);
            }
        });
        Ok(())
    }

    async fn power_off(&self) -> Result<(), MachineError> {
        self.change(|memory| memory.on = false);
        Ok(())
    }

    async fn arm(&self, boot: Option<Boot>) {
        self.change(|memory| memory.armed = boot);
    }

    async fn armed(&self) -> bool {
        self.memory().armed.is_some()
    }

    async fn keep_booting(&self, boot: Boot) {
        self.change(|memory| memory.kept = Some(boot));
    }

    async fn shutdown(&self) -> Result<(), MachineError> {
        self.change(|memory| memory.on &= memory.deaf);
        Ok(())
    }

    async fn attach_volume(&self, volume: &str, gib: u64, first: bool) -> Result<(), MachineError> {
        self.change(|memory| {
            memory.volumes.insert(volume.to_owned(), (gib, first));
        });
        Ok(())
    }

    async fn detach_volume(&self, volume: &str) -> Result<(), MachineError> {
        self.change(|memory| {
            memory.volumes.remove(volume);
        });
        Ok(())
    }

    async fn misbehave(&self, faults: Faults) -> Result<(), MachineError> {
        self.change(|memory| memory.faults = faults);
        Ok(())
    }

    async fn console(&self) -> Vec<String> {
        vec![format!("{} boots", self.memory().boots.len())]
    }

    async fn snapshot(&self) -> Value {
        serde_json::to_value(self.memory()).unwrap()
    }

    async fn destroy(&self) -> Result<(), MachineError> {
        self.change(|memory| memory.on = false);
        Ok(())
    }
}

/// Makes them, and remembers which.
#[derive(Debug, Default)]
pub(super) struct PaperMaker {
    made: Mutex<BTreeMap<String, Arc<Paper>>>,
    /// Volumes that are gone for good.
    pub(super) deleted: Mutex<Vec<String>>,
}

impl PaperMaker {
    pub(super) fn get(&self, id: &str) -> Option<Arc<Paper>> {
        self.made.lock().unwrap().get(id).cloned()
    }

    fn keep(&self, memory: Memory) -> Arc<dyn Machine> {
        let machine = Arc::new(Paper {
            spec: memory.spec.clone(),
            memory: Mutex::new(memory),
        });
        let mut made = self.made.lock().unwrap();
        made.insert(machine.spec.id.clone(), Arc::clone(&machine));
        machine
    }
}

#[async_trait]
impl Maker for PaperMaker {
    async fn make(&self, spec: Spec) -> Result<Arc<dyn Machine>, MachineError> {
        Ok(self.keep(Memory {
            spec,
            on: false,
            image: None,
            boots: Vec::new(),
            armed: None,
            kept: None,
            volumes: BTreeMap::new(),
            faults: Faults::default(),
            deaf: false,
        }))
    }

    async fn restore(&self, snapshot: Value) -> Result<Arc<dyn Machine>, MachineError> {
        let memory = serde_json::from_value(snapshot).map_err(|error| MachineError {
            machine: "paper".to_owned(),
            message: error.to_string(),
        })?;
        Ok(self.keep(memory))
    }

    async fn delete_volume(&self, volume: &str) -> Result<(), MachineError> {
        self.deleted.lock().unwrap().push(volume.to_owned());
        Ok(())
    }
}
