//! Something that the vendor tells once, for all who need it.

use provision_api::Result;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;

/// What is fetched when it is first needed, by one on behalf of all who wait for it, and again
/// when it is spent or was refused.
pub(crate) struct Kept<T> {
    slot: Mutex<Option<T>>,
    /// How often it was fetched; tells one from the next.
    round: AtomicU64,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self {
            slot: Mutex::const_new(None),
            round: AtomicU64::new(0),
        }
    }
}

impl<T: Clone> Kept<T> {
    /// What is kept, if it is still good; else it is fetched.
    pub(crate) async fn get<F, Fut>(&self, good: impl Fn(&T) -> bool, fetch: F) -> Result<T>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        let mut slot = self.slot.lock().await;
        if let Some(kept) = slot.as_ref().filter(|kept| good(kept)) {
            return Ok(kept.clone());
        }
        let fetched = fetch().await?;
        *slot = Some(fetched.clone());
        self.round.fetch_add(1, Ordering::AcqRel);
        Ok(fetched)
    }

    /// Which one is kept now.
    pub(crate) fn round(&self) -> u64 {
        self.round.load(Ordering::Acquire)
    }

    /// Says that the one of that round was refused. Answers whether the next one will be
    /// another: one that was fetched after that round began need not be tried again.
    pub(crate) async fn refuse(&self, round: u64) -> bool {
        let mut slot = self.slot.lock().await;
        if self.round() == round {
            *slot = None;
        }
        round > 0
    }
}

impl<T> fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // what is kept may be a secret
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_fetched_once_for_all_and_again_when_refused() {
        let (kept, fetched) = (Kept::default(), AtomicU64::new(0));
        let get = || {
            kept.get(
                |_| true,
                || async {
                    tokio::task::yield_now().await;
                    Ok(fetched.fetch_add(1, Ordering::SeqCst) + 1)
                },
            )
        };
        assert_eq!(kept.round(), 0);
        let (a, b) = tokio::join!(get(), get());
        assert_eq!((a.unwrap(), b.unwrap()), (1, 1));
        assert!(!kept.refuse(0).await, "nobody had it when that began");
        assert_eq!(get().await.unwrap(), 1);
        assert!(kept.refuse(1).await);
        assert_eq!(get().await.unwrap(), 2);
        assert!(kept.refuse(1).await, "another is there by now");
        assert_eq!(get().await.unwrap(), 2, "and stays");
        let spent = kept.get(|kept| *kept > 2, || async { Ok(9) }).await;
        assert_eq!(spent.unwrap(), 9);
    }
}
