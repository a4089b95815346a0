//! The `hcloud` crate, generated from another reading of the vendor's documentation.

use crate::seen::{
    Described, IMAGE, KEY_NAME, LABEL, LOCATION, SERVER_NAME, SERVER_TYPE, Seen, public_key,
};
use crate::support::world::World;
use hcloud::apis::actions_api::{GetActionParams, get_action};
use hcloud::apis::configuration::Configuration;
use hcloud::apis::primary_ips_api::{ListPrimaryIpsParams, list_primary_ips};
use hcloud::apis::servers_api::{
    CreateServerParams, DeleteServerParams, EnableRescueModeForServerParams, GetServerParams,
    ListServersParams, ResetServerParams, create_server, delete_server,
    enable_rescue_mode_for_server, get_server, list_servers, reset_server,
};
use hcloud::apis::ssh_keys_api::{
    CreateSshKeyParams, DeleteSshKeyParams, ListSshKeysParams, create_ssh_key, delete_ssh_key,
    list_ssh_keys,
};
use hcloud::models::action::Status as ActionStatus;
use hcloud::models::enable_rescue_mode_for_server_request::Type;
use hcloud::models::server::Status;
use hcloud::models::{
    Action, CreateServerRequest, CreateSshKeyRequest, EnableRescueModeForServerRequest, Server,
};
use std::collections::HashMap;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

fn configuration(world: &World) -> Configuration {
    let access = world.access();
    let mut configuration = Configuration::new();
    configuration.bearer_access_token = Some(access.token_hetzner.clone());
    for address in configuration.base_path_mapping.values_mut() {
        address.clone_from(&access.endpoint_hetzner);
    }
    configuration
}

/// The whole session.
pub(crate) async fn session(world: &World) -> Seen {
    let cloud = &configuration(world);
    let mut request = CreateSshKeyRequest::new(KEY_NAME.to_owned(), public_key());
    request.labels = Some(HashMap::new());
    let create_key = CreateSshKeyParams {
        create_ssh_key_request: request,
    };
    let key = create_ssh_key(cloud, create_key).await.unwrap().ssh_key;
    let keys = key_names(cloud).await;

    let id = create(cloud).await;
    let servers = server_names(cloud).await;
    let running = wait(cloud, id, "running", |server| {
        server.status == Status::Running
    })
    .await;
    let armed = arm(cloud, id, key.id).await;
    let reset = reset_server(cloud, ResetServerParams { id }).await.unwrap();
    finish(cloud, &reset.action).await;
    let after = wait(cloud, id, "out of rescue", |server| !server.rescue_enabled).await;
    let deleted = delete_server(cloud, DeleteServerParams { id })
        .await
        .unwrap();
    finish(cloud, &deleted.action.unwrap()).await;
    delete_ssh_key(cloud, DeleteSshKeyParams { id: key.id })
        .await
        .unwrap();

    let mut left = server_names(cloud).await;
    left.extend(key_names(cloud).await);
    let addresses = list_primary_ips(cloud, ListPrimaryIpsParams::default())
        .await
        .unwrap();
    left.extend(
        addresses
            .primary_ips
            .into_iter()
            .map(|address| address.name),
    );
    Seen {
        key_fingerprint: key.fingerprint,
        keys,
        servers,
        server: described(&running),
        rescue: [
            running.rescue_enabled,
            armed.rescue_enabled,
            after.rescue_enabled,
        ],
        after_reset: status(&after),
        left,
    }
}

async fn create(cloud: &Configuration) -> i64 {
    let mut request = CreateServerRequest::new(
        IMAGE.to_owned(),
        SERVER_NAME.to_owned(),
        SERVER_TYPE.to_owned(),
    );
    request.location = Some(LOCATION.to_owned());
    request.ssh_keys = Some(vec![KEY_NAME.to_owned()]);
    request.labels = Some(HashMap::from([(LABEL.0.to_owned(), LABEL.1.to_owned())]));
    let params = CreateServerParams {
        create_server_request: request,
    };
    let created = create_server(cloud, params).await.unwrap();
    finish(cloud, &created.action).await;
    for action in &created.next_actions {
        finish(cloud, action).await;
    }
    created.server.id
}

async fn arm(cloud: &Configuration, id: i64, key: i64) -> Server {
    let mut request = EnableRescueModeForServerRequest::new();
    request.ssh_keys = Some(vec![key]);
    request.r#type = Some(Type::Linux64);
    let params = EnableRescueModeForServerParams {
        id,
        enable_rescue_mode_for_server_request: request,
    };
    let enabled = enable_rescue_mode_for_server(cloud, params).await.unwrap();
    assert!(
        enabled
            .root_password
            .is_some_and(|password| !password.is_empty())
    );
    finish(cloud, &enabled.action.unwrap()).await;
    read(cloud, id).await
}

async fn read(cloud: &Configuration, id: i64) -> Server {
    *get_server(cloud, GetServerParams { id })
        .await
        .unwrap()
        .server
        .unwrap()
}

async fn finish(cloud: &Configuration, action: &Action) {
    let until = Instant::now() + PATIENCE;
    loop {
        let now = get_action(cloud, GetActionParams { id: action.id })
            .await
            .unwrap()
            .action;
        match now.status {
            ActionStatus::Success => return,
            ActionStatus::Running => assert!(Instant::now() < until, "it never ends: {now:?}"),
            ActionStatus::Error => panic!("{now:?}"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn wait(cloud: &Configuration, id: i64, what: &str, fits: fn(&Server) -> bool) -> Server {
    let until = Instant::now() + PATIENCE;
    loop {
        let server = read(cloud, id).await;
        if fits(&server) {
            return server;
        }
        assert!(Instant::now() < until, "never {what}: {server:?}");
        tokio::time::sleep(PAUSE).await;
    }
}

async fn server_names(cloud: &Configuration) -> Vec<String> {
    let answer = list_servers(cloud, ListServersParams::default())
        .await
        .unwrap();
    answer
        .servers
        .into_iter()
        .map(|server| server.name)
        .collect()
}

async fn key_names(cloud: &Configuration) -> Vec<String> {
    let answer = list_ssh_keys(cloud, ListSshKeysParams::default())
        .await
        .unwrap();
    answer.ssh_keys.into_iter().map(|key| key.name).collect()
}

/// As the vendor writes it.
fn status(server: &Server) -> String {
    let value = serde_json::to_value(server.status).unwrap();
    value.as_str().unwrap().to_owned()
}

fn described(server: &Server) -> Described {
    Described {
        name: server.name.clone(),
        status: status(server),
        server_type: server.server_type.name.clone(),
        location: server.location.name.clone(),
        image: server
            .image
            .as_ref()
            .and_then(|image| image.name.clone())
            .unwrap_or_default(),
        ipv4: server.public_net.ipv4.as_ref().unwrap().ip.clone(),
        labels: server.labels.clone().into_iter().collect(),
    }
}
