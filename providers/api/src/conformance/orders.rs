//! Orders, and whose the server is.

use super::Finding;
use super::bench::{Case, expect};
use crate::{ErrorKind, Fingerprint, Marks, Order, OwnedServer, Phase, Role};
use jiff::Timestamp;

pub(super) async fn nonsense(case: &mut Case) -> Finding {
    let order = case.order()?;
    let no_such = || "no-such-thing".to_owned();
    let nonsense = [
        Order {
            server_type: no_such(),
            ..order.clone()
        },
        Order {
            location: no_such(),
            ..order.clone()
        },
        Order {
            image: no_such(),
            ..order
        },
    ];
    for order in nonsense {
        let what = format!(
            "{} in {} with {}",
            order.server_type, order.location, order.image
        );
        match case.provider.create(&order).await {
            Ok(ordered) => {
                case.server = Some(ordered.server);
                return Err(format!("{what} was sold"));
            }
            Err(error) => expect(
                matches!(error.kind, ErrorKind::Invalid | ErrorKind::NotFound),
                || format!("ordering {what} says {error}"),
            )?,
        }
    }
    Ok(())
}

pub(super) async fn create(case: &mut Case) -> Finding {
    let order = case.order()?;
    let ordered = case
        .provider
        .create(&order)
        .await
        .map_err(|error| error.to_string())?;
    case.server = Some(ordered.server.clone());
    expect(!ordered.adopted, || "it was adopted".to_owned())?;
    expect(*ordered.server.marks() == order.marks, || {
        format!("it bears {:?}", ordered.server.marks())
    })?;
    case.wait(&ordered.accepted).await?;
    case.done = ordered.accepted;
    let seen = case.look().await?.ok_or("it is not in the list")?;
    expect(seen.name == order.name, || {
        format!("its name is {}", seen.name)
    })?;
    expect(seen.marks.as_ref() == Some(&order.marks), || {
        format!("the list says that it bears {:?}", seen.marks)
    })?;
    let kind = (&seen.server_type, &seen.location);
    expect(kind == (&order.server_type, &order.location), || {
        format!("it is {kind:?}")
    })?;
    expect(seen.ipv4.is_some() || seen.ipv6.is_some(), || {
        "it has no address".to_owned()
    })?;
    let now = Timestamp::now().as_second();
    expect((seen.created.as_second() - now).abs() < 3600, || {
        format!("it was made {}", seen.created)
    })
}

pub(super) async fn create_again(case: &mut Case) -> Finding {
    let order = case.order()?;
    let mut later = order.clone();
    later.marks.run = "second-run"
        .parse()
        .map_err(|error: crate::NameError| error.to_string())?;
    let first = case.server()?.id().clone();
    for (order, adopted) in [(&order, false), (&later, true)] {
        let run = &order.marks.run;
        let again = case
            .provider
            .create(order)
            .await
            .map_err(|error| error.to_string())?;
        let id = again.server.id();
        expect(*id == first, || {
            format!("{run} got server {id} beside {first}")
        })?;
        expect(again.adopted == adopted, || {
            format!("for {run}, adopted is {}", again.adopted)
        })?;
        case.wait(&again.accepted).await?;
    }
    let servers = case
        .provider
        .servers()
        .await
        .map_err(|error| error.to_string())?;
    let count = servers
        .iter()
        .filter(|server| server.name == order.name)
        .count();
    expect(count == 1, || format!("there are {count} of them"))?;
    let marks = case.server()?.marks().clone();
    expect(marks == order.marks, || {
        format!("it bears {marks:?} after that")
    })
}

/// One that is rented already becomes ours, and nobody else's after that.
pub(super) async fn adopt(case: &mut Case) -> Finding {
    let marks = case.order()?.marks;
    let given = case.bench.server.clone();
    let given = given.ok_or("the bench names no server that may be adopted")?;
    expect(given.marks.is_none(), || {
        format!("it bears {:?} already", given.marks)
    })?;
    let adopted = case.provider.adopt(&given, &marks).await;
    let adopted = adopted.map_err(|error| error.to_string())?;
    expect(*adopted.marks() == marks, || {
        format!("it bears {:?}", adopted.marks())
    })?;
    case.server = Some(adopted.clone());
    let seen = case.look().await?.ok_or("it is not in the list")?;
    expect(seen.marks.as_ref() == Some(&marks), || {
        format!("the list says that it bears {:?}", seen.marks)
    })?;
    let stranger = crate::Marks {
        owner: case.bench.stranger.clone(),
        ..marks
    };
    match case.provider.adopt(&seen, &stranger).await {
        Ok(_) => Err("another may adopt it as well".to_owned()),
        Err(error) => expect(error.kind == ErrorKind::AlreadyExists, || {
            format!("adopting it twice says {error}")
        }),
    }
}

pub(super) async fn taken(case: &mut Case) -> Finding {
    let mut theirs = case.order()?;
    theirs.marks.owner = case.bench.stranger.clone();
    let mut other_host = case.order()?;
    other_host.marks.host = "another-host"
        .parse()
        .map_err(|error: crate::NameError| error.to_string())?;
    for order in [theirs, other_host] {
        match case.provider.create(&order).await {
            Ok(ordered) => return Err(format!("server {} was given away", ordered.server.id())),
            Err(error) => expect(error.kind == ErrorKind::AlreadyExists, || error.to_string())?,
        }
    }
    Ok(())
}

pub(super) async fn marks(case: &mut Case) -> Finding {
    let base = case.server()?.marks().clone();
    let in_an_hour = Timestamp::from_second(Timestamp::now().as_second() + 3600);
    let in_an_hour = in_an_hour.map_err(|error| error.to_string())?;
    let full = Marks {
        phase: Phase::Installing,
        expires: Some(in_an_hour),
        host_key: Some(Fingerprint::of_wire(b"a host key")),
        lease: Some(crate::Lease {
            until: in_an_hour,
            run: base.run.clone(),
        }),
        ..base.clone()
    };
    let plain = Marks {
        role: Role::Server,
        phase: Phase::Proven,
        expires: None,
        host_key: None,
        ..base.clone()
    };
    for marks in [full, plain, base] {
        let marked = case.provider.mark(case.server()?, &marks).await;
        let marked = marked.map_err(|error| error.to_string())?;
        expect(*marked.marks() == marks, || {
            format!("{marks:?} became {:?}", marked.marks())
        })?;
        let seen = case.look().await?.ok_or("it is not in the list")?;
        expect(seen.marks.as_ref() == Some(&marks), || {
            format!("{marks:?} is {:?} in the list", seen.marks)
        })?;
    }
    Ok(())
}

pub(super) async fn strangers(case: &mut Case) -> Finding {
    let seen = case.look().await?.ok_or("it is not in the list")?;
    match OwnedServer::claim(seen, &case.bench.stranger) {
        Ok(_) => Err("a stranger may claim it".to_owned()),
        Err(_) => Ok(()),
    }
}
