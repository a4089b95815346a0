//! What else goes wrong with a machine than its SSH port.

use super::cells::{Cell, Does, Expected};
use super::machine::{Ssh, Stage};
use super::product::Product;
use serde_json::{Value, json};

/// An hour: nobody waits for it.
const NEVER_MS: u64 = 3_600_000;
const TWENTY_YEARS_S: i64 = 20 * 365 * 86_400;
/// The fault that lets the machine's old system boot.
pub(super) const OLD_DISK: &str = "the old disk boots";
const LAST: &str = "Timed out waiting for device /dev/disk/by-partlabel/disk-main-root.";

/// All of them for a product, or CI's.
pub(super) fn of(product: Product, long: bool) -> Vec<Cell> {
    let mut cells = Cells {
        product,
        long,
        found: Vec::new(),
    };
    cells.of_kexec();
    cells.of_room();
    cells.of_the_reboot();
    cells.of_the_system();
    if product.is_made() {
        cells.of_the_vendor();
    }
    cells.found
}

struct Cells {
    product: Product,
    long: bool,
    found: Vec<Cell>,
}

impl Cells {
    /// One that CI tries, too.
    fn short(&mut self, stage: &str, fault: &str, faults: Value, expected: (i32, &[&'static str])) {
        self.add(stage, fault, faults, Does::Up, expected);
    }

    fn long(&mut self, stage: &str, fault: &str, faults: Value, expected: (i32, &[&'static str])) {
        if self.long {
            self.add(stage, fault, faults, Does::Up, expected);
        }
    }

    fn add(
        &mut self,
        stage: &str,
        fault: &str,
        faults: Value,
        does: Does,
        (code, words): (i32, &[&'static str]),
    ) {
        self.found.push(Cell {
            product: self.product,
            stage: stage.to_owned(),
            fault: fault.to_owned(),
            faults,
            does,
            expected: Expected::new(&[code], words),
        });
    }

    fn from(&self, stage: Stage, faults: &Value) -> Value {
        stage.then(self.product, faults)
    }

    fn of_kexec(&mut self) {
        let failed = "failed in its phase kexec";
        let lost = json!({ "kexec_lost": true });
        self.short("in kexec", "kexec never comes back", lost, (11, &[failed]));
        let late = json!({ "reboot_late_ms": NEVER_MS });
        let late = self.from(Stage::InKexec, &late);
        self.long(
            "in kexec",
            "the old boot goes on answering",
            late,
            (11, &[failed]),
        );
        for phase in ["kexec", "disko", "install"] {
            let fails = json!({ "phase_fails": phase });
            let words = "failed in its phase";
            self.long(phase, "the phase fails", fails, (11, &[words]));
            let hangs = json!({ "phase_hangs": phase });
            let words = "had not ended after";
            self.long(phase, "the phase never ends", hangs, (11, &[words]));
        }
    }

    fn of_room(&mut self) {
        let full = json!({ "disk_full": true });
        let words: &[&'static str] = &["No space left on device"];
        self.long("in kexec", "the disk is full", full.clone(), (11, words));
        let full = self.from(Stage::AfterKexec, &full);
        self.short("in install", "the disk is full", full, (11, words));
        let small = json!({ "memory_mib": 700 });
        let words: &[&'static str] = &["memory", "nothing was wiped"];
        self.short("gate", "the memory is too small", small.clone(), (8, words));
        let small = self.from(Stage::BeforeKexec, &small);
        let words: &[&'static str] = &["out of memory"];
        self.long("in kexec", "the memory is used up", small, (11, words));
    }

    fn of_the_reboot(&mut self) {
        let never = self.from(Stage::AfterKexec, &json!({ "reboot_late_ms": NEVER_MS }));
        self.short(
            "reboot",
            "it never reboots",
            never,
            (10, &["it does not reboot"]),
        );
        let gone = self.from(Stage::AfterKexec, &json!({ "no_return": true }));
        self.long(
            "reboot",
            "it does not come back",
            gone,
            (10, &["no answer"]),
        );
        let old = json!({ "boots_old": true });
        let words: &[&'static str] = if self.product.knows_old_key() {
            &["the system from before the installation", "another disk"]
        } else {
            &["host key"]
        };
        self.short("reboot", OLD_DISK, old, (9, words));
        let dies = json!({ "dies_booting": LAST });
        let words: &[&'static str] = &["no answer", "waited in vain"];
        self.long("reboot", "the system dies booting", dies, (10, words));
    }

    fn of_the_system(&mut self) {
        let wrong = json!({ "wrong_system": true });
        self.long(
            "in prove",
            "another generation runs",
            wrong,
            (12, &["installed was"]),
        );
        let units = json!({ "failed_units": ["nginx.service"] });
        self.long("in prove", "a unit fails", units, (12, &["nginx.service"]));
        let ahead = json!({ "clock_off_s": TWENTY_YEARS_S });
        self.long(
            "all the way",
            "the clock is 20 years ahead",
            ahead,
            (0, &[]),
        );
        let behind = json!({ "clock_off_s": -TWENTY_YEARS_S });
        self.short(
            "all the way",
            "the clock is 20 years behind",
            behind,
            (0, &[]),
        );
    }

    /// Somebody deletes the server in the middle.
    fn of_the_vendor(&mut self) {
        let fault = "somebody deletes the server";
        let hangs = |phase: &str| json!({ "phase_hangs": phase });
        let silent = |stage: Stage| stage.then(self.product, &Ssh::HangCommand.faults());
        let boot = self.from(Stage::AfterReboot, &Ssh::Refuse.faults());
        let cells = [
            ("in kexec", hangs("kexec"), "boot the installer", false),
            ("in install", hangs("install"), "wipe ", true),
            ("reboot", boot, "boot from the disk", false),
            ("in prove", silent(Stage::InProve), "prove it", false),
        ];
        for (stage, faults, words, is_short) in cells {
            if self.long || is_short {
                let does = Does::UpDeletedAt(words);
                self.add(stage, fault, faults, does, (13, &["was removed under it"]));
            }
        }
    }
}
