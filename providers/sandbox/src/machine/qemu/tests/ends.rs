//! How machines end that cannot be kept or started, told by processes that look like guests.

use super::{guest, spec};
use crate::machine::qemu::inner::Inner;
use crate::machine::qemu::state::{Running, Saved, State};
use crate::machine::qemu::{Qemu, QemuMachine, QemuOptions};
use crate::machine::{Boot, Machine, Maker};
use std::path::Path;
use std::sync::Arc;

fn machine(all: &Path, state: State) -> Arc<Inner> {
    let maker = Qemu::new(QemuOptions {
        images: None,
        folder: all.to_owned(),
    });
    let inner = maker.inner(spec(), state).unwrap();
    inner.folder.make().unwrap();
    inner
}

fn on(boot: Boot) -> State {
    let running = Running {
        boot,
        process: None,
    };
    State {
        running: Some(running),
        ..State::default()
    }
}

/// Nothing can be kept any more, as on a full disk.
async fn fill(inner: &Inner) {
    std::fs::create_dir_all(inner.folder.path().join("state.json/full")).unwrap();
    assert!(inner.keep().await.is_err());
}

#[tokio::test]
async fn one_that_cannot_be_kept_is_destroyed_all_the_same() {
    let home = tempfile::tempdir().unwrap();
    let inner = machine(home.path(), on(Boot::Disk));
    let mut process = guest(home.path(), &inner.spec.id);
    fill(&inner).await;
    let folder = inner.folder.path().to_owned();
    let machine = QemuMachine { inner };
    machine.destroy().await.unwrap();
    process.wait().unwrap();
    assert!(!folder.exists());
    assert!(!machine.is_on().await);
}

#[tokio::test]
async fn one_that_cannot_be_kept_is_off_when_it_is_switched_off() {
    let home = tempfile::tempdir().unwrap();
    let inner = machine(home.path(), on(Boot::Disk));
    let mut process = guest(home.path(), &inner.spec.id);
    fill(&inner).await;
    assert!(inner.power_off().await.is_err(), "it is told");
    process.wait().unwrap();
    assert!(inner.state().running.is_none());
}

#[tokio::test]
async fn what_was_used_up_stays_so_when_a_start_fails() {
    let home = tempfile::tempdir().unwrap();
    let loader = Boot::Chain {
        loader: "/efi/debian/grubx64.efi".to_owned(),
    };
    let armed = State {
        armed: Some(loader),
        ..State::default()
    };
    let inner = machine(home.path(), armed.clone());
    inner.keep().await.unwrap();
    let boot = inner.state().take_next_boot();
    // its images are not there
    let mut live = inner.gate().await;
    let error = inner.start(&mut live, boot).await.unwrap_err();
    assert!(error.message.contains("cannot be started"), "{error}");
    let mend = "provision sandbox image build";
    assert!(error.message.contains(mend), "{error}");
    let kept = inner.folder.newer_than(&Saved::new(spec(), armed)).unwrap();
    assert_eq!((kept.running, kept.armed), (None, None));
}

#[tokio::test]
async fn one_that_cannot_be_kept_is_not_started() {
    let home = tempfile::tempdir().unwrap();
    let inner = machine(home.path(), State::default());
    fill(&inner).await;
    assert!(inner.power_on(Boot::Disk).await.is_err());
    assert!(inner.state().running.is_none());
    assert_eq!(inner.state().boots, 0);
}

#[tokio::test]
async fn one_that_cannot_be_restored_is_switched_off_and_removed_by_its_id() {
    let home = tempfile::tempdir().unwrap();
    let maker = Qemu::new(QemuOptions {
        images: None,
        folder: home.path().to_owned(),
    });
    for (remove, there) in [(false, true), (true, false)] {
        let mut process = guest(home.path(), "hetzner-1");
        let done = if remove {
            maker.discard("hetzner-1").await
        } else {
            maker.halt("hetzner-1").await
        };
        done.unwrap();
        process.wait().unwrap();
        assert_eq!(home.path().join("hetzner-1").exists(), there);
    }
    maker.halt("hetzner-1").await.unwrap();
    maker.discard("hetzner-1").await.unwrap();
}
