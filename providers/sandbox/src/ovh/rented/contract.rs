//! The contract of a rented server (`serviceInfos`).

use super::{Product, Service};
use crate::settings::ovh::rented::ServiceStatus;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

/// `services.Service`
pub(in crate::ovh) fn contract<P: Product>(service: &Service<P>, now: Timestamp) -> Value {
    let day = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
    let days = |n: i64| now.checked_add((n * 24).hours()).unwrap_or(Timestamp::MAX);
    json!({
        "serviceId": service.number,
        "domain": service.name,
        // whoever gets here has a contract that holds
        "status": ServiceStatus::Ok.word(),
        "creation": day(days(-200)),
        "expiration": day(days(20)),
        "engagedUpTo": null,
        "canDeleteAtExpiration": true,
        "possibleRenewPeriod": [1, 3, 6, 12],
        "renewalType": "automaticV2016",
        "renew": {
            "automatic": true,
            "deleteAtExpiration": false,
            "forced": false,
            "manualPayment": false,
            "period": 1,
        },
        "contactAdmin": "ab12345-ovh",
        "contactBilling": "ab12345-ovh",
        "contactTech": "ab12345-ovh",
    })
}
