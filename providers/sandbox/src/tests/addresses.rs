//! Primary IPs: with their server and without.

use super::{Fixture, id};
use reqwest::StatusCode;
use serde_json::json;

#[tokio::test]
async fn a_server_has_its_own_and_one_that_was_made_before_outlives_it() {
    let world = Fixture::new().await;
    let client = &world.client;
    let made = client
        .did(
            "/primary_ips",
            json!({"name": "kept", "type": "ipv4", "location": "fsn1"}),
        )
        .await;
    let kept = &made["primary_ip"];
    let order = json!({"name": "web-1", "server_type": "cx23", "image": "debian-13", "location": "fsn1",
        "public_net": {"ipv4": id(kept)}});
    let server = client.did("/servers", order).await;
    assert_eq!(server["server"]["public_net"]["ipv4"]["ip"], kept["ip"]);
    let all = client.get("/primary_ips").await;
    let all = all["primary_ips"].as_array().unwrap();
    assert_eq!(all.len(), 2, "and an IPv6 network of its own");
    assert_eq!(all[0]["assignee_id"], server["server"]["id"]);
    assert_eq!(
        (&all[0]["auto_delete"], &all[1]["auto_delete"]),
        (&json!(false), &json!(true))
    );
    let path = format!("/primary_ips/{}", id(kept));
    let (status, answer) = client.delete(&path).await;
    assert_eq!(
        (status.as_u16(), &answer["error"]["code"]),
        (422, &json!("must_be_unassigned"))
    );
    client
        .delete(&format!("/servers/{}", id(&server["server"])))
        .await;
    let left = client.get("/primary_ips").await;
    assert_eq!(left["primary_ips"].as_array().unwrap().len(), 1);
    assert_eq!(left["primary_ips"][0]["assignee_id"], json!(null));
    assert_eq!(client.delete(&path).await.0, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn an_order_with_the_wrong_one_is_refused() {
    let world = Fixture::new().await;
    let client = &world.client;
    let make = async |name: &str, kind: &str, place: &str| {
        let made = client
            .did(
                "/primary_ips",
                json!({"name": name, "type": kind, "location": place}),
            )
            .await;
        id(&made["primary_ip"])
    };
    let (v6, far, mine) = (
        make("a", "ipv6", "fsn1").await,
        make("b", "ipv4", "nbg1").await,
        make("c", "ipv4", "fsn1").await,
    );
    let order = |name: &str, ipv4: u64| json!({"name": name, "server_type": "cx23", "image": "debian-13", "location": "fsn1", "public_net": {"ipv4": ipv4}});
    client.did("/servers", order("web-1", mine)).await;
    for (ipv4, status, code) in [
        (v6, 412, "primary_ip_version_mismatch"),
        (far, 422, "primary_ip_datacenter_mismatch"),
        (mine, 422, "primary_ip_assigned"),
        (1, 422, "invalid_input"),
    ] {
        assert_eq!(
            client.refused("/servers", order("web-2", ipv4)).await,
            (status, code.into())
        );
    }
}

#[tokio::test]
async fn they_leave_and_join_a_server_that_is_off() {
    let world = Fixture::new().await;
    let client = &world.client;
    let server = client.server("web-1").await;
    let all = client.get("/primary_ips").await;
    let address = id(&all["primary_ips"][0]);
    let at = |action: &str| format!("/primary_ips/{address}/actions/{action}");
    let body = json!({"assignee_type": "server", "assignee_id": server});
    assert_eq!(
        client.refused(&at("unassign"), json!({})).await,
        (422, "server_not_stopped".into())
    );
    client
        .did(&format!("/servers/{server}/actions/poweroff"), json!({}))
        .await;
    assert_eq!(
        client.refused(&at("assign"), body.clone()).await,
        (422, "server_has_ipv4".into())
    );
    client.did(&at("unassign"), json!({})).await;
    let shown = client.get(&format!("/servers/{server}")).await;
    assert_eq!(shown["server"]["public_net"]["ipv4"], json!(null));
    let back = client.did(&at("assign"), body.clone()).await;
    let action = client
        .get(&format!("/actions/{}", id(&back["action"])))
        .await;
    assert_eq!(action["action"]["status"], "success");
    assert_eq!(
        client.get(&format!("/primary_ips/{address}")).await["primary_ip"]["assignee_id"],
        server
    );

    client.did(&at("unassign"), json!({})).await;
    let other = client
        .did(
            "/primary_ips",
            json!({"name": "x", "type": "ipv4", "location": "fsn1"}),
        )
        .await;
    let path = format!("/primary_ips/{}/actions/assign", id(&other["primary_ip"]));
    let moved = client.did(&path, body).await;
    let action = client
        .get(&format!("/actions/{}", id(&moved["action"])))
        .await;
    assert_eq!(
        action["action"]["status"], "error",
        "machines keep their address, and that is said"
    );
}

#[tokio::test]
async fn names_labels_and_protection_change() {
    let world = Fixture::new().await;
    let client = &world.client;
    let made = client
        .did(
            "/primary_ips",
            json!({"name": "a", "type": "ipv6", "location": "fsn1"}),
        )
        .await;
    let ip = made["primary_ip"]["ip"]
        .as_str()
        .unwrap()
        .replace("::/64", "::7");
    let path = format!("/primary_ips/{}", id(&made["primary_ip"]));
    let (_, changed) = client
        .put(
            &path,
            json!({"name": "b", "labels": {"x": ""}, "auto_delete": true}),
        )
        .await;
    assert_eq!(
        (
            &changed["primary_ip"]["name"],
            &changed["primary_ip"]["auto_delete"]
        ),
        (&json!("b"), &json!(true))
    );
    client
        .did(
            &format!("{path}/actions/change_dns_ptr"),
            json!({"ip": ip, "dns_ptr": "a.example.com"}),
        )
        .await;
    let shown = client.get(&path).await;
    assert_eq!(
        shown["primary_ip"]["dns_ptr"],
        json!([{"ip": ip, "dns_ptr": "a.example.com"}])
    );
    let elsewhere = json!({"ip": "2001:db8::1", "dns_ptr": "a.example.com"});
    let refused = client
        .refused(&format!("{path}/actions/change_dns_ptr"), elsewhere)
        .await;
    assert_eq!(refused, (422, "invalid_input".into()));
    client
        .did(
            &format!("{path}/actions/change_protection"),
            json!({"delete": true}),
        )
        .await;
    let (status, answer) = client.delete(&path).await;
    assert_eq!(
        (status.as_u16(), &answer["error"]["code"]),
        (423, &json!("protected"))
    );
}
