//! Public Cloud: instances by the hour, in one project.

mod catalog;
mod flavors;
mod ids;
mod images;
mod instances;
mod keys;
mod project;
mod regions;
mod settle;

use super::Routes;
use axum::Router;
use axum::routing::{get, post};

pub(crate) use instances::console_notes;
pub(crate) use project::Project;
pub(super) use settle::settle;

/// Below `/1.0`.
pub(super) fn routes() -> Routes {
    Router::new()
        .route("/order/catalog/public/cloud", get(catalog::all))
        .route("/cloud/project", get(project::all))
        .route("/cloud/project/{service}", get(project::one))
        .route("/cloud/project/{service}/region", get(regions::all))
        .route("/cloud/project/{service}/flavor", get(flavors::all))
        .route("/cloud/project/{service}/image", get(images::all))
        .route(
            "/cloud/project/{service}/sshkey",
            get(keys::all).post(keys::create),
        )
        .route(
            "/cloud/project/{service}/sshkey/{key}",
            get(keys::one).delete(keys::delete),
        )
        .merge(instance_routes())
}

fn instance_routes() -> Routes {
    use instances::{create, power, rescue, system};
    let does = |action: &str| format!("/cloud/project/{{service}}/instance/{{instance}}/{action}");
    Router::new()
        .route(
            "/cloud/project/{service}/instance",
            get(instances::all).post(create::create),
        )
        .route(
            "/cloud/project/{service}/instance/{instance}",
            get(instances::one)
                .put(instances::rename)
                .delete(instances::delete),
        )
        .route(&does("rescueMode"), post(rescue::mode))
        .route(&does("reboot"), post(power::reboot))
        .route(&does("start"), post(power::start))
        .route(&does("stop"), post(power::stop))
        .route(&does("reinstall"), post(system::reinstall))
        .route(&does("vnc"), post(system::vnc))
        .route(
            &does("activeMonthlyBilling"),
            post(system::active_monthly_billing),
        )
}

/// A point in time, to the second.
fn time(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
