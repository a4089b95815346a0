//! The catalog, keys, tasks and leftovers.

use super::Finding;
use super::bench::{Case, expect};
use crate::{ErrorKind, LeftoverKind, LoginKey, Progress, TaskId};
use rust_decimal::Decimal;
use std::collections::BTreeSet;

pub(super) async fn catalog(case: &mut Case) -> Finding {
    let catalog = case
        .provider
        .catalog()
        .await
        .map_err(|error| error.to_string())?;
    let currency = &catalog.currency;
    expect(currency.len() == 3, || {
        format!("the currency is {currency:?}")
    })?;
    let names: BTreeSet<_> = catalog.types.iter().map(|kind| &kind.name).collect();
    expect(names.len() == catalog.types.len(), || {
        "two types have one name".to_owned()
    })?;
    let (name, place) = (&case.bench.server_type, &case.bench.location);
    let kind = catalog
        .server_type(name)
        .ok_or_else(|| format!("it has no type {name}"))?;
    let offer = kind
        .offer(place)
        .ok_or_else(|| format!("{name} is not offered in {place}"))?;
    expect(offer.available, || {
        format!("{name} cannot be had in {place}")
    })?;
    expect(
        offer.hourly.is_none_or(|hourly| hourly > Decimal::ZERO),
        || format!("it costs {:?}", offer.hourly),
    )?;
    let sizes = (kind.cores, kind.memory_mib, kind.disk_gib);
    expect(sizes.0 > 0 && sizes.1 >= 256 && sizes.2 > 0, || {
        format!("cores, memory and disk are {sizes:?}")
    })
}

pub(super) async fn keys(case: &mut Case) -> Finding {
    let trust = async |key: &LoginKey| {
        case.provider
            .trust(key)
            .await
            .map_err(|error| error.to_string())
    };
    let id = trust(&case.bench.key).await?;
    let again = trust(&case.bench.key).await?;
    expect(id == again, || format!("the same key is {id} and {again}"))?;
    // the key is what counts, not its name nor whose it is
    let renamed = LoginKey {
        name: format!("{}-renamed", case.bench.key.name),
        owner: case.bench.stranger.clone(),
        ..case.bench.key.clone()
    };
    let again = trust(&renamed).await?;
    expect(id == again, || {
        format!("under another name it is {again} instead of {id}")
    })?;
    case.key = Some(id);
    Ok(())
}

/// An id that no vendor gives out, in the form that the vendor's ids have.
const NO_TASK: &str = "9007199254740991";

pub(super) async fn unknown_task(case: &mut Case) -> Finding {
    let polled = case.provider.poll(&[TaskId::new(NO_TASK)]).await;
    match polled.map_err(|error| error.to_string())?.as_slice() {
        [Progress::Failed(error)] if error.kind == ErrorKind::NotFound => Ok(()),
        other => Err(format!("polling it says {other:?}")),
    }
}

pub(super) async fn done_task(case: &mut Case) -> Finding {
    let mut ids: Vec<_> = case.done.tasks.iter().map(|task| task.id.clone()).collect();
    // the answers come in the order of the questions
    ids.insert(0, TaskId::new(NO_TASK));
    let polled = case
        .provider
        .poll(&ids)
        .await
        .map_err(|error| error.to_string())?;
    let (first, rest) = polled.split_first().ok_or("no answer at all")?;
    expect(matches!(first, Progress::Failed(_)), || {
        format!("the unknown one is {first:?}")
    })?;
    expect(
        rest.len() + 1 == ids.len() && rest.iter().all(|one| matches!(one, Progress::Done)),
        || format!("they are {rest:?}"),
    )
}

pub(super) async fn leftovers(case: &mut Case) -> Finding {
    let told = async |owner| {
        let all = case.provider.leftovers(owner).await;
        all.map_err(|error| error.to_string())
    };
    let ours = told(&case.bench.owner).await?;
    let key = case.key.as_ref().ok_or("no key was made known")?;
    let is_key =
        |left: &&crate::Leftover| left.kind == LeftoverKind::Key && left.id == key.as_str();
    let left = ours
        .iter()
        .find(is_key)
        .ok_or_else(|| format!("key {key} is not among {ours:?}"))?;
    expect(left.owner == case.bench.owner, || {
        format!("it belongs to {}", left.owner)
    })?;
    let theirs = told(&case.bench.stranger).await?;
    expect(!theirs.iter().any(|left| is_key(&left)), || {
        "the key is told as a stranger's too".to_owned()
    })?;
    for time in ["once", "twice"] {
        let removed = case.provider.remove(left).await;
        let accepted = removed.map_err(|error| format!("removing {time}: {error}"))?;
        case.wait(&accepted).await?;
    }
    let ours = told(&case.bench.owner).await?;
    expect(!ours.iter().any(|left| is_key(&left)), || {
        "it is still told after that".to_owned()
    })
}

pub(super) async fn counted(case: &mut Case) -> Finding {
    let before = case.provider.requests();
    case.provider
        .servers()
        .await
        .map_err(|error| error.to_string())?;
    let after = case.provider.requests();
    expect(after > before, || {
        format!("{before} before a request, {after} after it")
    })
}

pub(super) async fn time(case: &mut Case) -> Finding {
    case.provider
        .servers()
        .await
        .map_err(|error| error.to_string())?;
    expect(case.provider.now().is_some(), || {
        "no answer has told the time, so nothing could be said to be over".to_owned()
    })
}
