//! Images: which one a reference means, and how it comes to the machine.

use std::time::Duration;

use bollard::errors::Error;
use bollard::models::ImageInspect;
use bollard::query_parameters::{CreateImageOptions, ListImagesOptions};
use futures_util::StreamExt as _;
use tokio::time::timeout;

use super::{Host, HostError, REQUEST_TIMEOUT, Verb, error};
use crate::docker::reference::Reference;
use crate::docker::registry::{Credentials, RegistryError};

/// A pull that says nothing for so long is stuck.
const PULL_SILENCE_MAX: Duration = Duration::from_secs(300);
/// What a registry may take to say which image a tag means.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(30);

/// The image that a reference means, for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// What a container is created from: `name@sha256:...`, or the id of an image that no registry has.
    pub image: String,
    /// Where it is.
    pub source: Source,
}

/// Where an image is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// In its registry, which was asked.
    Registry,
    /// On this machine, by the digest that it was asked for by.
    Here,
    /// On this machine, where it was built or loaded.
    Local,
    /// On this machine as it was pulled once: its registry did not say what the tag means now.
    Cached {
        /// What the registry said instead.
        why: String,
    },
}

// === impl Host ===

impl Host {
    /// All that the Engine knows of an image, by reference or id. `None` when it is not on the machine.
    ///
    /// # Errors
    /// When the Engine does not answer.
    pub async fn image(&self, image: &str) -> Result<Option<ImageInspect>, HostError> {
        let verb = Verb { what: "inspect", subject: image };
        let request = async {
            match self.docker.inspect_image(image).await {
                Err(Error::DockerResponseServerError { status_code: 404, .. }) => Ok(None),
                answer => answer.map(Some),
            }
        };
        self.within(REQUEST_TIMEOUT, verb, request).await
    }

    /// Finds out which image a reference means. An image that was built on this machine is meant before any other, as
    /// it is by `docker run`; else the registry is asked, and what was pulled once counts when that does not answer.
    /// What has the digest that is asked for needs no registry. The credentials are asked for only if a registry is.
    ///
    /// # Errors
    /// When neither the registry nor the machine has it.
    pub async fn resolve(
        &self,
        reference: &Reference,
        credentials: impl AsyncFnOnce() -> Result<Option<Credentials>, RegistryError>,
    ) -> Result<Resolved, HostError> {
        let name = match reference.digest() {
            Some(digest) => reference.pinned(digest),
            None => reference.to_string(),
        };
        let local = self.image(&name).await?;
        if reference.digest().is_some() && local.is_some() {
            return Ok(Resolved { image: name, source: Source::Here });
        }
        let digests = |image: &ImageInspect| image.repo_digests.clone().unwrap_or_default();
        let pulled = local.as_ref().and_then(|image| Some(reference.digest_among(&digests(image))?.to_owned()));
        if let (Some(image), None) = (&local, &pulled) {
            let id = image.id.clone().unwrap_or_default();
            return Ok(Resolved { image: id, source: Source::Local });
        }
        match (self.ask_registry(reference, &name, credentials).await, pulled) {
            (Ok(digest), _) => Ok(Resolved { image: reference.pinned(&digest), source: Source::Registry }),
            (Err(error @ HostError::Unreachable { .. }), _) => Err(error),
            (Err(why), Some(digest)) => {
                Ok(Resolved { image: reference.pinned(&digest), source: Source::Cached { why: why.to_string() } })
            }
            (Err(error @ HostError::NoCredentials(_)), None) => Err(error),
            (Err(why), None) => Err(HostError::NoImage(format!("{} ({why})", self.missing(reference).await?))),
        }
    }

    /// The digest of what a name means in its registry.
    async fn ask_registry(
        &self,
        reference: &Reference,
        name: &str,
        credentials: impl AsyncFnOnce() -> Result<Option<Credentials>, RegistryError>,
    ) -> Result<String, HostError> {
        let credentials = credentials().await.map_err(|why| HostError::NoCredentials(why.to_string()))?;
        let verb = Verb { what: "ask the registry for", subject: name };
        let sent = credentials.map(|credentials| credentials.to_sent(reference.registry()));
        let request = self.docker.inspect_registry_image(name, sent);
        let found = self.within(RESOLVE_TIMEOUT, verb, request).await?;
        found.descriptor.digest.ok_or_else(|| HostError::failed(verb, "the registry names no digest"))
    }

    /// Brings an image that was resolved to the machine, unless it is there. The credentials are asked for only if it
    /// is not.
    ///
    /// # Errors
    /// When it cannot be pulled, or the pull is stuck.
    pub async fn pull(
        &self,
        image: &str,
        credentials: impl AsyncFnOnce() -> Result<Option<Credentials>, RegistryError>,
    ) -> Result<ImageInspect, HostError> {
        if let Some(present) = self.image(image).await? {
            return Ok(present);
        }
        let verb = Verb { what: "pull", subject: image };
        let reference: Reference = image.parse().map_err(|_| HostError::failed(verb, "it is not on this machine"))?;
        let credentials = credentials().await.map_err(|why| HostError::NoCredentials(why.to_string()))?;
        // Without a version, an Engine pulls every tag that there is.
        let options = CreateImageOptions {
            from_image: Some(reference.name()),
            tag: Some(reference.version().to_owned()),
            ..CreateImageOptions::default()
        };
        let sent = credentials.map(|credentials| credentials.to_sent(reference.registry()));
        let mut pulling = Box::pin(self.docker.create_image(Some(options), None, sent));
        loop {
            let said = timeout(PULL_SILENCE_MAX, pulling.next()).await;
            let late = |_| HostError::Late { what: verb.what, subject: image.into(), limit: PULL_SILENCE_MAX };
            match said.map_err(late)? {
                None => break,
                // It goes on.
                Some(Ok(_)) => {}
                Some(Err(Error::DockerResponseServerError { status_code: 404, message })) => {
                    let missing = self.missing(&reference).await?;
                    return Err(HostError::NoImage(format!("{missing} ({})", error::said(&message))));
                }
                Some(Err(error)) => return Err(HostError::of(&self.at, verb, &error)),
            }
        }
        self.image(image).await?.ok_or_else(|| HostError::failed(verb, "it was pulled, and is not there"))
    }

    /// Why there is no such image, with the tags that may have been meant.
    async fn missing(&self, reference: &Reference) -> Result<String, HostError> {
        let verb = Verb { what: "list", subject: "images" };
        let images = self.docker.list_images(Some(ListImagesOptions::default()));
        let images = self.within(REQUEST_TIMEOUT, verb, images).await?;
        let tags: Vec<String> = images.into_iter().flat_map(|image| image.repo_tags).collect();
        Ok(reference.missing(&tags))
    }
}
