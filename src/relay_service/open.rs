//! How many requests of a client are open.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The open requests by client; those without any take no room.
#[derive(Clone)]
pub(super) struct Open {
    most: u64,
    counts: Arc<Mutex<HashMap<String, u64>>>,
}

/// One open request. Dropping it closes it.
pub(super) struct Held {
    key: String,
    counts: Arc<Mutex<HashMap<String, u64>>>,
}

impl Open {
    pub(super) fn new(most: u64) -> Self {
        Self { most, counts: Arc::default() }
    }

    /// Opens one, unless the client has as many as it may.
    pub(super) fn hold(&self, key: &str) -> Option<Held> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(key.to_owned()).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Held { key: key.to_owned(), counts: self.counts.clone() })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.key) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}
