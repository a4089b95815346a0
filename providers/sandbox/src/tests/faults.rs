//! Faults on demand.

use super::{Fixture, id};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

fn order(name: &str) -> Value {
    json!({"name": name, "server_type": "cx23", "image": "debian-13"})
}

async fn count(world: &Fixture) -> usize {
    world.client.get("/servers").await["servers"]
        .as_array()
        .unwrap()
        .len()
}

#[tokio::test]
async fn an_answer_can_be_an_error_with_or_without_the_effect() {
    let world = Fixture::new().await;
    let client = &world.client;
    let rule = |effect: bool| {
        json!({"method": "POST", "path": "/servers", "kind": {"status": {"status": 503, "code": "unavailable",
            "headers": {"retry-after": "7"}, "effect": effect}}})
    };
    client.arm(rule(false)).await;
    let refused = client
        .request(Method::POST, "/servers")
        .json(&order("a"))
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.headers()["retry-after"], "7");
    assert_eq!(count(&world).await, 0);
    client.arm(rule(true)).await;
    assert_eq!(
        client.refused("/servers", order("a")).await,
        (503, "unavailable".into())
    );
    assert_eq!(
        count(&world).await,
        1,
        "it was made although the answer was an error"
    );
    client.did("/servers", order("b")).await;
}

#[tokio::test]
async fn a_connection_can_end_before_or_after_the_effect() {
    let world = Fixture::new().await;
    let client = &world.client;
    for (kind, made) in [("drop-before", 0), ("drop-after", 1)] {
        client
            .arm(json!({"method": "POST", "path": "/servers", "kind": kind}))
            .await;
        let sent = client
            .request(Method::POST, "/servers")
            .json(&order("a"))
            .send()
            .await;
        assert!(sent.is_err(), "{kind}");
        assert_eq!(count(&world).await, made, "{kind}");
    }
    let (_, found) = client.control(Method::GET, "/requests", None).await;
    assert_eq!(found["requests"][0]["status"], Value::Null);
}

#[tokio::test]
async fn a_connection_can_be_reset_before_or_after_the_effect() {
    let world = Fixture::new().await;
    let client = &world.client;
    for (kind, made) in [("reset-before", 0), ("reset-after", 1)] {
        client
            .arm(json!({"method": "POST", "path": "/servers", "kind": kind}))
            .await;
        let sent = client
            .request(Method::POST, "/servers")
            .json(&order("a"))
            .send()
            .await;
        let error = sent.unwrap_err();
        let mut cause: &dyn std::error::Error = &error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        let said = cause.to_string();
        assert!(said.contains("reset"), "{kind}: {said}");
        assert_eq!(count(&world).await, made, "{kind}");
    }
}

#[tokio::test]
async fn a_body_can_be_slow_and_is_whole() {
    let world = Fixture::new().await;
    let client = &world.client;
    let rule = json!({"path": "/locations", "kind": {"slow-body": 300}});
    let at_once = client.get("/locations").await;
    client.arm(rule).await;
    let begun = std::time::Instant::now();
    assert_eq!(client.get("/locations").await, at_once);
    assert!(begun.elapsed() >= std::time::Duration::from_millis(250));
}

#[tokio::test]
async fn an_answer_can_be_half_or_called_something_else() {
    let world = Fixture::new().await;
    let client = &world.client;
    client.arm(json!([
        {"path": "/locations", "kind": "truncate"},
        {"path": "/locations", "nth": 2, "kind": {"content-type": "text/html"}},
        {"path": "/pricing", "kind": {"status": {"status": 502, "body": "<html>bad gateway</html>"}}},
    ]))
    .await;
    let half = client
        .request(Method::GET, "/locations")
        .send()
        .await
        .unwrap();
    assert_eq!(half.status(), StatusCode::OK);
    assert!(serde_json::from_str::<Value>(&half.text().await.unwrap()).is_err());
    let named = client
        .request(Method::GET, "/locations")
        .send()
        .await
        .unwrap();
    assert_eq!(named.headers()["content-type"], "text/html");
    let gateway = client
        .request(Method::GET, "/pricing")
        .send()
        .await
        .unwrap();
    assert_eq!(gateway.text().await.unwrap(), "<html>bad gateway</html>");
}

