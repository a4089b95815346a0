//! What is sold, who may ask, and how often.

use super::Fixture;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

fn names(list: &Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn types_places_images_and_prices() {
    let world = Fixture::new().await;
    let client = &world.client;
    let types = client.get("/server_types?name=cax11").await;
    let cax = &types["server_types"][0];
    assert_eq!(
        (&cax["architecture"], &cax["memory"]),
        (&json!("arm"), &json!(4))
    );
    assert_eq!(
        cax["prices"][0]["price_hourly"],
        json!({"net": "0.0053000000", "gross": "0.0063070000000000"})
    );
    let one = client.get(&format!("/server_types/{}", cax["id"])).await;
    assert_eq!(&one["server_type"], cax);
    let places = client.get("/locations").await;
    assert_eq!(
        names(&places["locations"]),
        ["fsn1", "nbg1", "hel1", "ash", "hil", "sin"]
    );
    let images = client.get("/images?architecture=arm&name=debian-13").await;
    assert_eq!(images["images"].as_array().unwrap().len(), 1);
    let images = client.get("/images?type=snapshot").await;
    assert_eq!(images["images"], json!([]));
    let pricing = client.get("/pricing").await;
    assert_eq!(pricing["pricing"]["currency"], "EUR");
    assert_eq!(pricing["pricing"]["primary_ips"][0]["type"], "ipv4");
    for path in [
        "/isos",
        "/firewalls",
        "/networks",
        "/placement_groups",
        "/floating_ips",
        "/load_balancers",
    ] {
        let empty = client.get(path).await;
        assert_eq!(empty[&path[1..]], json!([]), "{path}");
        assert_eq!(empty["meta"]["pagination"]["total_entries"], 0);
    }
}

#[tokio::test]
async fn what_is_gone_or_never_was() {
    let world = Fixture::new().await;
    let client = &world.client;
    for (method, path, status, code) in [
        (Method::GET, "/datacenters", 410, "deprecated_api_endpoint"),
        (
            Method::GET,
            "/datacenters/1",
            410,
            "deprecated_api_endpoint",
        ),
        (Method::GET, "/nothing", 404, "not_found"),
        (Method::GET, "/server_types/1", 404, "not_found"),
        (Method::GET, "/servers/abc", 404, "not_found"),
        (Method::GET, "/firewalls/1", 404, "not_found"),
        (Method::PATCH, "/servers", 405, "method_not_allowed"),
    ] {
        let (got, answer) = client.send(client.request(method, path)).await;
        assert_eq!(
            (got.as_u16(), &answer["error"]["code"]),
            (status, &json!(code)),
            "{path}"
        );
    }
    let broken = client.request(Method::POST, "/ssh_keys").body("{");
    let (status, answer) = client.send(broken).await;
    assert_eq!(
        (status.as_u16(), &answer["error"]["code"]),
        (400, &json!("json_error"))
    );
}

#[tokio::test]
async fn only_tokens_pass_and_one_may_only_read() {
    let world = Fixture::with(json!({"token_readonly": "look"})).await;
    let client = &world.client;
    let with = |method: Method, token: &str| {
        client
            .http
            .request(
                method,
                format!("{}/ssh_keys", client.access.endpoint_hetzner),
            )
            .bearer_auth(token)
            .json(&json!({}))
    };
    let (status, answer) = client.send(with(Method::GET, "wrong")).await;
    assert_eq!(
        (status.as_u16(), &answer["error"]["code"]),
        (401, &json!("unauthorized"))
    );
    assert_eq!(
        client.send(with(Method::GET, "look")).await.0,
        StatusCode::OK
    );
    let (status, answer) = client.send(with(Method::POST, "look")).await;
    assert_eq!(
        (status.as_u16(), &answer["error"]["code"]),
        (401, &json!("token_readonly"))
    );
}

#[tokio::test]
async fn the_rate_limit_is_told_and_kept() {
    // so slow a refill that none comes during the test
    let world = Fixture::with(json!({"rate_limit": {"limit": 2, "per_second": 0.000_001}})).await;
    let send = async || {
        world
            .client
            .request(Method::GET, "/locations")
            .send()
            .await
            .unwrap()
    };
    let header = |response: &reqwest::Response, name: &str| -> i64 {
        response.headers()[name].to_str().unwrap().parse().unwrap()
    };
    let first = send().await;
    assert_eq!(
        (
            header(&first, "ratelimit-limit"),
            header(&first, "ratelimit-remaining")
        ),
        (2, 1)
    );
    assert!(header(&first, "ratelimit-reset") > jiff::Timestamp::now().as_second());
    assert!(first.headers().contains_key("x-correlation-id"));
    assert_eq!(send().await.status(), StatusCode::OK);
    let third = send().await;
    assert_eq!(third.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(header(&third, "ratelimit-remaining"), 0);
    let body: Value = serde_json::from_str(&third.text().await.unwrap()).unwrap();
    assert_eq!(body["error"]["code"], "rate_limit_exceeded");
}
