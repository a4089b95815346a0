//! A layout against the firmware, forced: the gate's rule is true, and the machine says so.

use crate::lab::Lab;

fn host(lab: &Lab, server_type: &str, layout: &str) {
    lab.add_host(
        "box",
        &format!(
            "provider = 'hetzner'\nlayout = '{layout}'\n[hetzner]\ntypes = ['{server_type}']\n\
             locations = ['fsn1', 'nbg1', 'hel1', 'ash']\nimage = 'debian-13'\n"
        ),
    );
}

#[test]
fn what_the_gate_refuses_does_not_boot_when_it_is_forced() {
    for (server_type, layout, console, finding) in [
        (
            "cx23",
            "uefi",
            "| No bootable device",
            "the BIOS found no boot code",
        ),
        (
            "ccx13",
            "bios",
            "| BdsDxe: No bootable option or device was found",
            "the UEFI firmware found no boot program",
        ),
    ] {
        let lab = Lab::new();
        host(&lab, server_type, layout);
        lab.run("up box --sandbox")
            .failed(8, &["nothing was wiped", "--force-layout"]);
        assert_eq!(lab.servers()[0]["phase"], "created");
        let ran = lab.run_hurried("0.03", "up box --sandbox --force-layout");
        let ran = ran.failed(
            10,
            &[
                "warning: box: AGAINST THE GATE (--force-layout): the machine boots by",
                "AGAINST THE GATE if the layout does not fit",
                "it will probably not boot",
                "FORCED",
                console,
                finding,
                "look    provision show box --post-mortem",
                "--force-layout",
            ],
        );
        let mut lines = ran.stderr.lines();
        let resume = lines.find(|line| line.contains("resume  provision up box"));
        assert!(resume.unwrap().contains("--force-layout"), "{ran}");
        let found = lab.json("show box --post-mortem --sandbox");
        assert_eq!(found["through"], "rescue", "{found:#}");
        assert_eq!(lab.servers()[0]["phase"], "installed");
        // mended, the same server is installed again
        host(&lab, server_type, "auto");
        let up = lab.json("up box --sandbox --reinstall");
        assert_eq!(up["hosts"][0]["proven"], true);
        assert_eq!(up["hosts"][0].get("layout_forced"), None);
    }
}

#[test]
fn it_is_said_in_the_plan_and_forces_nothing_else() {
    let lab = Lab::new();
    host(&lab, "cx23", "uefi");
    let ran = lab
        .run("up box --sandbox --dry-run --force-layout")
        .succeeded();
    assert!(ran.stdout.contains("(--force-layout)"), "{ran}");
    // what fits is installed as ever, and not said to be forced
    host(&lab, "cx23", "bios");
    let up = lab.json("up box --sandbox --force-layout");
    assert_eq!(up["hosts"][0]["proven"], true);
    assert_eq!(up["hosts"][0].get("layout_forced"), None);
    let lab = Lab::new();
    lab.add_host(
        "box",
        "provider = 'hetzner'\narch = 'aarch64'\n[hetzner]\ntypes = ['cx23']\n\
         locations = ['fsn1']\nimage = 'debian-13'\n",
    );
    let ran = lab.run("up box --sandbox --force-layout");
    assert_ne!(ran.code, 0, "{ran}");
    assert!(ran.stderr.contains("x86_64"), "{ran}");
}
