//! Calls that several intents share: lists in pages, one server, one action on a server.

use crate::Hetzner;
use crate::convert;
use crate::dialect::PROVIDER;
use crate::wire::{self, Page};
use provision_api::http::{Guarded, Request};
use provision_api::{Error, ErrorKind, KeyId, Result, Server, ServerId, Task};
use serde_json::Value;
use std::sync::PoisonError;

/// The most that the vendor puts on a page.
const PER_PAGE: u32 = 50;
/// A list longer than this is a vendor that turns in circles.
const MOST_PAGES: u64 = 10_000;

impl Hetzner {
    /// A whole list, all pages of it.
    pub(crate) async fn list<P: Page>(&self, request: Request) -> Result<Vec<P::Item>> {
        let mut all = Vec::new();
        let mut page = 1;
        loop {
            let request = request
                .clone()
                .query("per_page", PER_PAGE)
                .query("page", page);
            let (items, next) = self.http.call::<P>(&request).await?.turn();
            all.extend(items);
            match next {
                None => return Ok(all),
                Some(next) if next > page && next <= MOST_PAGES => page = next,
                Some(next) => {
                    let message = format!("page {page} says that the next one is {next}");
                    return Err(Error::new(
                        ErrorKind::Garbled,
                        PROVIDER,
                        request.operation,
                        message,
                    ));
                }
            }
        }
    }

    /// The server as it is now.
    pub(crate) async fn fresh(&self, id: &ServerId) -> Result<wire::Server> {
        let request = Request::get(format!("/servers/{id}"), format!("look at server {id}"));
        Ok(self.http.call::<wire::ServerAnswer>(&request).await?.server)
    }

    /// A server in the project's words; remembers the addresses of one seen for the first time.
    pub(crate) fn meet(&self, wire: &wire::Server) -> Server {
        let net = &wire.public_net;
        let addresses = [&net.ipv4, &net.ipv6]
            .into_iter()
            .flatten()
            .filter_map(|ip| ip.id);
        let mut births = self.births.lock().unwrap_or_else(PoisonError::into_inner);
        births.entry(wire.id).or_insert_with(|| addresses.collect());
        convert::server(wire)
    }

    /// Begins an action on a server; none to wait for if it is done already.
    ///
    /// `verb` is what the path says (`reset`), `command` how the vendor's list of actions calls
    /// it (`reset_server`). A second reset would undo the first one's boot into the rescue
    /// system, so after a lost answer the list says whether the first one was taken: an action
    /// that was not there before it was sent.
    pub(crate) async fn act(
        &self,
        server: &ServerId,
        verb: &str,
        command: &str,
        body: Option<&Value>,
    ) -> Result<Vec<Task>> {
        let operation = format!("{} server {server}", verb.replace('_', " "));
        let mut request = Request::post(format!("/servers/{server}/actions/{verb}"), operation);
        if verb == "rebuild" {
            request = request.destructive();
        }
        if let Some(body) = body {
            request = with_body(request, body)?;
        }
        let before = self.last_actions(server, command).await?;
        let look = || self.new_action(server, command, &before);
        let action = match self
            .http
            .call_guarded::<wire::ActionAnswer, _, _, _>(&request, look)
            .await?
        {
            Guarded::Answered(answer) => answer.action,
            Guarded::Found(action) => Some(action),
        };
        convert::tasks(action)
    }

    /// The action of that kind that has come since those, if there is one. Their times, whole
    /// seconds, would not tell it from one that somebody began a moment before.
    async fn new_action(
        &self,
        server: &ServerId,
        command: &str,
        before: &[wire::Action],
    ) -> Result<Option<wire::Action>> {
        let mut now = self.last_actions(server, command).await?;
        now.retain(|action| before.iter().all(|known| known.id != action.id));
        Ok(now.into_iter().max_by_key(|action| action.id))
    }

    /// The last actions of that kind on a server.
    async fn last_actions(&self, server: &ServerId, command: &str) -> Result<Vec<wire::Action>> {
        let operation = format!("look for {command} of server {server}");
        let request = Request::get(format!("/servers/{server}/actions"), operation)
            .query("sort", "id:desc")
            .query("per_page", PER_PAGE);
        let (mut actions, _) = self.http.call::<wire::Actions>(&request).await?.turn();
        actions.retain(|action| action.command == command);
        Ok(actions)
    }

    /// The actions that are under way on a server.
    pub(crate) async fn running_actions(&self, id: u64) -> Result<Vec<wire::Action>> {
        let operation = format!("look for running actions of server {id}");
        let path = format!("/servers/{id}/actions");
        let request = Request::get(path, operation).query("status", "running");
        self.list::<wire::Actions>(request).await
    }
}

/// The vendor's numbers of keys.
pub(crate) fn key_numbers(keys: &[KeyId], operation: &str) -> Result<Vec<u64>> {
    let number = |key: &KeyId| {
        key.as_str().parse().map_err(|_| {
            let message = format!("{key:?} is not the id of a key; ids are numbers");
            Error::new(ErrorKind::Invalid, PROVIDER, operation, message)
        })
    };
    keys.iter().map(number).collect()
}

/// The request with a body.
pub(crate) fn with_body(request: Request, body: &impl serde::Serialize) -> Result<Request> {
    let operation = request.operation.clone();
    request
        .json(body)
        .map_err(|error| Error::new(ErrorKind::Invalid, PROVIDER, operation, error.to_string()))
}
