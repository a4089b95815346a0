//! Hetzner Cloud's HTTP, as the vendor's schema of 2026-07-08 has it.

mod actions;
mod addresses;
mod call;
mod error;
mod gate;
mod images;
mod input;
mod keys;
mod labels;
mod list;
mod locations;
mod names;
mod prices;
mod project;
mod rest;
mod servers;
mod settle;
mod types;
mod view;
mod volumes;

use crate::world::World;
use axum::Router;
use axum::middleware;
use axum::routing::{get, post, put};
use std::sync::Arc;

pub(crate) use project::Project;
pub(crate) use settle::settle;

/// Where the face begins.
pub(crate) const BASE: &str = "/hetzner/v1";

/// The face, below [`BASE`].
pub(crate) fn router(world: &Arc<World>) -> Router {
    Router::new()
        .merge(catalog())
        .merge(server_routes())
        .merge(key_routes())
        .merge(address_routes())
        .merge(volume_routes())
        .merge(rest::routes())
        .fallback(rest::unknown)
        .method_not_allowed_fallback(rest::wrong_method)
        .layer(middleware::from_fn_with_state(
            Arc::clone(world),
            gate::pass,
        ))
        .with_state(Arc::clone(world))
}

type Routes = Router<Arc<World>>;

fn catalog() -> Routes {
    Router::new()
        .route("/actions", get(actions::some))
        .route("/actions/{id}", get(actions::one))
        .route("/server_types", get(types::all))
        .route("/server_types/{id}", get(types::one))
        .route("/locations", get(locations::all))
        .route("/locations/{id}", get(locations::one))
        .route("/images", get(images::all))
        .route("/images/{id}", get(images::one))
        .route("/pricing", get(prices::all))
}

fn key_routes() -> Routes {
    Router::new()
        .route("/ssh_keys", get(keys::all).post(keys::create))
        .route(
            "/ssh_keys/{id}",
            get(keys::one).put(keys::update).delete(keys::delete),
        )
}

fn server_routes() -> Routes {
    use servers::{create, power, rescue, system};
    let does = |action: &str| format!("/servers/{{id}}/actions/{action}");
    Router::new()
        .route("/servers", get(servers::all).post(create::create))
        .route("/servers/actions", get(actions::of_servers))
        .route("/servers/actions/{id}", get(actions::one))
        .route(
            "/servers/{id}",
            get(servers::one)
                .put(servers::update)
                .delete(servers::delete),
        )
        .route("/servers/{id}/actions", get(actions::of_server))
        .route(
            &does("{action_id}"),
            get(actions::of_server_one).post(system::unsupported),
        )
        .route(&does("poweron"), post(power::poweron))
        .route(&does("poweroff"), post(power::poweroff))
        .route(&does("shutdown"), post(power::shutdown))
        .route(&does("reboot"), post(power::reboot))
        .route(&does("reset"), post(power::reset))
        .route(&does("enable_rescue"), post(rescue::enable))
        .route(&does("disable_rescue"), post(rescue::disable))
        .route(&does("rebuild"), post(system::rebuild))
        .route(&does("reset_password"), post(system::reset_password))
        .route(&does("request_console"), post(system::request_console))
        .route(&does("change_protection"), post(system::change_protection))
        .route(&does("change_dns_ptr"), post(system::change_dns_ptr))
}

fn address_routes() -> Routes {
    use addresses::assign;
    Router::new()
        .route("/primary_ips", get(addresses::all).post(addresses::create))
        .route("/primary_ips/actions", get(actions::of_addresses))
        .route("/primary_ips/actions/{id}", get(actions::one))
        .route(
            "/primary_ips/{id}",
            get(addresses::one)
                .put(addresses::update)
                .delete(addresses::delete),
        )
        .route("/primary_ips/{id}/actions", get(actions::of_address))
        .route(
            "/primary_ips/{id}/actions/{action_id}",
            get(actions::of_address_one),
        )
        .route("/primary_ips/{id}/actions/assign", post(assign::assign))
        .route("/primary_ips/{id}/actions/unassign", post(assign::unassign))
        .route(
            "/primary_ips/{id}/actions/change_protection",
            post(assign::change_protection),
        )
        .route(
            "/primary_ips/{id}/actions/change_dns_ptr",
            post(assign::change_dns_ptr),
        )
}

fn volume_routes() -> Routes {
    use volumes::plug;
    Router::new()
        .route("/volumes", get(volumes::all).post(volumes::create))
        .route("/volumes/actions", get(actions::of_volumes))
        .route("/volumes/actions/{id}", get(actions::one))
        .route(
            "/volumes/{id}",
            put(volumes::update)
                .get(volumes::one)
                .delete(volumes::delete),
        )
        .route("/volumes/{id}/actions", get(actions::of_volume))
        .route(
            "/volumes/{id}/actions/{action_id}",
            get(actions::of_volume_one),
        )
        .route("/volumes/{id}/actions/attach", post(plug::attach))
        .route("/volumes/{id}/actions/detach", post(plug::detach))
        .route("/volumes/{id}/actions/resize", post(plug::resize))
        .route(
            "/volumes/{id}/actions/change_protection",
            post(plug::change_protection),
        )
}
