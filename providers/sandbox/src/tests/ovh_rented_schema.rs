//! Every answer about rented servers against the vendor's schemas, where those are at hand.

use super::Fixture;
use super::ovh::Signer;
use reqwest::Method;
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// The vendor's document lies beside the repository, not in it.
fn document(name: &str) -> Option<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join(format!("../../../shared/specs/ovh-{name}.openapi.json"));
    let mut document = serde_json::from_slice(&std::fs::read(path).ok()?).unwrap();
    tighten(&mut document);
    Some(document)
}

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

/// The schema of what a route answers with 200; nothing when it answers nothing.
fn schema_of(document: &Value, method: &str, path: &str) -> Option<Value> {
    let wanted: Vec<&str> = path.split('/').collect();
    let fits = |pattern: &str| {
        let pattern: Vec<&str> = pattern.split('/').collect();
        pattern.len() == wanted.len()
            && pattern
                .iter()
                .zip(&wanted)
                .all(|(p, w)| p == w || p.starts_with('{'))
    };
    let paths = document["paths"].as_object().unwrap();
    let route = paths
        .iter()
        .filter(|(pattern, _)| fits(pattern))
        .min_by_key(|(pattern, _)| pattern.matches('{').count())
        .unwrap_or_else(|| panic!("{path} is no route of the vendor's"))
        .1;
    let answer = &route[method.to_lowercase()]["responses"]["200"];
    assert!(
        answer.is_object(),
        "{method} {path} is none of the vendor's"
    );
    let schema = answer["content"]["application/json"].get("schema")?;
    let mut whole = Map::new();
    whole.insert("components".to_owned(), document["components"].clone());
    whole.insert("allOf".to_owned(), json!([schema]));
    Some(Value::Object(whole))
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
    let record = std::fs::read_to_string(world.home.path().join("record.jsonl")).unwrap();
    let exchanges: Vec<Value> = record
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(exchanges.len() > 50, "{}", exchanges.len());
    let (Some(vps), Some(dedicated)) = (document("vps"), document("dedicated")) else {
        return;
    };
    let mut wrong = Vec::new();
    for exchange in &exchanges {
        let method = exchange["method"].as_str().unwrap();
        let path = exchange["path"].as_str().unwrap();
        let below = path.strip_prefix("/ovh/1.0").unwrap();
        let document = if below.starts_with("/vps") {
            &vps
        } else {
            &dedicated
        };
        let Some(schema) = schema_of(document, method, below) else {
            assert_eq!(exchange["response_body"], Value::Null, "{path}");
            continue;
        };
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        for error in validator.iter_errors(&exchange["response_body"]) {
            wrong.push(format!(
                "{method} {path}: {error} at {}",
                error.instance_path()
            ));
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
