//! The trait that every cloud is put behind.

use crate::{
    Accepted, Catalog, KeyId, Leftover, Marks, OwnedServer, Owner, Progress, Result, Server, Stage,
    TaskId,
};
use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::fmt::{Debug, Display};

/// A cloud that servers can be had from.
///
/// Methods name intents, never API calls. None of them waits for what the vendor does in the
/// background: they answer with what was accepted ([`Accepted`]), and the one waiter waits.
/// `Display` is the provider's name as users write it (`hetzner`).
#[async_trait]
pub trait Provider: Debug + Display + Send + Sync {
    /// What this product can do, known without a request.
    fn capabilities(&self) -> Capabilities;

    /// HTTP requests sent so far, retries included.
    fn requests(&self) -> u64;

    /// The vendor's time, as its last answer told it, a second or two behind at most. None if no
    /// answer has told it: then nothing can be said to be over, and nothing that is to end can
    /// be made.
    fn now(&self) -> Option<Timestamp>;

    /// Types, places, prices and what is to be had now.
    async fn catalog(&self) -> Result<Catalog>;

    /// Every server that the credentials can see, marked or not.
    async fn servers(&self) -> Result<Vec<Server>>;

    /// Makes sure that the cloud knows this login key; one with the same fingerprint is used
    /// as it is, whoever made it.
    async fn trust(&self, key: &LoginKey) -> Result<KeyId>;

    /// Creates the server unless one of that name with the same owner and host exists, which is then
    /// adopted: after a lost answer there is one server, not two.
    ///
    /// A name that somebody else's server has is [`crate::ErrorKind::AlreadyExists`].
    async fn create(&self, order: &Order) -> Result<Ordered>;

    /// Begins (`Stage(0)`) or goes on with an intent.
    async fn drive(&self, server: &OwnedServer, intent: &Intent, stage: Stage) -> Result<Accepted>;

    /// Writes our marks on a server that exists and bears nobody's. One that bears a mark is
    /// [`crate::ErrorKind::AlreadyExists`]; where servers are created it is
    /// [`crate::ErrorKind::Unsupported`].
    async fn adopt(&self, server: &Server, marks: &Marks) -> Result<OwnedServer>;

    /// Root's password in the rescue system that was wanted last, where the API answers one.
    /// It is never kept.
    async fn rescue_password(&self, _server: &OwnedServer) -> Result<Option<SecretString>> {
        Ok(None)
    }

    /// Replaces the marks on the server, and answers with the server as it then is.
    ///
    /// The marks are read again first: a server that does not exist any more is
    /// [`crate::ErrorKind::NotFound`], one that is not the server of that owner, host, role and
    /// run any more is [`crate::ErrorKind::NotOurs`].
    async fn mark(&self, server: &OwnedServer, marks: &Marks) -> Result<OwnedServer>;

    /// How far these tasks are, in as few requests as the vendor allows; one answer for each
    /// id, in the same order. A task that the vendor no longer knows is `Failed` (not found).
    async fn poll(&self, tasks: &[TaskId]) -> Result<Vec<Progress>>;

    /// Keys, addresses and volumes that bear the owner's mark.
    async fn leftovers(&self, owner: &Owner) -> Result<Vec<Leftover>>;

    /// Deletes one of them; one that is gone already is a success.
    async fn remove(&self, leftover: &Leftover) -> Result<Accepted>;

    /// A way to the server's screen and keyboard.
    async fn console(&self, server: &OwnedServer) -> Result<Console>;
}

/// What a product can do. The plan reads this; nothing is found out at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a table of yes and no is what it is"
)]
pub struct Capabilities {
    /// Servers can be created and deleted by API.
    pub create: bool,
    /// How its rescue system is entered.
    pub rescue: Rescue,
    /// The disk can be set back to the vendor's image.
    pub rebuild: bool,
    /// A host key can be given to a new server, so that the first connection is verified.
    pub host_key_at_first_boot: bool,
    /// Whose host key a server shows whose disk was set back to the vendor's image.
    pub rebuild_key: RebuildKey,
    /// Names are unique in the project, so that a duplicate cannot come into being.
    pub unique_names: bool,
    /// The cloud keeps login keys: [`Provider::trust`] makes something that can be left over.
    pub keeps_keys: bool,
    /// Real hardware: before it boots anything, its firmware takes minutes.
    pub metal: bool,
    /// Who may be logged in as on a fresh image, the likeliest first.
    pub first_users: &'static [&'static str],
}

/// Whose host key a server shows whose disk was set back to the vendor's image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RebuildKey {
    /// One that is given to it anew.
    Given,
    /// The one that was given to it when it was created: the vendor kept the user data.
    Kept,
    /// One that it makes by itself.
    Unknown,
}

/// How a rescue system is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rescue {
    /// With the login keys that the intent names.
    Keys,
    /// With the password that [`Provider::rescue_password`] answers. The API may answer none:
    /// then it stands where this says.
    Password(&'static str),
    /// With a password that stands where this says, and nowhere in the API.
    Elsewhere(&'static str),
}

/// A login key to be known to the cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginKey {
    /// Name to give it, if it is new.
    pub name: String,
    /// The OpenSSH public key line (`ssh-ed25519 AAAA…`), without a comment.
    pub public: String,
    /// Whose it is, written on it as a mark if it is new.
    pub owner: Owner,
}

/// What is wanted of a new server.
#[derive(Debug, Clone)]
pub struct Order {
    /// Its name at the vendor.
    pub name: String,
    /// The vendor's name of the type.
    pub server_type: String,
    /// The vendor's name of the place.
    pub location: String,
    /// The vendor's name of the image.
    pub image: String,
    /// Login keys for root.
    pub keys: Vec<KeyId>,
    /// cloud-init's user data; holds a private host key.
    pub user_data: SecretString,
    /// What to write on it.
    pub marks: Marks,
    /// Create it switched off.
    pub powered_off: bool,
}

/// The answer to an order.
#[derive(Debug, Clone)]
pub struct Ordered {
    /// The server, with our mark on it.
    pub server: OwnedServer,
    /// What has to end before it is there.
    pub accepted: Accepted,
    /// It existed already and was taken over; its `user_data` may be another than ordered.
    pub adopted: bool,
}

/// What is wanted of a server that exists.
#[derive(Debug, Clone)]
pub enum Intent {
    /// Freshly booted into the vendor's rescue system, with these login keys.
    InRescue {
        /// Login keys for root, where the product takes them.
        keys: Vec<KeyId>,
    },
    /// Freshly booted from its own disk, no rescue system armed.
    FromDisk,
    /// Booted from its own disk when it is rebooted next, whoever does that; not rebooted now.
    DiskNext,
    /// Freshly booted into the vendor's image; everything on its disk is lost.
    Rebuilt {
        /// The vendor's name of the image.
        image: String,
        /// cloud-init's user data; holds a private host key. Ignored where the product takes
        /// none ([`Capabilities::rebuild_key`]).
        user_data: SecretString,
        /// Login keys, for a product that takes no user data.
        keys: Vec<KeyId>,
    },
    /// Ours no more, and there all the same: it was adopted, and its contract goes on.
    Released {
        /// Its disk is set back to the vendor's image first.
        reset: bool,
    },
    /// Not there any more, nor anything of ours that hung on it; what is not ours is detached.
    Gone,
}

/// A way to the server's screen and keyboard.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Console {
    /// Where to connect (`wss://…`).
    pub url: String,
    /// The one-time password, if there is one.
    #[serde(skip)]
    pub password: Option<SecretString>,
}
