//! What is run around a deployment. Nothing can be declared to be run yet, so each of these passes at once; whoever adds
//! what can be declared finds here where it belongs.

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
    #[expect(clippy::unused_async, reason = "what can be declared will be waited for")]
    pub(super) async fn pre_deploy(self, _facts: &Facts) -> Result<(), String> {
        Ok(())
    }

    /// Whether stable still is as it should be after that.
    ///
    /// # Errors
    /// Why there is to be no deployment.
    #[expect(clippy::unused_async, reason = "what can be declared will be waited for")]
    pub(super) async fn smoke_stable(self, _facts: &Facts) -> Result<(), String> {
        Ok(())
    }
}
