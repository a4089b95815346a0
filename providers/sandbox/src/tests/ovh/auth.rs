//! Logging in: signatures, clocks, consumer keys and their rules, tokens that end.

use super::super::Fixture;
use super::Signer;
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

const PROJECTS: &str = "/cloud/project";

/// What happens to a request between signing and sending.
type Distort = fn(&mut reqwest::Request);
/// What a client has wrong.
type Mistake = fn(&mut Signer);

/// Status and code.
async fn outcome(client: &Signer, method: Method, path: &str) -> (u16, String) {
    let (headers, (status, body)) = client.whole(client.signed(method, path, None)).await;
    let id = headers["x-ovh-queryid"].to_str().unwrap();
    assert!(id.starts_with("EU.ext-"), "{id}");
    if status != 200 {
        assert!(
            body["class"].is_string() && body["message"].is_string(),
            "{body}"
        );
    }
    let code = body["errorCode"].as_str().unwrap_or_default();
    (status, code.to_owned())
}

fn is(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn a_signature_covers_everything_that_is_sent() {
    let world = Fixture::new().await;
    let client = world.ovh();
    let projects = client.get(PROJECTS).await;
    assert_eq!(projects, json!([client.access.ovh_project]));

    let path = format!("/cloud/project/{}/sshkey", client.access.ovh_project);
    let body = json!({"name": "a", "publicKey": super::super::KEY});
    let changes: [(&str, Distort, u16); 4] = [
        ("method", |sent| *sent.method_mut() = Method::PUT, 400),
        ("body", |sent| *sent.body_mut() = Some("{}".into()), 400),
        ("query", |sent| sent.url_mut().set_query(Some("a=b")), 400),
        (
            "consumer",
            |sent| {
                sent.headers_mut()
                    .insert("x-ovh-consumer", "x".parse().unwrap());
            },
            403,
        ),
    ];
    for (what, change, status) in changes {
        let mut sent = client
            .signed(Method::POST, &path, Some(&body))
            .build()
            .unwrap();
        change(&mut sent);
        let response = client.http.execute(sent).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{what}");
    }
    let unsigned = client.http.get(client.url(PROJECTS));
    let (_, (status, body)) = client.whole(unsigned).await;
    assert_eq!(
        (status, &body["errorCode"]),
        (403, &json!("NOT_CREDENTIAL"))
    );
    assert_eq!(body["httpCode"], "403 Forbidden");
}

#[tokio::test]
async fn each_half_of_the_login_is_checked() {
    let world = Fixture::new().await;
    let cases: [(Mistake, u16, &str); 4] = [
        (
            |client| client.access.ovh_application_key = "x".to_owned(),
            403,
            "INVALID_KEY",
        ),
        (
            |client| client.access.ovh_application_secret = "x".to_owned(),
            400,
            "INVALID_SIGNATURE",
        ),
        (
            |client| client.access.ovh_consumer_key = "x".to_owned(),
            403,
            "INVALID_CREDENTIAL",
        ),
        (|client| client.delta = 0, 200, ""),
    ];
    for (change, status, code) in cases {
        let mut client = world.ovh();
        change(&mut client);
        assert_eq!(
            outcome(&client, Method::GET, PROJECTS).await,
            is(status, code)
        );
    }
    let nowhere = outcome(&world.ovh(), Method::GET, "/no/such/thing").await;
    assert_eq!(nowhere, is(404, ""));
    let nowhere = outcome(&world.ovh(), Method::DELETE, PROJECTS).await;
    assert_eq!(nowhere, is(404, ""));
}

#[tokio::test]
async fn the_clock_may_be_off_as_long_as_the_client_asks_it() {
    let world = Fixture::new().await;
    for skew in [0, 3600, -3600] {
        world.set_ovh(json!({"clock_skew_seconds": skew})).await;
        let mut client = world.ovh();
        let before = Timestamp::now().as_second();
        let (_, (status, time)) = client
            .whole(client.http.get(client.url("/auth/time")))
            .await;
        let after = Timestamp::now().as_second();
        assert_eq!(status, 200);
        let time = time.as_i64().unwrap();
        assert!((before + skew..=after + skew).contains(&time), "{time}");
        for (delta, good) in [
            (0, true),
            (20, true),
            (-20, true),
            (120, false),
            (-120, false),
        ] {
            client.delta = skew + delta;
            let wanted = if good {
                is(200, "")
            } else {
                is(400, "QUERY_TIME_OUT")
            };
            let found = outcome(&client, Method::GET, PROJECTS).await;
            assert_eq!(found, wanted, "skew {skew}, delta {delta}");
        }
    }
}

#[tokio::test]
async fn a_consumer_key_has_a_state_and_rules() {
    let read_only = json!([{"method": "GET", "path": "/cloud/*"}]);
    let world = Fixture::with(json!({"ovh": {"consumer_keys": [
        {"key": "old", "status": "expired"},
        {"key": "new", "status": "pendingValidation"},
        {"key": "reader", "rules": read_only},
    ]}}))
    .await;
    let mut client = world.ovh();
    for (key, method, path, wanted) in [
        ("old", Method::GET, PROJECTS, is(403, "INVALID_CREDENTIAL")),
        ("new", Method::GET, PROJECTS, is(403, "INVALID_CREDENTIAL")),
        ("reader", Method::GET, PROJECTS, is(200, "")),
        (
            "reader",
            Method::POST,
            "/cloud/x",
            is(403, "NOT_GRANTED_CALL"),
        ),
        ("reader", Method::GET, "/vps", is(403, "NOT_GRANTED_CALL")),
        (
            "reader",
            Method::GET,
            "/v2/iam/x",
            is(403, "NOT_GRANTED_CALL"),
        ),
    ] {
        key.clone_into(&mut client.access.ovh_consumer_key);
        assert_eq!(outcome(&client, method, path).await, wanted, "{key} {path}");
    }
    let client = world.ovh();
    assert_eq!(outcome(&client, Method::GET, PROJECTS).await, is(200, ""));
    world
        .set_ovh(json!({"consumer_keys": [{"status": "expired"}]}))
        .await;
    let found = outcome(&client, Method::GET, PROJECTS).await;
    assert_eq!(found, is(403, "INVALID_CREDENTIAL"), "the world's own");
}

async fn token(client: &Signer, form: &[(&str, &str)]) -> (u16, Value) {
    let form: Vec<String> = form.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let request = client
        .http
        .post(&client.access.ovh_token_url)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(form.join("&"));
    client.whole(request).await.1
}

async fn with_token(client: &Signer, token: &str) -> u16 {
    let request = client.http.get(client.url(PROJECTS)).bearer_auth(token);
    client.whole(request).await.1.0
}

#[tokio::test]
async fn tokens_are_given_to_the_client_and_end() {
    let world = Fixture::new().await;
    let client = world.ovh();
    let (id, secret) = (
        &client.access.ovh_client_id,
        &client.access.ovh_client_secret,
    );
    let grant = ("grant_type", "client_credentials");
    let all = [
        grant,
        ("client_id", id),
        ("client_secret", secret),
        ("scope", "all"),
    ];
    let (status, given) = token(&client, &all).await;
    assert_eq!(status, 200, "{given}");
    assert_eq!(given["expires_in"], 3599);
    assert_eq!(
        (&given["token_type"], &given["scope"]),
        (&json!("Bearer"), &json!("all"))
    );
    let first = given["access_token"].as_str().unwrap();
    assert_eq!(with_token(&client, first).await, 200);
    assert_eq!(with_token(&client, "x").await, 401);

    for (form, status, error) in [
        (vec![grant], 401, "invalid_client"),
        (
            vec![grant, ("client_id", id), ("client_secret", "x")],
            401,
            "invalid_client",
        ),
        (
            vec![("grant_type", "password")],
            400,
            "unsupported_grant_type",
        ),
        (vec![("client_id", id)], 400, "invalid_request"),
        (vec![grant, ("scope", "some")], 400, "invalid_scope"),
    ] {
        let (found, body) = token(&client, &form).await;
        assert_eq!((found, &body["error"]), (status, &json!(error)), "{form:?}");
    }
    let basic = client
        .http
        .post(&client.access.ovh_token_url)
        .basic_auth(id, Some(secret))
        .body("grant_type=client_credentials");
    assert_eq!(client.whole(basic).await.1.0, 200, "by the header");

    let world = world.again().await;
    let client = Signer::new(&world.client.access);
    assert_eq!(with_token(&client, first).await, 200, "it is kept");
    let ended = world.client.control(Method::DELETE, "/ovh/tokens", None);
    assert_eq!(ended.await.0.as_u16(), 200);
    assert_eq!(with_token(&client, first).await, 401);
}

#[tokio::test]
async fn a_token_lives_as_long_as_it_says() {
    let world = Fixture::with(json!({"ovh": {"token_lifetime_seconds": 1}})).await;
    let client = world.ovh();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &client.access.ovh_client_id),
        ("client_secret", &client.access.ovh_client_secret),
    ];
    let (_, given) = token(&client, &form).await;
    assert_eq!(given["expires_in"], 1);
    let home = world.home;
    world.sandbox.close().await.unwrap();
    // a second passes in the kept world
    let path = home.path().join("state/world.json");
    let mut kept: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let until = &mut kept["ovh"]["tokens"][0]["until"];
    let then: Timestamp = until.as_str().unwrap().parse().unwrap();
    *until = json!(then - jiff::SignedDuration::from_secs(2));
    std::fs::write(&path, kept.to_string()).unwrap();
    let world = Fixture::open(home).await;
    let client = world.ovh();
    let old = given["access_token"].as_str().unwrap();
    assert_eq!(with_token(&client, old).await, 401);
}

