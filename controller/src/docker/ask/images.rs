//! What is known of images, so that each is asked about once.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::docker::facts::ImageFacts;

/// What is known of images, by their ids: they never change.
#[derive(Clone, Debug, Default)]
pub(in crate::docker) struct Images(Arc<Mutex<HashMap<Box<str>, Arc<ImageFacts>>>>);

// === impl Images ===

impl Images {
    /// Forgets all but these.
    pub(in crate::docker) fn keep(&self, ids: &BTreeSet<&str>) {
        self.lock().retain(|id, _| ids.contains(&**id));
    }

    pub(super) fn get(&self, id: &str) -> Option<Arc<ImageFacts>> {
        self.lock().get(id).cloned()
    }

    pub(super) fn insert(&self, id: &str, image: &Arc<ImageFacts>) {
        self.lock().insert(id.into(), Arc::clone(image));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Arc<ImageFacts>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
