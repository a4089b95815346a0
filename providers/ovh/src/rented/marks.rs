//! Marks on what is rented: tags of the vendor's access management, written over `/v2`.

use super::tasks::Turn;
use super::{Fresh, Iam, Rental, Rented};
use crate::client::segment;
use crate::labels::{self, Labels};
use provision_api::http::Request;
use provision_api::{Error, ErrorKind, Looks, Marks, OwnedServer, Owner, Result, Role, Server};
use serde_json::json;

/// Writes on a server, as it was told, what its tags say.
pub(crate) fn dress(server: &mut Server, tags: &Labels) {
    let (marks, doubt) = match labels::read(tags) {
        Ok(marks) => (marks, None),
        Err(why) => (None, Some(why)),
    };
    server.name = name(marks.as_ref(), server.id.as_str());
    server.marks = marks;
    server.doubt = doubt;
    server.labels.clone_from(tags);
}

/// A rented server has a name of the vendor's making; while it is ours, it is called after the
/// host that it is for.
fn name(marks: Option<&Marks>, service: &str) -> String {
    match marks {
        None => service.to_owned(),
        Some(marks) => match marks.role {
            Role::Server => marks.host.to_string(),
            Role::Test => format!("{}-test", marks.host),
        },
    }
}

/// Takes over a server that bears nobody's mark, whatever the given view of it says.
///
/// The vendor has no way to write tags only if there are none: of two who adopt the same server
/// within a moment, the later one wins. The earlier one finds out when the tags are read again
/// after they were written, and else at its next mark, which is refused to it ([`still_ours`]).
pub(crate) async fn adopt<R: Rented>(
    rented: &R,
    server: &Server,
    marks: &Marks,
) -> Result<OwnedServer> {
    let (rental, service) = (rented.rental(), server.id.as_str());
    let operation = format!("adopt {service}");
    let fresh = rented.fresh(service).await?;
    if let Some(whose) = whose(&fresh.server) {
        let message = format!("{whose}; release it first, or take another");
        return Err(rental.error(ErrorKind::AlreadyExists, operation, message));
    }
    if let Some(error) = rented.unfit(&fresh) {
        return Err(error);
    }
    rental.in_good_standing(service).await?;
    let tags = labels::replace(&fresh.server.labels, marks);
    put(rental, &fresh, &tags, operation.clone()).await?;
    let now = rented.fresh(service).await?.server;
    if labels::read(&tags).is_ok_and(|written| written == now.marks) {
        return claim(rental, now, &marks.owner, operation);
    }
    let (kind, message) = match whose(&now) {
        Some(whose) => (
            ErrorKind::AlreadyExists,
            format!("somebody took it at the same moment: {whose}; take another"),
        ),
        None => (
            ErrorKind::Conflict,
            "the marks that were just written are not on it; look at it with `provision list`"
                .to_owned(),
        ),
    };
    Err(rental.error(kind, operation, message))
}

/// Replaces the marks; foreign tags that are on it by now stay.
pub(crate) async fn remark<R: Rented>(
    rented: &R,
    server: &OwnedServer,
    marks: &Marks,
) -> Result<OwnedServer> {
    let (rental, service) = (rented.rental(), server.id().as_str());
    let operation = format!("mark {service}");
    let mut looks = Looks::new(rental.pace());
    let fresh = loop {
        let fresh = rented.fresh(service).await?;
        still_ours(rental, &fresh.server, server, &operation)?;
        let (there, now) = (fresh.server.clone(), rental.client().now());
        if let Some(found) = looks.found(server, marks, there, now).await {
            found.map_err(|why| rental.error(ErrorKind::NotOurs, &operation, why.to_string()))?;
            break fresh;
        }
    };
    let tags = labels::replace(&fresh.server.labels, marks);
    let written = put(rental, &fresh, &tags, operation.clone()).await?;
    let mut now = fresh.server;
    dress(&mut now, &written.tags);
    claim(rental, now, &marks.owner, operation)
}

/// Its turn to do something of that kind. Whether the server is still ours is looked at as the last
/// thing, right before something is done to it: a run may be paused between its requests, and
/// another one have the server when it goes on.
pub(crate) async fn own_turn<R: Rented>(
    rented: &R,
    server: &OwnedServer,
    kind: &'static str,
    operation: &str,
) -> Result<Turn> {
    let turn = rented.rental().turn(server.id().as_str(), kind).await?;
    still(rented, server, operation).await?;
    Ok(turn)
}