#[tokio::test]
async fn faults_speak_the_vendors_language_and_secrets_stay_out() {
    let world = Fixture::new().await;
    let client = world.ovh();
    world
        .client
        .arm(json!({"path": "/cloud/project", "kind": {"status":
            {"status": 429, "code": "TOO_MANY", "message": "slower", "headers": {"retry-after": "1"}}}}))
        .await;
    let (headers, (status, body)) = client
        .whole(client.signed(Method::GET, PROJECTS, None))
        .await;
    assert_eq!((status, &body["message"]), (429, &json!("slower")));
    assert_eq!(body["class"], "Client::TooManyRequests");
    assert_eq!(headers["retry-after"], "1");
    assert_eq!(client.get(PROJECTS).await.as_array().unwrap().len(), 1);

    let (_, found) = world.client.control(Method::GET, "/requests", None).await;
    assert_eq!(found["requests"][0]["path"], "/ovh/1.0/cloud/project");
    let shown = format!("{:?} {:?}", client.access, world.sandbox);
    let record = std::fs::read_to_string(world.home.path().join("record.jsonl")).unwrap();
    for secret in [
        &client.access.ovh_application_secret,
        &client.access.ovh_consumer_key,
        &client.access.ovh_client_secret,
    ] {
        assert!(!shown.contains(secret) && !record.contains(secret));
    }
}
