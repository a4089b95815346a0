//! Machines boot, and the system's ssh client is let in by what they booted.

// for the lints: what a test calls is a test too
#[cfg(test)]
mod lab;

use lab::Lab;
use provision_sandbox::machine::{Boot, Firmware};

#[tokio::test(flavor = "multi_thread")]
async fn the_stock_image_answers_and_each_boot_has_its_own_id() {
    let lab = Lab::new();
    let machine = lab.stock(Firmware::Bios, None).await;
    let out = lab
        .root(
            &machine,
            "uname -m && hostname; cat /etc/os-release; test -d /sys/firmware/efi || echo bios",
        )
        .await;
    assert!(out.starts_with("x86_64\nweb-1\n"), "{out}");
    assert!(
        out.contains("\nID=debian\n") && out.ends_with("bios\n"),
        "{out}"
    );

    let key = lab.host_key(&machine).await;
    let first = lab
        .root(&machine, "cat /proc/sys/kernel/random/boot_id")
        .await;
    lab.root(&machine, "systemctl --no-block reboot").await;
    let second = lab.next_boot(&machine, "root", &first).await;
    assert_ne!(first, second);
    assert_eq!(lab.host_key(&machine).await, key, "the disk keeps its key");
    machine.destroy().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_key_of_user_data_is_the_one_that_answers() {
    let lab = Lab::new();
    let public = lab.key("host");
    let private = std::fs::read_to_string(lab.path("host")).unwrap();
    let indented = private.replace('\n', "\n    ");
    let data = format!(
        "#cloud-config\nssh_deletekeys: true\nssh_keys:\n  ed25519_private: |\n    {indented}\n  ed25519_public: {public}\n"
    );
    let machine = lab.stock(Firmware::Uefi, Some(data)).await;
    let known = lab.path("known_hosts");
    std::fs::write(&known, format!("web-1 {public}\n")).unwrap();
    let strict = |name: &str| {
        vec![
            format!("UserKnownHostsFile={}", lab.path(name).display()),
            "StrictHostKeyChecking=yes".into(),
            "HostKeyAlias=web-1".into(),
            "GlobalKnownHostsFile=/dev/null".into(),
        ]
    };
    let options = strict("known_hosts");
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let said = lab
        .ssh_with(&machine, "root", "echo yes", &options, b"")
        .await;
    assert_eq!((said.status, said.out.as_str()), (0, "yes\n"), "{said:?}");

    let other = lab.key("other");
    std::fs::write(lab.path("known_other"), format!("web-1 {other}\n")).unwrap();
    let options = strict("known_other");
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let said = lab
        .ssh_with(&machine, "root", "echo yes", &options, b"")
        .await;
    assert_eq!(said.status, 255, "{said:?}");
    assert!(
        said.err.contains("Host key verification failed"),
        "{said:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rescue_boots_once_with_a_fresh_key_and_its_own_name() {
    let lab = Lab::new();
    let machine = lab.machine(Firmware::Bios).await;
    machine.write_image(lab.image(None)).await.unwrap();
    machine.power_on(lab.rescue()).await.unwrap();
    assert_eq!(lab.root(&machine, "hostname").await, "rescue\n");
    let first = lab.host_key(&machine).await;
    machine.power_off().await.unwrap();
    assert!(!machine.is_on().await);
    let said = lab.ssh(&machine, "root", "exit 0").await;
    assert!(said.err.contains("Connection refused"), "{said:?}");
    machine.power_on(lab.rescue()).await.unwrap();
    assert_ne!(lab.host_key(&machine).await, first);

    let id = lab
        .root(&machine, "cat /proc/sys/kernel/random/boot_id")
        .await;
    lab.root(&machine, "reboot").await;
    lab.next_boot(&machine, "root", &id).await;
    assert_eq!(lab.root(&machine, "hostname").await, "web-1\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_other_users_and_everything_but_sessions_are_refused() {
    let lab = Lab::new();
    let machine = lab.stock(Firmware::Bios, None).await;
    let said = lab.ssh(&machine, "admin", "exit 0").await;
    assert!(
        said.err.contains("Permission denied (publickey)"),
        "{said:?}"
    );

    lab.key("stranger");
    let mut command = tokio::process::Command::new("ssh");
    command.args(["-F", "none", "-o", "IdentitiesOnly=yes", "-i"]);
    command.arg(lab.path("stranger"));
    command.args(["-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no"]);
    command.args(["-o", "UserKnownHostsFile=/dev/null", "-p", "22022"]);
    command
        .arg(format!("root@{}", machine.spec().ipv4))
        .arg("id");
    let said = lab::run(command, b"").await;
    assert_eq!(said.status, 255);
    assert!(said.err.contains("Permission denied"), "{said:?}");

    let mut command = lab.client(machine.spec(), "root", &[]);
    command.args(["-s", "sftp"]);
    let said = lab::run(command, b"").await;
    assert!(said.err.contains("subsystem request failed"), "{said:?}");

    let options = [
        "ExitOnForwardFailure=yes",
        "RemoteForward=12345 127.0.0.1:1",
    ];
    let said = lab
        .ssh_with(&machine, "root", "exit 0", &options, b"")
        .await;
    assert_eq!(said.status, 255, "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_and_a_script_on_standard_input_use_the_same_table() {
    let lab = Lab::new();
    let machine = lab.stock(Firmware::Bios, None).await;
    let mut command = lab.client(machine.spec(), "root", &[]);
    let said = lab::run(command, b"hostname\nfrobnicate\nexit 7\nhostname\n").await;
    assert_eq!((said.status, said.out.as_str()), (7, "web-1\n"), "{said:?}");
    assert_eq!(
        said.err,
        "sandbox: frobnicate is not in the closed table of commands\n"
    );

    command = lab.client(machine.spec(), "root", &["RequestTTY=force"]);
    let said = lab::run(command, b"hostx\x7fname\rexit\r").await;
    assert!(said.out.contains("root@web-1]# "), "{said:?}");
    assert!(said.out.contains("\r\nweb-1\r\n"), "{said:?}");

    let said = lab
        .ssh_with(&machine, "root", "sh -s", &[], b"set -e\nfalse\necho no\n")
        .await;
    assert_eq!((said.status, said.out.as_str()), (1, ""), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_powers_off_is_off_and_the_button_is_heard_by_systems_only() {
    let lab = Lab::new();
    let machine = lab.stock(Firmware::Bios, None).await;
    lab.ssh(&machine, "root", "poweroff").await;
    let off = async {
        while machine.is_on().await {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(lab::PATIENCE, off).await.expect("off");

    machine.power_on(Boot::Disk).await.unwrap();
    machine.shutdown().await.unwrap();
    assert!(!machine.is_on().await);

    let empty = lab.machine(Firmware::Bios).await;
    empty.power_on(Boot::Disk).await.unwrap();
    empty.shutdown().await.unwrap();
    assert!(
        empty.is_on().await,
        "firmware without a system hears nothing"
    );
    let console = empty.console().await.join("\n");
    assert!(console.contains("No bootable device"), "{console}");
    let said = lab.ssh(&empty, "root", "exit 0").await;
    assert!(said.err.contains("Connection refused"), "{said:?}");
}
