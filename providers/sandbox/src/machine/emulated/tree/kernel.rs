//! `/proc`, `/sys` and `/dev`.

use super::Tree;
use crate::machine::emulated::devices::Device;
use crate::machine::emulated::file::{File, What};
use crate::machine::emulated::net;
use crate::machine::emulated::state::{Kind, Running, State};
use crate::machine::{Firmware, Spec};

/// The processors that every machine has.
pub(crate) const PROCESSORS: usize = 2;

pub(super) fn fill(tree: &mut Tree, spec: &Spec, state: &State, running: &Running, now: i64) {
    proc(tree, spec, running, now);
    memory(tree, state.memory_mib(spec));
    if spec.firmware == Firmware::Uefi {
        tree.text("/sys/firmware/efi/fw_platform_size", "64\n");
        tree.put("/sys/firmware/efi/efivars", File::dir());
    }
    tree.put("/sys/firmware", File::dir());
    let (vendor, product) = spec.platform.board.dmi();
    tree.text("/sys/class/dmi/id/sys_vendor", format!("{vendor}\n"));
    tree.text("/sys/class/dmi/id/product_name", format!("{product}\n"));
    tree.text(
        "/sys/class/net/eth0/address",
        format!("{}\n", net::mac(spec)),
    );
    tree.text("/sys/class/net/eth0/operstate", "up\n");
    dev(tree);
}

fn proc(tree: &mut Tree, spec: &Spec, running: &Running, now: i64) {
    let kernel = running.kind.kernel(&spec.arch);
    tree.text(
        "/proc/sys/kernel/random/boot_id",
        format!("{}\n", running.boot_id),
    );
    tree.text("/proc/sys/kernel/osrelease", format!("{kernel}\n"));
    tree.text(
        "/proc/sys/kernel/hostname",
        format!("{}\n", running.hostname),
    );
    tree.text(
        "/proc/version",
        format!(
            "Linux version {kernel} (gcc) {}\n",
            running.kind.kernel_version()
        ),
    );
    let seconds = (now - running.since).max(0);
    tree.text("/proc/uptime", format!("{seconds}.00 {seconds}.00\n"));
    tree.text("/proc/cmdline", command_line(tree, &running.kind));
    let processors: String = (0..PROCESSORS)
        .map(|n| format!("processor\t: {n}\nmodel name\t: QEMU Virtual CPU\n\n"))
        .collect();
    tree.text("/proc/cpuinfo", processors);
}

fn memory(tree: &mut Tree, mib: u64) {
    let (total, free) = memory_kib(mib);
    tree.text(
        "/proc/meminfo",
        format!(
            "MemTotal:       {total:>8} kB\nMemFree:        {free:>8} kB\nMemAvailable:   {free:>8} kB\nSwapTotal:             0 kB\nSwapFree:              0 kB\n"
        ),
    );
}

fn command_line(tree: &Tree, kind: &Kind) -> String {
    let root = tree
        .devices
        .iter()
        .flat_map(|d| std::iter::once(d).chain(&d.children))
        .find(|d| d.mountpoints.iter().any(|m| m == "/"))
        .and_then(|d| d.uuid.clone())
        .unwrap_or_default();
    match kind {
        Kind::Stock { .. } => format!(
            "BOOT_IMAGE=/boot/vmlinuz root=UUID={root} ro consoleblank=0 console=tty1 console=ttyS0\n"
        ),
        Kind::Rescue if root.is_empty() => {
            "root=/dev/ram0 ip=dhcp rescue console=ttyS0\n".to_owned()
        }
        Kind::Rescue => format!("BOOT_IMAGE=/boot/vmlinuz root=UUID={root} ro console=ttyS0\n"),
        Kind::Installer => "init=/nix/store/installer/init console=tty0 console=ttyS0\n".to_owned(),
        Kind::Installed { system, .. } => format!(
            "BOOT_IMAGE=(hd0)//kernels/bzImage init={system}/init console=ttyS0 loglevel=4\n"
        ),
        Kind::Dead => String::new(),
    }
}

/// What the kernel leaves of the memory, and what is free of that, in KiB.
pub(crate) fn memory_kib(mib: u64) -> (u64, u64) {
    let total = mib * 1024 * 97 / 100;
    (total, total * 85 / 100)
}

fn dev(tree: &mut Tree) {
    let all: Vec<Device> = tree
        .devices
        .iter()
        .flat_map(|d| std::iter::once(d.clone()).chain(d.children.iter().cloned()))
        .collect();
    for device in &all {
        tree.put(&device.path(), node(What::Block));
        for link in &device.links {
            tree.put(
                &format!("/dev/disk/{link}"),
                File::link(format!("../../{}", device.name)),
            );
        }
        sys_block(tree, device);
    }
    for name in ["null", "zero", "urandom"] {
        tree.put(&format!("/dev/{name}"), node(What::Char));
    }
}

fn sys_block(tree: &mut Tree, device: &Device) {
    let base = match &device.parent {
        None => format!("/sys/block/{}", device.name),
        Some(parent) => format!("/sys/block/{parent}/{}", device.name),
    };
    let flag = |yes: bool| if yes { "1\n" } else { "0\n" };
    tree.text(&format!("{base}/size"), format!("{}\n", device.bytes / 512));
    tree.text(&format!("{base}/ro"), flag(device.read_only));
    tree.text(
        &format!("{base}/dev"),
        format!("{}:{}\n", device.numbers.0, device.numbers.1),
    );
    if device.parent.is_some() {
        return;
    }
    tree.text(&format!("{base}/removable"), flag(device.removable));
    if let (Some(vendor), Some(model)) = (&device.vendor, &device.model) {
        tree.text(&format!("{base}/device/vendor"), format!("{vendor}\n"));
        tree.text(&format!("{base}/device/model"), format!("{model:<16}\n"));
    }
}

fn node(what: What) -> File {
    File {
        what,
        mode: 0o660,
        uid: 0,
        gid: 6,
    }
}
