//! Orders an instance, once, whatever happens to the answers.
//!
//! Names are not unique here, so a look comes first: what an earlier order for the same host
//! made is adopted.

use super::task::Goal;
use super::wire::{Instance, Key, NewInstance};
use super::{PublicCloud, convert, error, key, name};
use provision_api::http::{Guarded, Request};
use provision_api::{
    Accepted, Error, ErrorKind, Order, Ordered, OwnedServer, Phase, Result, Server,
};
use secrecy::ExposeSecret;

/// The vendor's cloud (`OpenStack`) takes so many bytes of user data, once they are base64.
const MOST_USER_DATA: usize = 65_535 / 4 * 3;

impl PublicCloud {
    /// Creates the instance, or finds the one that an earlier order for the same host made.
    pub(super) async fn order(&self, order: &Order) -> Result<Ordered> {
        let operation = format!("create instance {}", order.name);
        let public = key::only(order, &operation)?;
        let raw = name::write(&order.name, &order.marks)
            .map_err(|why| error(ErrorKind::Invalid, &operation, why))?;
        let length = order.user_data.expose_secret().len();
        if length > MOST_USER_DATA {
            let why = format!(
                "its user_data has {length} bytes, and at most {MOST_USER_DATA} are possible"
            );
            return Err(error(ErrorKind::Invalid, operation, why));
        }
        let (instances, keys) = tokio::try_join!(self.instances(), self.keys())?;
        if let Some(found) = self.earlier(order, &instances, &keys, &operation).await? {
            return Ok(found);
        }
        let (flavor_id, image_id) = (
            self.flavor_id(order).await?,
            self.image_id(&order.image, &order.location, &operation)
                .await?,
        );
        let (key, is_new) = self.key_for(order, public, &keys).await?;
        let body = NewInstance {
            name: &raw,
            region: &order.location,
            flavor_id: &flavor_id,
            image_id: &image_id,
            ssh_key_id: &key.id,
            user_data: order.user_data.expose_secret(),
            monthly_billing: false,
        };
        let made = match self.placed(&body, &key, &operation).await {
            Ok(instance) => self.made(order, instance, &key, &operation).await,
            Err(error) => Err(lifted(error)),
        };
        match made {
            Err(error) if is_new && is_plain(&error) => Err(self.without_key(&key, error).await),
            other => other,
        }
    }

    /// Places the order, once.
    async fn placed(&self, body: &NewInstance<'_>, key: &Key, operation: &str) -> Result<Instance> {
        let request = Request::post(self.path("/instance").await?, operation);
        let request = self.client.v1().with_body(request, body)?;
        let look = || async {
            let found = self.instances().await?.into_iter();
            Ok(oldest(found.filter(|instance| {
                instance.name == body.name
                    && convert::uses(instance, key)
                    && convert::is_alive(&instance.status)
            })))
        };
        match self.client.v1().guarded(request, look).await? {
            Guarded::Answered(instance) | Guarded::Found(instance) => Ok(instance),
        }
    }

    /// What is there already for this order.
    async fn earlier(
        &self,
        order: &Order,
        instances: &[Instance],
        keys: &[Key],
        operation: &str,
    ) -> Result<Option<Ordered>> {
        let mut found = Vec::new();
        let alive = |instance: &&Instance| convert::is_alive(&instance.status);
        for instance in instances.iter().filter(alive) {
            let Ok(Some(told)) = name::read(&instance.name) else {
                continue;
            };
            let same = told.name == order.name
                && told.marks.owner == order.marks.owner
                && told.marks.host == order.marks.host;
            if !same {
                continue;
            }
            if instance.status == "ERROR" && told.marks.phase == Phase::Created {
                self.clear_away(instance, order, keys).await?;
                continue;
            }
            found.push(instance.clone());
        }
        let Some(instance) = oldest(found.into_iter()) else {
            return Ok(None);
        };
        let flavors = self.flavors().await?;
        let server = convert::server(&instance, &flavors, keys);
        if let Some(doubt) = &server.doubt {
            let why = format!(
                "instance {} has that name, but {doubt}; rename it or remove it yourself",
                instance.id
            );
            return Err(error(ErrorKind::AlreadyExists, operation, why));
        }
        let busy = instance.status != "ACTIVE" && !convert::is_off(&instance.status);
        let busy = busy && !convert::in_rescue(&instance.status) && instance.status != "ERROR";
        let server = claim(server, order, operation)?;
        Ok(Some(Ordered {
            accepted: if busy {
                Goal::Made.last(&instance.id)
            } else {
                Accepted::default()
            },
            // with our own run's mark it is what the lost answer would have told of
            adopted: server.marks().run != order.marks.run,
            server,
        }))
    }

