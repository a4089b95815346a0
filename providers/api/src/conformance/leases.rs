//! A run's word that it is at work on a server, and what it may write once it has lost that.

use super::Finding;
use super::bench::{Case, expect};
use crate::{ErrorKind, Lease, Marks, OwnedServer, Phase, RunId};
use jiff::Timestamp;

/// A run that slept through its lease, while another one took the server, worked on it and ended.
pub(super) async fn lost(case: &mut Case) -> Finding {
    let base = case.server()?.marks().clone();
    let now = case.provider.now().unwrap_or_else(Timestamp::now);
    let held = |run: &str, seconds: i64, phase: Phase| -> Finding<Marks> {
        let until = Timestamp::from_second(now.as_second() + seconds);
        let run: Result<RunId, _> = run.parse();
        Ok(Marks {
            phase,
            lease: Some(Lease {
                until: until.map_err(|error| error.to_string())?,
                run: run.map_err(|error: crate::NameError| error.to_string())?,
            }),
            ..base.clone()
        })
    };
    let first = |seconds| held("first-run", seconds, Phase::Created);
    let asleep = write(case, case.server()?, &first(300)?).await?;
    // an answer was lost: what is there is newer than what the run knows, and its own
    write(case, &asleep, &first(400)?).await?;
    let asleep = write(case, &asleep, &first(500)?).await?;
    let others = held("second-run", 300, Phase::Installing)?;
    // the second run judges by the clock, which the suite cannot turn
    let free = write(case, &asleep, &first(500)?.unleased()).await?;
    let theirs = write(case, &free, &others).await?;
    refused(case, &asleep, &first(600)?).await?;
    let proven = Marks {
        phase: Phase::Proven,
        ..others.unleased()
    };
    write(case, &theirs, &proven).await?;
    for marks in [first(600)?, first(600)?.unleased()] {
        refused(case, &asleep, &marks).await?;
    }
    // nor may a run write old marks that has not taken it yet
    refused(case, &free, &first(600)?).await?;
    let seen = case.look().await?.ok_or("it is not in the list")?;
    expect(seen.marks.as_ref() == Some(&proven), || {
        format!("it bears {:?} after that", seen.marks)
    })?;
    write(case, case.server()?, &base).await?;
    case.look().await?;
    Ok(())
}

async fn write(case: &Case, server: &OwnedServer, marks: &Marks) -> Finding<OwnedServer> {
    let marked = case.provider.mark(server, marks).await;
    let marked = marked.map_err(|error| format!("{marks:?} on {:?}: {error}", server.marks()))?;
    expect(marked.marks() == marks, || {
        format!("{marks:?} became {:?}", marked.marks())
    })?;
    Ok(marked)
}

async fn refused(case: &Case, server: &OwnedServer, marks: &Marks) -> Finding {
    match case.provider.mark(server, marks).await {
        Ok(_) => Err(format!(
            "who knows {:?} may write {marks:?}",
            server.marks()
        )),
        Err(error) => expect(error.kind == ErrorKind::NotOurs, || {
            format!("writing {marks:?} says {error}")
        }),
    }
}
