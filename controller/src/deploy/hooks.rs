//! What is run on the way of a deployment, before it makes its first container. These are the places where the hook
//! `pre_deploy` and the smoke tests of stable belong; nothing is run here yet, and each passes at once.

use crate::deploy::facts::Facts;

/// What is run before a deployment makes its first container.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hooks;

// === impl Hooks ===

impl Hooks {
    /// What the new release needs before its first container, such as a migration. Its image is on the machine.
    ///
    /// # Errors
    /// Why there is to be no deployment.
    #[expect(clippy::unused_async, reason = "what is run here will be waited for")]
    pub(super) async fn pre_deploy(self, _facts: &Facts) -> Result<(), String> {
        Ok(())
    }

    /// Whether stable still is as it should be after that.
    ///
    /// # Errors
    /// Why there is to be no deployment.
    #[expect(clippy::unused_async, reason = "what is run here will be waited for")]
    pub(super) async fn smoke_stable(self, _facts: &Facts) -> Result<(), String> {
        Ok(())
    }
}
