//! Everything that can be wanted of a server.

use super::Finding;
use super::bench::{Case, expect};
use crate::{Accepted, Intent, Server, ServerStatus, Stage};
use secrecy::SecretString;

pub(super) async fn rescue(case: &mut Case) -> Finding {
    let keys = case.key.iter().cloned().collect();
    let seen = case.fulfil(&Intent::InRescue { keys }).await?;
    running(seen)?;
    Ok(())
}

pub(super) async fn disk(case: &mut Case) -> Finding {
    let seen = case.fulfil(&Intent::FromDisk).await?;
    let server = running(seen)?;
    expect(!server.rescue_armed, || {
        "its rescue system is armed".to_owned()
    })
}

/// Armed, and then wanted from its disk after all: the next boot must not be the rescue system.
pub(super) async fn disarm(case: &mut Case) -> Finding {
    let keys = case.key.iter().cloned().collect();
    let arm = Intent::InRescue { keys };
    let accepted = case.provider.drive(case.server()?, &arm, Stage(0)).await;
    let accepted = accepted.map_err(|error| error.to_string())?;
    case.wait(&accepted).await?;
    let seen = case.look().await?.ok_or("it is not in the list")?;
    // a vendor that arms and boots in one go has nothing to disarm
    expect(seen.rescue_armed || accepted.next.is_none(), || {
        "it was not armed".to_owned()
    })?;
    disk(case).await
}

pub(super) async fn rebuild(case: &mut Case) -> Finding {
    let before = case.server()?.marks().clone();
    let intent = Intent::Rebuilt {
        image: case.bench.image.clone(),
        user_data: SecretString::from("#cloud-config\n"),
        keys: case.key.iter().cloned().collect(),
    };
    let seen = case.fulfil(&intent).await?;
    let server = running(seen)?;
    expect(server.marks.as_ref() == Some(&before), || {
        format!("its marks are {:?} after that", server.marks)
    })
}

/// What was armed is disarmed without a boot.
pub(super) async fn disk_next(case: &mut Case) -> Finding {
    let keys = case.key.iter().cloned().collect();
    let arm = Intent::InRescue { keys };
    let accepted = case.provider.drive(case.server()?, &arm, Stage(0)).await;
    case.wait(&accepted.map_err(|error| error.to_string())?)
        .await?;
    case.look().await?.ok_or("it is not in the list")?;
    let seen = case.fulfil(&Intent::DiskNext).await?;
    let server = seen.ok_or("it is not in the list")?;
    expect(!server.rescue_armed, || {
        "its rescue system is armed".to_owned()
    })
}

/// Nobody's any more, and still there.
pub(super) async fn released(case: &mut Case) -> Finding {
    let (server, reset) = (case.server()?.clone(), case.able().rebuild);
    case.drive(&server, &Intent::Released { reset }).await?;
    let seen = case.find(server.id()).await?.ok_or("it is gone")?;
    expect(seen.marks.is_none(), || {
        format!("it still bears {:?}", seen.marks)
    })?;
    case.server = None;
    Ok(())
}

pub(super) async fn console(case: &mut Case) -> Finding {
    let console = case.provider.console(case.server()?).await;
    let url = console.map_err(|error| error.to_string())?.url;
    expect(url.contains("://"), || format!("its address is {url:?}"))
}

pub(super) async fn gone(case: &mut Case) -> Finding {
    if let Some(server) = case.fulfil(&Intent::Gone).await? {
        return Err(format!("it is still there: {:?}", server.status));
    }
    let again = case
        .provider
        .drive(case.server()?, &Intent::Gone, Stage(0))
        .await;
    let again = again.map_err(|error| format!("the second time: {error}"))?;
    expect(again == Accepted::default(), || {
        format!("the second time: {again:?}")
    })?;
    case.server = None;
    Ok(())
}

fn running(seen: Option<Server>) -> Finding<Server> {
    let server = seen.ok_or("it is not in the list")?;
    expect(server.status == ServerStatus::Running, || {
        format!("it is {:?}", server.status)
    })?;
    Ok(server)
}
