//! One suite that every provider must pass, through the trait alone.
//!
//! It makes a server, takes it through everything that can be wanted of one, and removes it and
//! whatever else it made, also when a check fails. What a product cannot do, its
//! [`Capabilities`] say, and those checks are left out. Against a real cloud it costs money.

mod bench;
mod intents;
mod leases;
mod orders;
pub mod strategies;
mod things;

pub use bench::Bench;

use crate::{Capabilities, Provider};
use bench::Case;
use std::fmt;
use std::sync::Arc;

/// A check that a provider did not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Which one.
    pub check: &'static str,
    /// What was found instead.
    pub why: String,
    /// What could not be removed afterwards.
    pub remains: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.check, self.why)?;
        if !self.remains.is_empty() {
            write!(f, "; this remains: {}", self.remains.join(", "))?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

/// What a check finds wrong, in words.
type Finding<T = ()> = Result<T, String>;

/// Runs a check, unless it is left out, and notes that it passed.
macro_rules! checks {
    ($case:ident, $passed:ident: $($name:literal $(if $needed:expr)? => $check:expr),+ $(,)?) => {
        $(
            if true $(&& $needed)? {
                $check.await.map_err(|why| ($name, why))?;
                $passed.push($name);
            }
        )+
    };
}

/// Runs the suite. Answers with the names of the checks that were run.
pub async fn run(provider: Arc<dyn Provider>, bench: &Bench) -> Result<Vec<&'static str>, Failure> {
    let able = provider.capabilities();
    let mut case = Case::new(provider, bench.clone());
    let result = all(&mut case, able).await;
    let remains = case.clean_up().await;
    match result {
        Ok(passed) if remains.is_empty() => Ok(passed),
        Ok(_) => Err(Failure {
            check: "cleaning up",
            why: "something could not be removed".to_owned(),
            remains,
        }),
        Err((check, why)) => Err(Failure {
            check,
            why,
            remains,
        }),
    }
}

async fn all(
    case: &mut Case,
    able: Capabilities,
) -> Result<Vec<&'static str>, (&'static str, String)> {
    let mut passed = Vec::new();
    checks!(case, passed:
        "the catalog has what is ordered" if able.create => things::catalog(case),
        "a key is known once" => things::keys(case),
        "an unknown task has failed" => things::unknown_task(case),
        "what is not sold is refused" if able.create => orders::nonsense(case),
        "a server is ordered" if able.create => orders::create(case),
        "a second order finds the first server" if able.create => orders::create_again(case),
        "a taken name is refused" if able.create && able.unique_names => orders::taken(case),
        "a server that is rented is adopted" if !able.create => orders::adopt(case),
        "marks come back as they were written" => orders::marks(case),
        "a lease that was lost is not renewed" => leases::lost(case),
        "a server of ours is not another's" => orders::strangers(case),
        "tasks that are done stay done" if able.create => things::done_task(case),
        "into the rescue system" => intents::rescue(case),
        "from the rescue system to the disk" => intents::disk(case),
        "a rescue system that is armed is disarmed" => intents::disarm(case),
        "the disk comes next" => intents::disk_next(case),
        "back to the vendor's image" if able.rebuild => intents::rebuild(case),
        "a way to the screen" => intents::console(case),
        "gone, and twice is a success" if able.create => intents::gone(case),
        "released, and there all the same" if !able.create => intents::released(case),
        "leftovers are told and removed" if able.keeps_keys => things::leftovers(case),
        "requests are counted" => things::counted(case),
        "the vendor's time is known" => things::time(case),
    );
    Ok(passed)
}
