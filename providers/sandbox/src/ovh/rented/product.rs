//! What a product has to say for itself, and what tasks do.

use super::{Book, Service};
use crate::machine::{Boot, Spec};
use crate::ovh::account::Account;
use crate::settings::Settings;
use crate::settings::ovh::rented::ServiceStatus;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A product of the vendor's that is rented.
pub(in crate::ovh) trait Product: Sized + Send + Sync + 'static {
    /// What the settings say of one.
    type Offer: Clone + Send + Sync;

    /// The resource type in IAM.
    const KIND: &'static str;

    /// All that the account rents.
    fn offers(settings: &Settings) -> &[Self::Offer];

    /// The service's name, the state of its contract, and the image that its owner chose.
    fn terms(offer: &Self::Offer) -> Terms<'_>;

    /// Those of the account that somebody has asked for.
    fn book(account: &Account) -> &Book<Self>;

    /// The same, to be changed.
    fn book_mut(account: &mut Account) -> &mut Book<Self>;

    /// How one is handed over.
    fn fresh(offer: &Self::Offer) -> Self;

    /// What its machine is made of, but for what all have in common.
    fn spec(offer: &Self::Offer, common: Spec) -> Spec;

    /// What the firmware boots, as things stand.
    fn boots(offer: &Self::Offer, service: &Service<Self>) -> Boot;

    /// What a task changes in it, before the machine boots.
    fn change(service: &mut Service<Self>, effect: &Effect);

    /// The vendor has booted its machine.
    fn booted(offer: &Self::Offer, service: &mut Service<Self>, now: Timestamp);
}

/// What the settings say of a service, whatever the product.
pub(in crate::ovh) struct Terms<'a> {
    pub(in crate::ovh) name: &'a str,
    pub(in crate::ovh) status: ServiceStatus,
    pub(in crate::ovh) image: &'a str,
}

/// What a task does.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::ovh) enum Effect {
    /// Nothing.
    None,
    /// It ends in this error.
    Fail(crate::faults::ActionError),
    /// A VPS boots this from now on; it does so at once, if it says so.
    Netboot { rescue: bool, reboot: bool },
    /// Power off, and on again.
    Cycle,
    /// Power on.
    Start,
    /// Power off.
    Stop,
    /// An image over its disk, and a boot of that.
    Write(Box<Writing>),
}

/// An image that is written.
#[derive(Clone, Serialize, Deserialize)]
pub(in crate::ovh) struct Writing {
    /// Its name.
    pub(in crate::ovh) image: String,
    /// The login key of its default user.
    pub(in crate::ovh) key: Option<String>,
    /// cloud-init's user data.
    pub(in crate::ovh) user_data: Option<String>,
    /// The EFI program that boots it.
    pub(in crate::ovh) loader: Option<String>,
}