/// Reads the marks again, and refuses a server that does not bear those any more by which it was
/// claimed: that may be long ago, and somebody else's would be rebooted or wiped.
pub(crate) async fn still<R: Rented>(
    rented: &R,
    server: &OwnedServer,
    operation: &str,
) -> Result<()> {
    let rental = rented.rental();
    let mut looks = Looks::new(rental.pace());
    loop {
        let now = rented.fresh(server.id().as_str()).await?.server;
        still_ours(rental, &now, server, operation)?;
        if let Some(held) = looks.held(server, now).await {
            let held = held.map(drop);
            return held
                .map_err(|why| rental.error(ErrorKind::NotOurs, operation, why.to_string()));
        }
    }
}

/// The same before it is given back, and the server as it is now: none if it is nobody's, and so
/// given back already.
pub(crate) async fn still_to_release<R: Rented>(
    rented: &R,
    server: &OwnedServer,
) -> Result<Option<Server>> {
    let service = server.id().as_str();
    let now = rented.fresh(service).await?.server;
    if whose(&now).is_none() {
        return Ok(None);
    }
    still_ours(rented.rental(), &now, server, &format!("release {service}"))?;
    Ok(Some(now))
}

/// Takes the marks off; twice is a success.
pub(crate) async fn release<R: Rented>(rented: &R, server: &OwnedServer) -> Result<()> {
    let (rental, service) = (rented.rental(), server.id().as_str());
    let operation = format!("release {service}");
    let fresh = rented.fresh(service).await?;
    if whose(&fresh.server).is_none() {
        return Ok(());
    }
    still_ours(rental, &fresh.server, server, &operation)?;
    let tags = labels::without(&fresh.server.labels);
    put(rental, &fresh, &tags, operation).await.map(drop)
}

/// Whose it is, if it bears anything that looks like a mark.
fn whose(server: &Server) -> Option<String> {
    match (&server.marks, &server.doubt) {
        (Some(marks), _) => Some(format!(
            "it belongs to {}, for host {} ({} of run {})",
            marks.owner, marks.host, marks.role, marks.run
        )),
        (None, Some(doubt)) => Some(format!("it may be somebody's: {doubt}")),
        (None, None) => None,
    }
}

/// The view that it was claimed by may be old: by now another owner may have it, and another run
/// of the same owner as well.
fn still_ours(rental: &Rental, now: &Server, then: &OwnedServer, operation: &str) -> Result<()> {
    let was = then.marks();
    if now.marks.as_ref().is_some_and(|is| is.same_server(was)) {
        return Ok(());
    }
    let by_now = whose(now).unwrap_or_else(|| "it bears no mark".to_owned());
    let message = format!("it is not {} any more: {by_now}", was.whose());
    Err(rental.error(ErrorKind::NotOurs, operation, message))
}

fn claim(rental: &Rental, server: Server, owner: &Owner, operation: String) -> Result<OwnedServer> {
    OwnedServer::claim(server, owner)
        .map_err(|error| rental.error(ErrorKind::Garbled, operation, error.to_string()))
}

/// Replaces every tag, and answers with those that are there then.
async fn put(rental: &Rental, fresh: &Fresh, tags: &Labels, operation: String) -> Result<Iam> {
    let urn = fresh.iam.as_ref().map(|iam| iam.urn.as_str());
    let Some(urn) = urn.filter(|urn| !urn.is_empty()) else {
        let message = "the vendor tells no iam.urn of it, so there is nowhere to write marks";
        return Err(rental.error(ErrorKind::Unsupported, operation, message));
    };
    let v2 = rental.client().v2();
    let request = Request::put(format!("/iam/resource/{}", segment(urn)), operation);
    let request = v2.with_body(request, &json!({ "tags": tags }))?;
    v2.call(request).await.map_err(needs_right)
}

/// The vendor says which call was refused; this says which right that is.
fn needs_right(mut error: Error) -> Error {
    if error.kind == ErrorKind::Denied {
        error.message.push_str(
            "; marks are tags, and to write them the credentials need PUT /v2/iam/resource/* (as \
             the action of a policy: account:apiovh:iam/resource/edit)",
        );
    }
    error
}