    /// Deletes an instance of ours that failed at birth: nothing was ever on it, and the next
    /// order would take it for its own.
    async fn clear_away(&self, instance: &Instance, order: &Order, keys: &[Key]) -> Result<()> {
        let operation = format!("delete the failed instance {}", instance.id);
        let server = convert::server(instance, &[], keys);
        claim(server, order, &operation)?;
        tracing::info!(instance = instance.id, "removing what failed at birth");
        self.delete_instance(&instance.id, &operation)
            .await
            .map(drop)
    }

    /// The instance that was just made.
    async fn made(
        &self,
        order: &Order,
        mut instance: Instance,
        key: &Key,
        operation: &str,
    ) -> Result<Ordered> {
        // the list may lag behind with what was just attached
        if instance.ssh_key.is_none() {
            instance.ssh_key_id = Some(key.id.clone());
        }
        let keys = std::slice::from_ref(key);
        self.ordered().insert(instance.id.clone());
        if instance.status == "ERROR" {
            let mut why = format!("instance {} ended in ERROR at once", instance.id);
            if let Err(error) = self.clear_away(&instance, order, keys).await {
                why = format!("{why}, and is still there: {error}");
            }
            return Err(error(ErrorKind::SoldOut, operation, why));
        }
        let flavors = self.flavors().await?;
        let server = convert::server(&instance, &flavors, keys);
        Ok(Ordered {
            server: claim(server, order, operation)?,
            accepted: Goal::Made.last(&instance.id),
            adopted: false,
        })
    }
}

fn claim(server: Server, order: &Order, operation: &str) -> Result<OwnedServer> {
    OwnedServer::claim(server, &order.marks.owner)
        .map_err(|not_ours| error(ErrorKind::Garbled, operation, not_ours.to_string()))
}

/// Of several that a lost answer and a stale list made, everybody takes the same one.
fn oldest(instances: impl Iterator<Item = Instance>) -> Option<Instance> {
    instances.min_by(|one, other| (&one.created, &one.id).cmp(&(&other.created, &other.id)))
}

/// What a refused order means. The vendor says in words only that a region has no room.
fn lifted(mut error: Error) -> Error {
    let refused = matches!(error.kind, ErrorKind::Invalid | ErrorKind::Conflict);
    if refused && says_sold_out(&error.message) {
        error.kind = ErrorKind::SoldOut;
    }
    error
}

/// Whether a flavor or a region has no room, rather than that something else is not there: where
/// an image is missing, another region is no mend.
fn says_sold_out(message: &str) -> bool {
    let said = message.to_lowercase();
    let phrases = ["not available", "unavailable"];
    let Some(at) = phrases.iter().filter_map(|phrase| said.find(phrase)).min() else {
        return false;
    };
    let subject = &said[..at];
    let has = |words: &[&str]| words.iter().any(|word| subject.contains(word));
    has(&["flavor", "capacity", "region"]) && !has(&["image", "snapshot", "key", "network"])
}

/// Whether an order that ended so has surely made no instance that stays: one that came to light
/// later would bear half a mark without its key, and be nobody's.
fn is_plain(error: &Error) -> bool {
    let is_vague = matches!(
        error.kind,
        ErrorKind::TimedOut
            | ErrorKind::Unavailable
            | ErrorKind::Garbled
            | ErrorKind::Cancelled
            | ErrorKind::Unknown
    );
    !(is_vague || error.in_doubt)
}

#[cfg(test)]
mod tests {
    use super::says_sold_out;

    #[test]
    fn only_a_flavor_or_a_region_is_sold_out() {
        for (message, expected) in [
            ("Flavor d2-2 is not available in region GRA11", true),
            (
                "Region GRA11 is temporarily unavailable for new instances",
                true,
            ),
            ("Capacity is currently not available", true),
            ("Image Debian 13 is not available in region GRA11", false),
            ("In region GRA11 the image is not available", false),
            ("SSH key is not available in region GRA11", false),
            ("This feature is unavailable", false),
            ("Invalid region", false),
            ("", false),
        ] {
            assert_eq!(says_sold_out(message), expected, "{message}");
        }
    }
}
