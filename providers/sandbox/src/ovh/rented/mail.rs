//! What the vendor mails to a service's owner, and tells nobody else: passwords of rescue systems.

use super::{Product, Service};
use crate::world::Held;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// So many mails are kept for each service; the oldest go first.
const KEPT: usize = 20;

/// A mail. No `Debug`: a password is in it.
#[derive(Serialize, Deserialize)]
pub(in crate::ovh) struct Mail {
    at: Timestamp,
    subject: String,
    /// Root's password, where the mail is about one.
    password: Option<String>,
}

/// Mails something to the owner.
pub(in crate::ovh) fn post<P>(
    service: &mut Service<P>,
    at: Timestamp,
    subject: &str,
    password: Option<String>,
) {
    service.mails.push(Mail {
        at,
        subject: format!("{subject}: {}", service.name),
        password,
    });
    if service.mails.len() > KEPT {
        service.mails.remove(0);
    }
}

/// All that was mailed about a product's services, for the control endpoint.
pub(in crate::ovh) fn mailbox<P: Product>(held: &Held<'_>) -> Vec<Value> {
    let services = P::book(&held.ovh).services.values();
    services
        .flat_map(|service| {
            service.mails.iter().map(|mail| {
                json!({
                    "service": service.name,
                    "at": super::time(mail.at),
                    "subject": mail.subject,
                    "password": mail.password,
                })
            })
        })
        .collect()
}
