//! An answer of any length that is kept as it comes in.

use std::time::Duration;

use bytes::Bytes;

use crate::client::Error;
use crate::client::exchange::Flow;

/// How long nothing may come of an answer that has begun.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// A copy of the store.
#[derive(Debug)]
pub struct Download(pub(super) Flow);

// === impl Download ===

impl Download {
    /// The next bytes, or nothing at the end. The end is only told if nothing is missing.
    ///
    /// # Errors
    /// It has been cut off.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        Ok(self.0.next(SILENCE_MAX).await?)
    }
}
