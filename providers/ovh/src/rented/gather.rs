//! Many requests at once, but not too many.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use tokio::sync::Semaphore;

/// Requests of one list that are under way together: an account with many services should be
/// seen in one breath, and the vendor not be flooded.
const AT_ONCE: usize = 8;

/// The outcomes of all these, in order.
pub(crate) async fn gather<F>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output>
where
    F: Future + Send,
    F::Output: Send,
{
    let gate = Semaphore::new(AT_ONCE);
    let gate = &gate;
    let mut under_way: Vec<Pin<Box<dyn Future<Output = F::Output> + Send>>> = Vec::new();
    for future in futures {
        under_way.push(Box::pin(async move {
            // the gate is never closed, so there is always a place sooner or later
            let _place = gate.acquire().await;
            future.await
        }));
    }
    let mut ended: Vec<Option<F::Output>> = under_way.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (future, end) in under_way.iter_mut().zip(&mut ended) {
            if end.is_none()
                && let Poll::Ready(value) = future.as_mut().poll(context)
            {
                *end = Some(value);
            }
        }
        if ended.iter().all(Option::is_some) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    ended.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn all_come_back_in_order_and_only_some_at_once() {
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = (0..50_usize).map(|n| {
            let (now, most) = (&now, &most);
            async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                // the later ones are done sooner
                for _ in 0..(50 - n) {
                    tokio::task::yield_now().await;
                }
                now.fetch_sub(1, Ordering::SeqCst);
                n
            }
        });
        let ended = gather(work).await;
        assert_eq!(ended, (0..50).collect::<Vec<_>>());
        let most = most.load(Ordering::SeqCst);
        assert!((2..=AT_ONCE).contains(&most), "{most} at once");
    }

    #[tokio::test]
    async fn nothing_is_done_at_once() {
        let none: Vec<std::future::Ready<u8>> = Vec::new();
        assert_eq!(gather(none).await, [0_u8; 0]);
    }
}
