//! The vendor's control panel.

use crate::Config;

/// The page of a server in the control panel of that endpoint's customers; its console (IPMI)
/// is a tab of it. The API has no address of the console itself: it can only be asked to open
/// one for a few minutes, which is a task and not for every model.
pub(super) fn page(panel: &str, service: &str) -> String {
    format!("{panel}/#/dedicated/server/{service}")
}

/// Where the control panel is. An endpoint of one's own has none, and is sent to Europe's.
pub(super) fn panel(config: &Config) -> &'static str {
    match config.subsidiary() {
        "CA" => "https://ca.ovh.com/manager",
        "US" => "https://us.ovhcloud.com/manager",
        _ => "https://www.ovh.com/manager",
    }
}
