//! Sessions as clients use them: much data, silence, interruption, several at once.

// for the lints: what a test calls is a test too
#[cfg(test)]
mod lab;

use lab::Lab;
use provision_sandbox::machine::{Faults, Firmware};

#[tokio::test(flavor = "multi_thread")]
async fn much_input_and_much_output_go_through() {
    let lab = Lab::new();
    let machine = lab.stock(Firmware::Bios, None).await;
    let input: Vec<u8> = (0..8 * 1024 * 1024_u32)
        .map(|n| b'a' + u8::try_from(n % 23).unwrap())
        .collect();
    let script = "cat > /tmp/big; stat -c %s /tmp/big";
    let said = lab.ssh_with(&machine, "root", script, &[], &input).await;
    assert_eq!((said.status, said.out.as_str()), (0, "8388608\n"));
    let said = lab.ssh(&machine, "root", "cat /tmp/big").await;
    assert_eq!(said.out.into_bytes(), input);
    // what is sent to a command that reads nothing is lost and holds up nobody
    let said = lab
        .ssh_with(
            &machine,
            "root",
            "cat /tmp/big /tmp/big >/dev/null; echo done",
            &[],
            &input,
        )
        .await;
    assert_eq!(said.out, "done\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_command_is_kept_alive_and_a_terminal_can_stop_it() {
    let lab = Lab::new();
    let machine = lab.stock(Firmware::Bios, None).await;
    let faults = Faults {
        phase_hangs: Some("kexec".into()),
        ..Faults::default()
    };
    machine.misbehave(faults).await.unwrap();
    let options = ["ServerAliveInterval=1", "ServerAliveCountMax=1"];
    let mut command = lab.client(machine.spec(), "root", &options);
    command.arg("stand-in kexec").kill_on_drop(true);
    command.stdin(std::process::Stdio::null());
    let waited = tokio::time::timeout(std::time::Duration::from_secs(4), command.status()).await;
    assert!(
        waited.is_err(),
        "the silence was taken for an end: {waited:?}"
    );

    let said = lab
        .ssh_with(
            &machine,
            "root",
            "stand-in kexec",
            &["RequestTTY=force"],
            b"\x03",
        )
        .await;
    assert_eq!(said.status, 130, "{said:?}");
    lab.root(&machine, "hostname").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_carries_many_sessions_and_no_tunnels() {
    let lab = Lab::new();
    let machine = lab.stock(Firmware::Bios, None).await;
    let socket = format!("ControlPath={}", lab.path("mux").display());
    let options = [socket.as_str(), "ControlMaster=auto", "ControlPersist=20"];
    let ask = |script: &'static str| lab.ssh_with(&machine, "root", script, &options, b"");
    assert_eq!(ask("hostname").await.out, "web-1\n");
    let (a, b, c) = tokio::join!(ask("echo a"), ask("echo b; exit 3"), ask("echo c"));
    assert_eq!((a.out.as_str(), a.status), ("a\n", 0), "{a:?}");
    assert_eq!((b.out.as_str(), b.status), ("b\n", 3), "{b:?}");
    assert_eq!((c.out.as_str(), c.status), ("c\n", 0), "{c:?}");
    let mut command = lab.client(machine.spec(), "root", &options);
    command.args(["-O", "exit"]);
    lab::run(command, b"").await;

    let mut command = lab.client(machine.spec(), "root", &["LogLevel=INFO"]);
    command.args(["-W", "127.0.0.1:22"]);
    let said = lab::run(command, b"").await;
    assert_eq!(said.status, 255, "{said:?}");
    assert!(said.err.contains("open failed"), "{said:?}");
}
