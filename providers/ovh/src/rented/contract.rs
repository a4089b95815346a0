//! The contract of a service: since when, and whether it is still good.

use super::wire::Contract;
use super::{Rental, keep, known};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use provision_api::{Error, ErrorKind, Result};

impl Rental {
    /// When the contract began; asked for once. Whoever may not read it does not learn it, and
    /// a server whose age is unknown counts as old.
    pub(crate) async fn since(&self, service: &str) -> Result<Timestamp> {
        if let Some(contract) = known(&self.contracts, service) {
            return Ok(began(&contract));
        }
        match self.contract(service).await {
            Ok(contract) => {
                keep(&self.contracts, service, &contract);
                Ok(began(&contract))
            }
            Err(error) if error.kind == ErrorKind::Denied => {
                tracing::debug!(service, %error, "the contract's age stays unknown");
                Ok(Timestamp::UNIX_EPOCH)
            }
            Err(error) => Err(error),
        }
    }

    /// Refuses a service whose contract is over or not paid for.
    pub(super) async fn in_good_standing(&self, service: &str) -> Result<()> {
        let contract = self.contract(service).await?;
        match lapse(&contract) {
            None => Ok(()),
            Some((kind, why)) => Err(self.unfit(kind, service, &why)),
        }
    }

    /// What is said of a service that cannot be taken over for now.
    pub(crate) fn unfit(&self, kind: ErrorKind, service: &str, why: &str) -> Error {
        let message = format!("{why}; see to it in the control panel first");
        self.error(kind, format!("adopt {service}"), message)
    }

    async fn contract(&self, service: &str) -> Result<Contract> {
        self.read(service, "/serviceInfos", "the contract").await
    }
}

/// Why the contract is no good, if it is not. Words that are not known are: the vendor refuses
/// itself what is suspended.
pub(super) fn lapse(contract: &Contract) -> Option<(ErrorKind, String)> {
    let until = match contract.expiration.as_str() {
        "" => String::new(),
        day => format!(" (paid until {day})"),
    };
    let (kind, why) = match contract.status.as_str() {
        "expired" => (ErrorKind::Suspended, "its contract has expired"),
        "unPaid" => (ErrorKind::Suspended, "its contract is not paid for"),
        "pendingDebt" => (ErrorKind::Suspended, "a debt is open on its contract"),
        "inCreation" => (ErrorKind::Conflict, "it is still being delivered"),
        _ => return None,
    };
    Some((kind, format!("{why}{until}")))
}

/// The beginning of the first day.
pub(super) fn began(contract: &Contract) -> Timestamp {
    let day = contract.creation.parse::<Date>().ok();
    day.and_then(|day| day.to_zoned(TimeZone::UTC).ok())
        .map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract(status: &str, creation: &str) -> Contract {
        Contract {
            status: status.to_owned(),
            creation: creation.to_owned(),
            expiration: "2026-08-01".to_owned(),
        }
    }

    #[test]
    fn what_is_not_paid_for_is_no_good() {
        for (status, good) in [
            ("ok", true),
            ("autorenewInProgress", true),
            ("somethingNew", true),
            ("", true),
            ("expired", false),
            ("unPaid", false),
            ("pendingDebt", false),
            ("inCreation", false),
        ] {
            assert_eq!(lapse(&contract(status, "")).is_none(), good, "{status}");
        }
        let (kind, why) = lapse(&contract("expired", "")).unwrap();
        assert_eq!(kind, ErrorKind::Suspended);
        assert_eq!(why, "its contract has expired (paid until 2026-08-01)");
    }

    #[test]
    fn it_began_on_a_day() {
        let at = |text| began(&contract("ok", text)).to_string();
        assert_eq!(at("2026-05-04"), "2026-05-04T00:00:00Z");
        for unknown in ["", "soon", "2026-13-01"] {
            assert_eq!(began(&contract("ok", unknown)), Timestamp::UNIX_EPOCH);
        }
    }
}
