//! Both firmwares with every layout: what fits boots, the rest is refused before it wipes.

use crate::lab::Lab;
use serde_json::Value;

/// A host of its own on a type with that firmware.
fn host(lab: &Lab, server_type: &str, layout: &str) {
    lab.add_host(
        "box",
        &format!(
            "provider = 'hetzner'\nlayout = '{layout}'\n[hetzner]\ntypes = ['{server_type}']\n\
             locations = ['fsn1', 'nbg1', 'hel1', 'ash']\nimage = 'debian-13'\n"
        ),
    );
}

fn up(server_type: &str, layout: &str) -> Value {
    let lab = Lab::new();
    host(&lab, server_type, layout);
    lab.json("up box --sandbox")["hosts"][0].clone()
}

#[test]
fn auto_follows_the_firmware() {
    let bios = up("cx23", "auto");
    assert_eq!(
        (&bios["firmware"], &bios["layout"]),
        (&"bios".into(), &"bios".into())
    );
    let uefi = up("ccx13", "auto");
    assert_eq!(
        (&uefi["firmware"], &uefi["layout"]),
        (&"uefi".into(), &"uefi".into())
    );
}

#[test]
fn hybrid_boots_on_both() {
    for server_type in ["cx23", "ccx13"] {
        let host = up(server_type, "hybrid");
        assert_eq!(host["layout"], "hybrid");
        assert_eq!(host["proven"], true);
    }
}

#[test]
fn a_layout_against_the_firmware_is_refused_before_it_wipes() {
    for (server_type, layout, mend) in [("cx23", "uefi", "layout"), ("ccx13", "bios", "layout")] {
        let lab = Lab::new();
        host(&lab, server_type, layout);
        lab.run("up box --sandbox").failed(
            8,
            &[
                "refused by the gate; nothing was wiped",
                mend,
                "remains",
                "EUR/h",
                "provision teardown box",
            ],
        );
        let phase = lab.servers()[0]["phase"].clone();
        assert_eq!(phase, "created");
        // the mend is followed, and the same server goes on
        host(&lab, server_type, "auto");
        let up = lab.json("up box --sandbox");
        assert_eq!(up["hosts"][0]["proven"], true);
        assert_eq!(lab.servers().len(), 1);
    }
}
