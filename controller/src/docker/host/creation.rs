//! The way of a new container: created, connected, and looked at, before it is started.

use bollard::models::NetworkConnectRequest;
use bollard::query_parameters::CreateContainerOptions;
use futures_util::TryFutureExt as _;
use tracing::warn;

use super::{Host, HostError, REQUEST_TIMEOUT, Verb, Volumes, error};
use crate::docker::clone::{Copy, likeness};

// === impl Host ===

impl Host {
    /// Creates a container on all its networks and with the files that it is to have, and looks whether it is what was
    /// asked for. It does not run yet. The answer is its id.
    ///
    /// # Errors
    /// When it cannot be created, or came out otherwise; then nothing of it is left.
    pub async fn create(&self, copy: &Copy) -> Result<String, HostError> {
        let verb = Verb { what: "create", subject: &copy.name };
        let options = CreateContainerOptions { name: Some(copy.name.clone()), ..CreateContainerOptions::default() };
        let request = self.docker.create_container(Some(options), copy.body.clone());
        let env = copy.body.env.as_deref().unwrap_or_default();
        let request = request.map_err(|error| error::without(error, env));
        let id = self.within(REQUEST_TIMEOUT, verb, request).await?.id;
        if let Err(error) = self.complete(&id, copy).await {
            if let Err(left) = self.remove(&id, Volumes::Remove).await {
                warn!(container = copy.name, "a container that was not completed is left: {left}");
            }
            return Err(error);
        }
        Ok(id)
    }

    /// Connects a new container, gives it its files, and compares it with what was asked for.
    async fn complete(&self, id: &str, copy: &Copy) -> Result<(), HostError> {
        for (network, endpoint) in &copy.connect {
            let verb = Verb { what: "connect", subject: &copy.name };
            let request = NetworkConnectRequest { container: id.into(), endpoint_config: Some(endpoint.clone()) };
            self.within(REQUEST_TIMEOUT, verb, self.docker.connect_network(network, request)).await?;
        }
        let (from, paths) = &copy.carried;
        self.carry(from, id, paths).await?;
        let differences = likeness::differences(&copy.body, &copy.connect, &self.inspect(id).await?);
        if differences.is_empty() {
            return Ok(());
        }
        Err(HostError::Unlike { container: copy.name.clone(), differences })
    }
}
