//! Orders a server, once, whatever happens to the answers.

use crate::Hetzner;
use crate::call::{key_numbers, with_body};
use crate::convert::{self, labels};
use crate::dialect::PROVIDER;
use crate::wire::{self, CreateAnswer, CreateServer, Servers};
use provision_api::http::{Guarded, Request};
use provision_api::{
    Accepted, Error, ErrorKind, Order, Ordered, OwnedServer, Result, ServerStatus,
};
use secrecy::ExposeSecret;

/// The vendor takes so many bytes of `user_data`.
const MOST_USER_DATA: usize = 32 * 1024;

impl Hetzner {
    /// Creates the server, or finds the one that an earlier order for the same host made.
    ///
    /// Names are unique in a project, so the order itself is the first look: only when the
    /// vendor says that the name is taken, or nobody knows what became of the order, a second
    /// request looks the name up.
    pub(crate) async fn order(&self, order: &Order) -> Result<Ordered> {
        let request = Self::order_request(order)?;
        let look = || self.find_server(&order.name);
        let placed = self
            .http
            .call_guarded::<CreateAnswer, _, _, _>(&request, look)
            .await;
        match placed {
            Ok(Guarded::Answered(answer)) => self.placed(order, answer),
            Ok(Guarded::Found(found)) => self.adopt(order, &found, None).await,
            Err(error) if error.kind == ErrorKind::AlreadyExists => {
                match self.find_server(&order.name).await? {
                    Some(found) => self.adopt(order, &found, Some(error)).await,
                    None => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    fn order_request(order: &Order) -> Result<Request> {
        let operation = format!("create server {}", order.name);
        let user_data = order.user_data.expose_secret();
        if user_data.len() > MOST_USER_DATA {
            let message = format!(
                "its user_data has {} bytes, and at most {MOST_USER_DATA} are possible",
                user_data.len()
            );
            return Err(Error::new(ErrorKind::Invalid, PROVIDER, operation, message));
        }
        let body = CreateServer {
            name: &order.name,
            server_type: &order.server_type,
            location: &order.location,
            image: &order.image,
            ssh_keys: key_numbers(&order.keys, &operation)?,
            user_data,
            labels: labels::write(&order.marks),
            start_after_create: !order.powered_off,
        };
        with_body(Request::post("/servers", operation), &body)
    }

    fn placed(&self, order: &Order, answer: CreateAnswer) -> Result<Ordered> {
        let server = self.claim(order, &answer.server)?;
        let tasks = convert::tasks(std::iter::once(answer.action).chain(answer.next_actions))?;
        Ok(Ordered {
            server,
            accepted: Accepted { tasks, next: None },
            adopted: false,
        })
    }

    /// Takes over a server that has the name already, if it is ours and for the same host.
    async fn adopt(
        &self,
        order: &Order,
        found: &wire::Server,
        taken: Option<Error>,
    ) -> Result<Ordered> {
        let refuse = |kind, why: String| {
            let mut error =
                Error::new(kind, PROVIDER, format!("create server {}", order.name), why);
            if let Some(taken) = &taken {
                error.code.clone_from(&taken.code);
                error.request_id.clone_from(&taken.request_id);
            }
            Err(error)
        };
        let marks = labels::read(&found.labels).ok().flatten();
        let whose = match &marks {
            Some(marks) if marks.owner == order.marks.owner && marks.host == order.marks.host => {
                None
            }
            Some(marks) => Some(format!(
                "belongs to {} for host {}",
                marks.owner, marks.host
            )),
            None => Some("bears no mark of provision".to_owned()),
        };
        if let Some(whose) = whose {
            let why = format!(
                "server {} of that name {whose}; choose another name or remove it yourself",
                found.id
            );
            return refuse(ErrorKind::AlreadyExists, why);
        }
        if found.status == "deleting" {
            let why = format!(
                "server {} of that name is being deleted; try again soon",
                found.id
            );
            return refuse(ErrorKind::Conflict, why);
        }
        let busy = found.locked || !matches!(found.status.as_str(), "running" | "off");
        let running = if busy {
            self.running_actions(found.id).await?
        } else {
            Vec::new()
        };
        Ok(Ordered {
            server: self.claim(order, found)?,
            accepted: Accepted {
                tasks: convert::tasks(running)?,
                next: None,
            },
            // with our own run's mark it is what the lost answer would have told of
            adopted: marks.is_none_or(|marks| marks.run != order.marks.run),
        })
    }

    /// The server that was just ordered, in the state that it has once the tasks are done: it
    /// says `initializing` now, which does not tell whether it will be on or off.
    fn claim(&self, order: &Order, wire: &wire::Server) -> Result<OwnedServer> {
        let mut server = self.meet(wire);
        let fresh = server
            .marks
            .as_ref()
            .is_some_and(|marks| marks.run == order.marks.run);
        if fresh && wire.status == "initializing" && order.powered_off {
            server.status = ServerStatus::Off;
        }
        OwnedServer::claim(server, &order.marks.owner).map_err(|error| {
            let operation = format!("create server {}", order.name);
            Error::new(ErrorKind::Garbled, PROVIDER, operation, error.to_string())
        })
    }

    async fn find_server(&self, name: &str) -> Result<Option<wire::Server>> {
        let operation = format!("look for server {name}");
        let request = Request::get("/servers", operation).query("name", name);
        let servers = self.list::<Servers>(request).await?;
        Ok(servers.into_iter().find(|server| server.name == name))
    }
}