#[tokio::test]
async fn actions_can_fail_hang_or_vanish() {
    let world = Fixture::new().await;
    let client = &world.client;
    let server = client.server("a").await;
    let reset = format!("/servers/{server}/actions/reset");
    let arm = async |kind: Value| {
        client
            .arm(json!({"method": "POST", "path": "/servers/*/actions/*", "kind": kind}))
            .await;
    };
    let boots = || world.machine(server).memory().boots.len();

    arm(json!({"action-error": {"code": "host_down", "message": "the host is down"}})).await;
    let begun = client.did(&reset, json!({})).await;
    let action = client
        .get(&format!("/actions/{}", id(&begun["action"])))
        .await;
    assert_eq!(
        (
            &action["action"]["status"],
            &action["action"]["error"]["code"]
        ),
        (&json!("error"), &json!("host_down"))
    );
    assert_eq!(boots(), 1, "without an effect");

    arm(json!("action-vanishes")).await;
    let begun = client.did(&reset, json!({})).await;
    let lost = id(&begun["action"]);
    let (status, _) = client
        .send(client.request(Method::GET, &format!("/actions/{lost}")))
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(
        client.get(&format!("/actions?id={lost}")).await["actions"],
        json!([])
    );
    assert_eq!(boots(), 2, "it did its work");

    arm(json!("action-hangs")).await;
    let begun = client.did(&reset, json!({})).await;
    let action = client
        .get(&format!("/actions/{}", id(&begun["action"])))
        .await;
    assert_eq!(action["action"]["status"], "running");
    assert_eq!(
        client.refused(&reset, json!({})).await,
        (423, "locked".into())
    );
    let (status, _) = client.delete(&format!("/servers/{server}")).await;
    assert_eq!(status, StatusCode::OK, "a server that hangs can be removed");
}

#[tokio::test]
async fn what_follows_from_an_action_that_hangs_hangs_too() {
    let world = Fixture::new().await;
    let client = &world.client;
    client
        .arm(json!({"method": "POST", "path": "/servers", "kind": "action-hangs"}))
        .await;
    let made = client.did("/servers", order("a")).await;
    let (create, start) = (id(&made["action"]), id(&made["next_actions"][0]));
    let both = client
        .get(&format!("/actions?id={create}&id={start}"))
        .await;
    assert_eq!(both["actions"][0]["status"], "running");
    assert_eq!(both["actions"][1]["status"], "running");
    client
        .delete(&format!("/servers/{}", id(&made["server"])))
        .await;
    assert_eq!(count(&world).await, 0);
}

#[tokio::test]
async fn a_removal_that_fails_removes_nothing() {
    let world = Fixture::new().await;
    let client = &world.client;
    let server = client.server("a").await;
    client
        .arm(json!({"method": "DELETE", "path": "/servers/*", "kind": {"action-error": {}}}))
        .await;
    let (_, gone) = client.delete(&format!("/servers/{server}")).await;
    let action = client
        .get(&format!("/actions/{}", id(&gone["action"])))
        .await;
    assert_eq!(action["action"]["status"], "error");
    assert_eq!(client.status(server).await, "running");
}

#[tokio::test]
async fn lists_can_be_behind() {
    let world = Fixture::new().await;
    let client = &world.client;
    client
        .arm(json!({"method": "POST", "path": "/servers", "kind": {"stale-list": 2}}))
        .await;
    let server = id(&client.did("/servers", order("a")).await["server"]);
    assert_eq!(
        client.status(server).await,
        "running",
        "it can be got by its number"
    );
    assert_eq!(
        [
            count(&world).await,
            count(&world).await,
            count(&world).await
        ],
        [0, 0, 1]
    );
    client
        .arm(json!({"method": "POST", "path": "/servers", "kind": {"stale-list": 9}}))
        .await;
    client.did("/servers", order("b")).await;
    assert_eq!(count(&world).await, 1);
    client.control(Method::DELETE, "/faults", None).await;
    assert_eq!(count(&world).await, 2, "with the fault all of it is over");
}

#[tokio::test]
async fn they_are_listed_counted_disarmed_and_kept() {
    let world = Fixture::new().await;
    let client = &world.client;
    client.arm(json!({"path": "/locations", "times": 0, "kind": {"delay": {"before_ms": 1, "after_ms": 1}}})).await;
    client.get("/locations").await;
    let world = world.again().await;
    let client = &world.client;
    client.get("/locations").await;
    let (_, found) = client.control(Method::GET, "/faults", None).await;
    assert_eq!(
        (&found["faults"][0]["seen"], &found["faults"][0]["hit"]),
        (&json!(2), &json!(2))
    );
    client.control(Method::DELETE, "/faults", None).await;
    let (_, found) = client.control(Method::GET, "/faults", None).await;
    assert_eq!(found["faults"], json!([]));
    let (status, _) = client
        .control(
            Method::POST,
            "/faults",
            Some(json!({"path": "x", "kind": "truncate"})),
        )
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn those_of_the_settings_hit_once_and_not_in_each_command() {
    let fault =
        json!({"path": "/locations", "kind": {"status": {"status": 500, "code": "server_error"}}});
    let world = Fixture::with(json!({ "faults": [fault] })).await;
    let status = async |world: &Fixture| {
        world
            .client
            .send(world.client.request(Method::GET, "/locations"))
            .await
            .0
    };
    assert_eq!(status(&world).await, StatusCode::INTERNAL_SERVER_ERROR);
    let world = world.again().await;
    assert_eq!(status(&world).await, StatusCode::OK);
}
