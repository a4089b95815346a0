//! Rented servers by OVH's HTTP and by SSH: what is asked for there is what answers here.

// for the lints: what a test calls is a test too
#[cfg(test)]
mod lab;

use lab::{Lab, PATIENCE};
use provision_sandbox::machine::{Firmware, Spec};
use provision_sandbox::{Access, Options, Sandbox};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

const BOOT: &str = "cat /proc/sys/kernel/random/boot_id";

/// A world with a client that has a token.
struct World {
    lab: Lab,
    sandbox: Sandbox,
    http: reqwest::Client,
    token: String,
}

#[cfg(test)] // for the lints, as above
impl World {
    async fn new() -> Self {
        let lab = Lab::new();
        let options = Options {
            state_dir: lab.path("state"),
            serve: false,
            ..Options::default()
        };
        let sandbox = Sandbox::open(options).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let access = sandbox.access();
        let form = format!(
            "grant_type=client_credentials&scope=all&client_id={}&client_secret={}",
            access.ovh_client_id, access.ovh_client_secret
        );
        let answer = http
            .post(&access.ovh_token_url)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await
            .unwrap();
        let answer: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        let token = answer["access_token"].as_str().unwrap().to_owned();
        Self {
            lab,
            sandbox,
            http,
            token,
        }
    }

    fn access(&self) -> &Access {
        self.sandbox.access()
    }

    async fn ask(&self, method: Method, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.access().endpoint_ovh);
        let mut request = self.http.request(method, url).bearer_auth(&self.token);
        if !body.is_null() {
            request = request
                .header("Content-Type", "application/json")
                .body(body.to_string());
        }
        let response = request.send().await.unwrap();
        let (status, text) = (response.status(), response.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        self.ask(Method::GET, path, &Value::Null).await
    }

    async fn control(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.access().control);
        let request = self.http.get(url).bearer_auth(&self.access().token_hetzner);
        let text = request.send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Where SSH answers for this address.
    fn at(&self, ip: &Value) -> Spec {
        Spec {
            ipv4: ip.as_str().unwrap().parse().unwrap(),
            ssh_port: self.access().ssh_port,
            ..lab::spec(Firmware::Bios)
        }
    }

    async fn ssh(&self, spec: &Spec, user: &str, script: &str) -> lab::Said {
        let mut command = self.lab.client(spec, user, &[]);
        command.arg(script);
        lab::run(command, b"").await
    }

