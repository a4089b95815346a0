//! What came of a cell, held against what must never be.

use super::calls::{Call, Made};
use super::kinds::Fault;
use super::life::{LATE, Life};
use super::products::{Product, Step};
use super::vendor::{Books, Vendor};
use crate::lab::Ran;

/// One cell: a command, a call of it, and the fault that hits it.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) product: &'static Product,
    pub(super) made: Made,
    pub(super) fault: Fault,
}

impl Cell {
    pub(super) fn row(&self) -> Vec<String> {
        vec![
            self.step().name.to_owned(),
            self.made.call.to_string(),
            self.fault.name.to_owned(),
        ]
    }

    fn step(&self) -> &'static Step {
        &self.product.life[self.made.step]
    }

    fn call(&self) -> &Call {
        &self.made.call
    }

    /// Lives up to the command, has it meet the fault, and removes everything; says in a word
    /// what came of it.
    pub(super) fn tried(&self) -> String {
        let life = Life::new(self.product);
        let vendor = life.vendor();
        for step in &self.product.life[..self.made.step] {
            let ran = life.run(step.line);
            assert_eq!(ran.code, step.code, "before the fault: {ran}");
        }
        vendor.requests();
        vendor.arm(&self.fault.rules(self.product, self.call()));
        let begun = std::time::Instant::now();
        let ran = life.run(self.step().line);
        let took = begun.elapsed();
        if self.fault.name.contains("late") {
            // until the vendor has noted it
            std::thread::sleep(LATE);
        }
        let (effects, writes) = self.effects(&vendor);
        let books = vendor.books(self.product);
        let word = self.ended(&ran);
        self.once(effects, &ran);
        self.told(&ran, &books, writes);
        self.emptied(&life, &vendor, &ran);
        if took.as_secs() >= 40 {
            return format!("{word} ({} s)", took.as_secs());
        }
        word
    }

    /// How often the call took effect, and how many requests did or may have done so that are no
    /// reads. The faults are over after this.
    fn effects(&self, vendor: &Vendor<'_>) -> (usize, usize) {
        let hits = vendor.disarm();
        assert!(hits.iter().any(|hits| *hits > 0), "the fault hit nothing");
        let mut untold = if self.fault.happens { hits[0] } else { 0 };
        let (mut effects, mut writes) = (0, 0);
        for got in vendor.requests() {
            let call = Call::of(&got);
            writes += usize::from(!call.is_read());
            if call != *self.call() {
                continue;
            }
            let told = got.status.is_some_and(|status| status < 300);
            let untold_one = !told && untold > 0;
            untold -= u64::from(untold_one);
            effects += usize::from(told || untold_one);
        }
        (effects, writes)
    }

    /// Well, or with one clear error.
    fn ended(&self, ran: &Ran) -> String {
        assert!(!ran.stderr.contains("panicked"), "{ran}");
        if ran.code == self.step().code {
            return if ran.stderr.contains("made it twice") {
                "proven, the second one removed".to_owned()
            } else {
                "proven".to_owned()
            };
        }
        assert!((1..=16).contains(&ran.code), "{ran}");
        let errors: Vec<&str> = ran
            .stderr
            .lines()
            .filter(|line| line.starts_with("error: "))
            .collect();
        assert_eq!(errors.len(), 1, "{ran}");
        assert!(!self.must_heal(), "what can be repeated was not: {ran}");
        format!("error {}", ran.code)
    }

    /// What passes is survived, where nothing that was done in between can be lost by that.
    fn must_heal(&self) -> bool {
        let is_gone = if self.call().is_read() {
            self.fault.passes()
        } else {
            self.fault.is_harmless()
        };
        let may_come_late = self.call().wipes() && self.fault.is_unanswered();
        is_gone && !may_come_late
    }

    /// Nothing is done twice that must not be.
    fn once(&self, effects: usize, ran: &Ran) {
        if self.call().is_read() {
            return;
        }
        let mut most = self.made.effects;
        // nobody can know of an effect that comes after the last look
        most += usize::from(self.fault.comes_late());
        let is_second_told = |ran: &Ran| {
            let said = [&ran.stderr, &ran.stdout];
            let has = |word: &str| said.iter().any(|text| text.contains(word));
            has("made it twice") || has("perhaps a server")
        };
        let is_unnamed_order = self.call().is_order() && self.product.name == "ovh";
        // one that failed at the vendor's is removed, and ordered again
        if is_unnamed_order && (is_second_told(ran) || self.fault.name == "fails") {
            most += 1;
        }
        let is_same_twice = self.call().method != "POST"
            || ["/reboot", "/start", "/reinstall"].iter().any(|end| {
                // a hard reboot twice is a fresh boot as well, and an image that is written again
                // right after it was is that image
                self.call().path.ends_with(end) && self.product.name == "ovh"
            });
        assert!(
            is_same_twice || effects <= most,
            "{} took effect {effects} times, {most} at most: {ran}",
            self.call()
        );
    }

    /// What exists is one server, or each of them is named; or there is what there was, that is
    /// said, and it is true.
    fn told(&self, ran: &Ran, books: &Books, writes: usize) {
        if !["up", "reinstall"].contains(&self.step().name) {
            return;
        }
        let failed = ran.code != self.step().code;
        let said = format!("{}{}", ran.stdout, ran.stderr);
        let is_vague = said.contains("perhaps a server") || said.contains("unknown: ");
        if !failed {
            assert_eq!(books.servers.len(), 1, "{books:?}: {ran}");
            return;
        }
        if said.contains("nothing was created or changed") {
            assert_eq!(writes, 0, "it says that nothing was changed: {ran}");
            return;
        }
        let is_told = |server: &&String| said.contains(server.rsplit(' ').next().unwrap());
        let untold = books.servers.iter().filter(|s| !is_told(s)).count();
        assert!(
            untold <= usize::from(is_vague),
            "{books:?}, {untold} of them are not told of: {ran}"
        );
    }

    /// `teardown` leaves nothing at the vendor's.
    fn emptied(&self, life: &Life, vendor: &Vendor<'_>, before: &Ran) {
        let last = self.product.life.last().unwrap();
        let ran = life.run(last.line);
        assert_eq!(ran.code, 0, "the teardown: {ran}\nbefore: {before}");
        let books = vendor.books(self.product);
        assert!(
            books.servers.is_empty() && books.things.is_empty(),
            "{books:?} are left by {ran}\nbefore: {before}"
        );
    }
}
