//! What was asked of the vendors' faces: for tests that count requests, without bodies.

use serde::Serialize;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many requests are remembered.
const MOST: usize = 10_000;

/// A request and how it was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Noted {
    pub(crate) method: String,
    /// With the face's base, without the query.
    pub(crate) path: String,
    /// None when the connection was ended instead.
    pub(crate) status: Option<u16>,
    /// The vendor's id of the request, which its answer carries too.
    pub(crate) request_id: String,
}

/// The last requests, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    requests: Mutex<VecDeque<Noted>>,
}

impl Journal {
    fn requests(&self) -> MutexGuard<'_, VecDeque<Noted>> {
        // nothing is half done in it, whatever happened to another thread
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note(&self, noted: Noted) {
        let mut requests = self.requests();
        if requests.len() == MOST {
            requests.pop_front();
        }
        requests.push_back(noted);
    }

    pub(crate) fn all(&self) -> Vec<Noted> {
        self.requests().iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        self.requests().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_first() {
        let journal = Journal::default();
        for number in 0..=MOST {
            journal.note(Noted {
                method: "GET".to_owned(),
                path: format!("/{number}"),
                status: Some(200),
                request_id: String::new(),
            });
        }
        let all = journal.all();
        assert_eq!((all.len(), all[0].path.as_str()), (MOST, "/1"));
        journal.clear();
        assert!(journal.all().is_empty());
    }
}