    /// What a command says once it succeeds on another boot than this one.
    async fn after(&self, spec: &Spec, user: &str, boot: &mut String, script: &str) -> String {
        let script = format!("{BOOT}; {script}");
        let wait = async {
            loop {
                let said = self.ssh(spec, user, &script).await;
                if let Some((id, rest)) = said.out.split_once('\n')
                    && said.status == 0
                    && id != boot
                {
                    id.clone_into(boot);
                    return rest.to_owned();
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .expect("a new boot")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vps_is_rebuilt_for_our_key_and_rescued_by_the_password_that_was_mailed() {
    let world = World::new().await;
    let name = world.get("/vps").await[0].as_str().unwrap().to_owned();
    let vps = format!("/vps/{name}");
    // its machine comes with the first task
    world
        .ask(Method::POST, &format!("{vps}/reboot"), &json!({}))
        .await;
    let spec = world.at(&world.get(&format!("{vps}/ips")).await[0]);
    let said = world.ssh(&spec, "debian", "exit 0").await;
    assert!(said.err.contains("Permission denied"), "{said:?}");

    let image = world.get(&format!("{vps}/images/available")).await[1].clone();
    let order =
        json!({"imageId": image, "publicSshKey": world.lab.public, "doNotSendPassword": true});
    world
        .ask(Method::POST, &format!("{vps}/rebuild"), &order)
        .await;
    let mut boot = String::new();
    let look = "cat /etc/os-release; sudo id -u; ip -j route show default";
    let out = world.after(&spec, "debian", &mut boot, look).await;
    assert!(
        out.contains("VERSION_ID=\"13\"") && out.contains("\n0\n"),
        "{out}"
    );
    assert!(out.contains("198.51.100.1"), "{out}");

    world
        .ask(Method::PUT, &vps, &json!({"netbootMode": "rescue"}))
        .await;
    world
        .ask(Method::POST, &format!("{vps}/reboot"), &json!({}))
        .await;
    assert_eq!(world.get(&vps).await["state"], "rescued");
    let mails = world.control("/ovh/mailbox").await;
    let password = mails["mails"][0]["password"].as_str().unwrap();
    let add = format!("umask 077; mkdir -p /root/.ssh; cat >> /root/.ssh/authorized_keys; {BOOT}");
    let line = format!("{}\n", world.lab.public);
    let said = world
        .lab
        .with_password(&spec, password, &add, line.as_bytes())
        .await;
    assert_eq!(said.status, 0, "{said:?}");
    assert_ne!(said.out.trim(), boot);
    let look = "hostname; findmnt -n -o SOURCE /; lsblk -ndo NAME";
    let out = world.after(&spec, "root", &mut boot, look).await;
    assert_eq!(out, "rescue\n/dev/sda1\nsda\nsdb\nsr0\n");

    world
        .ask(Method::PUT, &vps, &json!({"netbootMode": "local"}))
        .await;
    world
        .ask(Method::POST, &format!("{vps}/reboot"), &json!({}))
        .await;
    let out = world
        .after(&spec, "debian", &mut boot, "hostname; lsblk -ndo NAME")
        .await;
    assert_eq!(out, "vps-0a1b2c3d\nsda\nsr0\n");
    world.sandbox.close().await.unwrap();
}

/// The number of the rescue system that is up to date.
#[cfg(test)] // for the lints, as above
async fn rescue_of(world: &World, server: &str) -> Value {
    let ids = world.get(&format!("{server}/boot?bootType=rescue")).await;
    for id in ids.as_array().unwrap() {
        let netboot = world.get(&format!("{server}/boot/{id}")).await;
        if netboot["kernel"] == "rescue-customer" {
            return id.clone();
        }
    }
    panic!("no rescue among {ids}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dedicated_server_is_rescued_by_our_key_until_its_disk_is_chosen_again() {
    let world = World::new().await;
    let list = world.get("/dedicated/server").await;
    for name in list.as_array().unwrap() {
        let server = format!("/dedicated/server/{}", name.as_str().unwrap());
        let shown = world.get(&server).await;
        let spec = world.at(&shown["ip"]);
        let rescue = rescue_of(&world, &server).await;
        let body = json!({"bootId": rescue, "rescueSshKey": world.lab.public});
        world.ask(Method::PUT, &server, &body).await;
        world
            .ask(Method::POST, &format!("{server}/reboot"), &json!({}))
            .await;
        let mut boot = String::new();
        let look = "hostname; cat /sys/class/dmi/id/sys_vendor; lsblk -ndo NAME,TRAN";
        let out = world.after(&spec, "root", &mut boot, look).await;
        assert!(out.starts_with("rescue-customer-"), "{out}");
        assert!(
            out.contains("ASRockRack") && out.contains("sda   sata"),
            "{out}"
        );
        // from inside it boots rescue again
        world.ssh(&spec, "root", "reboot").await;
        let out = world.after(&spec, "root", &mut boot, "hostname").await;
        assert!(out.starts_with("rescue-customer-"), "{out}");

        let put = json!({"bootId": shown["bootId"]});
        world.ask(Method::PUT, &server, &put).await;
        let wishes = json!({"sshKey": world.lab.public});
        let order = json!({"operatingSystem": "debian13_64", "customizations": wishes});
        world
            .ask(Method::POST, &format!("{server}/reinstall"), &order)
            .await;
        let out = world.after(&spec, "debian", &mut boot, "hostname").await;
        assert!(out.starts_with("ns300000"), "{out}");
    }
    world.sandbox.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_not_there_does_not_boot_and_the_console_says_so() {
    let world = World::new().await;
    let server = "/dedicated/server/ns3000002.ip-198-51-100.eu";
    let put = json!({"efiBootloaderPath": r"\efi\nixos\grubx64.efi"});
    world.ask(Method::PUT, server, &put).await;
    world
        .ask(Method::POST, &format!("{server}/reboot"), &json!({}))
        .await;
    world.get(server).await;
    let console = world
        .control("/machines/ovh-ns3000002/console")
        .await
        .to_string();
    assert!(console.contains("No such file or directory"), "{console}");
    world.sandbox.close().await.unwrap();
}
