//! The project, and what can be ordered in it.

use super::super::Fixture;
use super::{Signer, names};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn at(client: &Signer, rest: &str) -> String {
    client.project(rest)
}

#[tokio::test]
async fn a_project_is_ones_own_or_not_there() {
    let world = Fixture::new().await;
    let client = world.ovh();
    let shown = client.get(&at(&client, "")).await;
    assert_eq!(shown["project_id"], client.access.ovh_project);
    assert_eq!(shown["status"], "ok");
    let other = format!("{:032x}", 7);
    for rest in ["", "/region", "/flavor", "/image", "/sshkey", "/instance"] {
        let path = format!("/cloud/project/{other}{rest}");
        let (status, body) = client.ask(Method::GET, &path, None).await;
        assert_eq!(status, 404, "{path}: {body}");
        assert!(body["class"].as_str().unwrap().contains("NotFound"));
    }
}

#[tokio::test]
async fn a_suspended_project_is_shown_and_not_served() {
    let world = Fixture::with(json!({"ovh": {"cloud": {"status": "suspended"}}})).await;
    let client = world.ovh();
    assert_eq!(client.get(&at(&client, "")).await["status"], "suspended");
    for rest in ["/region", "/flavor", "/image", "/sshkey", "/instance"] {
        let (status, body) = client.ask(Method::GET, &at(&client, rest), None).await;
        assert_eq!(status, 460, "{rest}");
        assert!(body["message"].as_str().unwrap().contains("suspended"));
    }
    let order = json!({"name": "a", "region": "GRA11", "flavorId": "x", "imageId": "y"});
    assert_eq!(
        client.refused(&at(&client, "/instance"), order).await.0,
        460
    );
    world.set_ovh(json!({"cloud": {"status": "ok"}})).await;
    client.get(&at(&client, "/instance")).await;
}

#[tokio::test]
async fn ids_of_flavors_and_images_differ_by_region() {
    let world = Fixture::new().await;
    let client = world.ovh();
    let regions = client.get(&at(&client, "/region")).await;
    assert!(regions.as_array().unwrap().contains(&json!("GRA11")));
    for (kind, name) in [("flavor", "b3-8"), ("image", "Debian 13")] {
        let all = client.get(&at(&client, &format!("/{kind}"))).await;
        let found: Vec<&Value> = all
            .as_array()
            .unwrap()
            .iter()
            .filter(|thing| thing["name"] == name)
            .collect();
        let ids: BTreeSet<&str> = found.iter().filter_map(|f| f["id"].as_str()).collect();
        assert_eq!(found.len(), regions.as_array().unwrap().len(), "{kind}");
        assert_eq!(ids.len(), found.len(), "{kind}");
        let here = client
            .get(&at(&client, &format!("/{kind}?region=GRA11")))
            .await;
        let one = here.as_array().unwrap().iter().find(|t| t["name"] == name);
        assert_eq!(one.unwrap()["region"], "GRA11");
        assert!(ids.contains(one.unwrap()["id"].as_str().unwrap()));
    }
    for path in [
        "/flavor?region=MOON1",
        "/image?region=MOON1",
        "/flavor?colour=red",
    ] {
        let (status, _) = client.ask(Method::GET, &at(&client, path), None).await;
        assert_eq!(status, 400, "{path}");
    }
}

#[tokio::test]
async fn images_are_filtered_and_tell_their_user() {
    let world = Fixture::new().await;
    let client = world.ovh();
    let of = async |kind: &str| {
        let path = format!("/image?region=GRA11&osType={kind}");
        client.get(&at(&client, &path)).await
    };
    let linux = of("linux").await;
    assert!(names(&linux).contains(&"Debian 13".to_owned()));
    let windows = of("windows").await;
    assert!(!windows.as_array().unwrap().is_empty());
    assert!(
        names(&windows)
            .iter()
            .all(|name| name.starts_with("Windows"))
    );
    let debian = linux
        .as_array()
        .unwrap()
        .iter()
        .find(|i| i["name"] == "Debian 13");
    assert_eq!(debian.unwrap()["user"], "debian");
}

#[tokio::test]
async fn the_price_list_is_public_and_may_be_missing() {
    let world = Fixture::new().await;
    let client = world.ovh();
    let ask = async |path: &str| {
        let request = client.http.get(client.url(path));
        client.whole(request).await.1
    };
    let path = "/order/catalog/public/cloud?ovhSubsidiary=FR";
    let (status, catalog) = ask(path).await;
    assert_eq!(
        (status, &catalog["locale"]["currencyCode"]),
        (200, &json!("EUR"))
    );
    let flavors = client.get(&at(&client, "/flavor?region=GRA11")).await;
    let flavor = flavors
        .as_array()
        .unwrap()
        .iter()
        .find(|f| f["name"] == "d2-2");
    let code = &flavor.unwrap()["planCodes"]["hourly"];
    assert_eq!(code, "d2-2.consumption");
    let addons = catalog["addons"].as_array().unwrap();
    let addon = addons.iter().find(|addon| addon["planCode"] == *code);
    let pricing = &addon.unwrap()["pricings"][0];
    assert_eq!(
        (&pricing["price"], &pricing["intervalUnit"]),
        (&json!(1_080_000), &json!("hour"))
    );
    for path in [
        "/order/catalog/public/cloud",
        "/order/catalog/public/cloud?ovhSubsidiary=XX",
    ] {
        assert_eq!(ask(path).await.0, 400, "{path}");
    }
    world
        .set_ovh(json!({"cloud": {"catalog": {"served": false}}}))
        .await;
    assert_eq!(ask(path).await.0, 404);
}

#[tokio::test]
async fn a_key_name_is_there_once_and_a_key_many_times() {
    let world = Fixture::new().await;
    let client = world.ovh();
    let path = at(&client, "/sshkey");
    let body = |name: &str| json!({"name": name, "publicKey": super::super::KEY});
    let made = client.did(&path, body("a")).await;
    assert_eq!(made["fingerPrint"], super::super::FINGERPRINT);
    assert_eq!(client.refused(&path, body("a")).await.0, 409);
    let other = client.did(&path, body("b")).await;
    assert_ne!(made["id"], other["id"]);
    assert_eq!(names(&client.get(&path).await).len(), 2);
    for wrong in [
        json!({"name": "c"}),
        json!({"publicKey": super::super::KEY}),
        json!({"name": "", "publicKey": super::super::KEY}),
        json!({"name": "c", "publicKey": "ssh-ed25519 AAAA"}),
        json!({"name": "c", "publicKey": super::super::KEY, "region": "MOON1"}),
        json!({"name": "c", "publicKey": super::super::KEY, "labels": {}}),
    ] {
        assert_eq!(client.refused(&path, wrong.clone()).await.0, 400, "{wrong}");
    }
    let here = json!({"name": "c", "publicKey": super::super::OTHER_KEY, "region": "SBG5"});
    assert_eq!(client.did(&path, here).await["regions"], json!(["SBG5"]));
    let at_gra = client.get(&format!("{path}?region=GRA11")).await;
    assert_eq!(names(&at_gra).len(), 2);

    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    assert_eq!(client.get(&one).await["name"], "a");
    let (status, gone) = client.ask(Method::DELETE, &one, None).await;
    assert_eq!((status, gone), (200, Value::Null));
    assert_eq!(client.ask(Method::GET, &one, None).await.0, 404);
    assert_eq!(client.ask(Method::DELETE, &one, None).await.0, 404);
    let world = world.again().await;
    let client = world.ovh();
    assert_eq!(names(&client.get(&at(&client, "/sshkey")).await).len(), 2);
}
