//! Every answer about rented servers against the vendor's schemas, where those are at hand.

use super::Fixture;
use super::ovh::Signer;
use super::vendors::{all_fit, document, exchanges, operations, whole};
use reqwest::Method;
use serde_json::{Value, json};

/// Puts the document's `nullable` into JSON Schema's words, and takes no field that is not described.
fn tighten(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(tighten);
            if fields.get("type") == Some(&json!("object"))
                && fields.get("properties").is_some_and(Value::is_object)
            {
                fields.insert("additionalProperties".to_owned(), json!(false));
            }
            if fields.remove("nullable") == Some(json!(true)) {
                let old = Value::Object(std::mem::take(fields));
                fields.insert("anyOf".to_owned(), json!([{"type": "null"}, old]));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(tighten),
        _ => {}
    }
}

/// The schema of what a route answers with 200: none where the vendor has no such route, null when
/// it answers nothing.
fn schema_of(document: &Value, method: &str, path: &str) -> Option<Value> {
    let below = path.strip_prefix("/ovh/1.0")?;
    let answer = &operations(document, below)?[method.to_lowercase()]["responses"]["200"];
    if !answer.is_object() {
        return None;
    }
    let schema = answer["content"]["application/json"].get("schema");
    Some(schema.map_or(Value::Null, |schema| whole(document, schema)))
}

/// Does everything that both faces can.
async fn tour(client: &Signer) {
    let vps = client.get("/vps").await[0].as_str().unwrap().to_owned();
    let vps = format!("/vps/{vps}");
    let ips = client.get(&format!("{vps}/ips")).await;
    let image = client.get(&format!("{vps}/images/available")).await[0].clone();
    let image = image.as_str().unwrap();
    let order = json!({"imageId": image, "publicSshKey": super::KEY, "doNotSendPassword": true});
    let task = client.did(&format!("{vps}/rebuild"), order).await["id"].clone();
    for path in ["/reboot", "/stop", "/start", "/getConsoleUrl"] {
        client.did(&format!("{vps}{path}"), json!({})).await;
    }
    let disk = client.get(&format!("{vps}/disks")).await[0].clone();
    for rest in [
        String::new(),
        "/status".to_owned(),
        "/datacenter".to_owned(),
        "/serviceInfos".to_owned(),
        "/images/current".to_owned(),
        format!("/images/available/{image}"),
        "/tasks".to_owned(),
        format!("/tasks/{task}"),
        format!("/disks/{disk}"),
        format!("/ips/{}", ips[0].as_str().unwrap()),
        format!("/ips/{}", ips[1].as_str().unwrap()),
    ] {
        client.get(&format!("{vps}{rest}")).await;
    }
    let put = json!({"netbootMode": "rescue"});
    assert_eq!(client.ask(Method::PUT, &vps, Some(&put)).await.0, 200);
    client.get(&vps).await;
    for name in client.get("/dedicated/server").await.as_array().unwrap() {
        dedicated(client, name.as_str().unwrap()).await;
    }
}

async fn dedicated(client: &Signer, name: &str) {
    let server = format!("/dedicated/server/{name}");
    let task = client.did(&format!("{server}/reboot"), json!({})).await["taskId"].clone();
    let order = json!({"operatingSystem": "debian13_64"});
    client.did(&format!("{server}/reinstall"), order).await;
    let boots = client.get(&format!("{server}/boot")).await;
    for boot in boots.as_array().unwrap() {
        client.get(&format!("{server}/boot/{boot}")).await;
    }
    for rest in [
        "",
        "/boot?bootType=rescue",
        "/ips",
        "/serviceInfos",
        "/task",
        "/specifications/hardware",
        "/specifications/network",
        "/install/compatibleTemplates",
        &format!("/task/{task}"),
    ] {
        client.get(&format!("{server}{rest}")).await;
    }
    let put = json!({"rescueSshKey": super::KEY, "monitoring": false});
    assert_eq!(client.ask(Method::PUT, &server, Some(&put)).await.0, 200);
    client.get(&server).await;
}

#[tokio::test]
async fn every_answer_is_as_the_vendor_says() {
    let world = Fixture::new().await;
    tour(&world.ovh()).await;
    let exchanges = exchanges(&world);
    assert!(exchanges.len() > 50, "{}", exchanges.len());
    let (Some(mut vps), Some(mut dedicated)) = (document("ovh-vps"), document("ovh-dedicated"))
    else {
        return;
    };
    // the two documents describe things of one name differently
    let is_vps = |exchange: &Value| {
        let path = exchange["path"].as_str().unwrap();
        path.starts_with("/ovh/1.0/vps")
    };
    let (of_vps, of_dedicated): (Vec<Value>, Vec<Value>) = exchanges.into_iter().partition(is_vps);
    for (document, exchanges) in [(&mut vps, of_vps), (&mut dedicated, of_dedicated)] {
        tighten(document);
        all_fit(&exchanges, |method, path, _| {
            schema_of(document, method, path)
        });
    }
}
