//! The services of a Swarm that there are: looked at, made, changed, and removed.

use bollard::models::{Service, ServiceSpec};
use bollard::query_parameters::UpdateServiceOptions;
use futures_util::TryFutureExt as _;
use serde::Deserialize as _;
use serde_json::Value;

use super::error::without;
use super::{Host, HostError, REQUEST_TIMEOUT, Verb};
use crate::docker::ask::raw;
use crate::docker::reference::Reference;
use crate::docker::registry::Credentials;

/// What Docker says to a name that is there already.
const CONFLICT: &str = "name conflicts";

// === impl Host ===

impl Host {
    /// A service of Swarm, as it is to be.
    ///
    /// # Errors
    /// When there is none, or the Engine is no manager.
    pub async fn service(&self, service: &str) -> Result<Service, HostError> {
        let verb = Verb { what: "inspect the service", subject: service };
        let path = format!("services/{service}");
        let said: Value = self.within(REQUEST_TIMEOUT, verb, raw::get(&self.docker, &path, &[])).await?;
        let unreadable = |error: serde_json::Error| HostError::failed(verb, &error.to_string());
        let read = Service::deserialize(&said).map_err(unreadable)?;
        let known = serde_json::to_value(&read.spec).map_err(unreadable)?;
        // What is changed is written back as a whole: what was not read would be lost.
        match unread(&said["Spec"], &known, "Spec") {
            Some(lost) => Err(HostError::failed(verb, &format!("canaryd does not know what its {lost} is"))),
            None => Ok(read),
        }
    }

    /// Makes a service of Swarm, unless it is there.
    ///
    /// # Errors
    /// When Swarm does not take it.
    pub async fn create_service(&self, spec: ServiceSpec, credentials: Option<&Credentials>) -> Result<(), HostError> {
        let name = spec.name.clone().unwrap_or_default();
        let env = env_of(&spec);
        let verb = Verb { what: "create the service", subject: &name };
        let sent = sent(&spec, credentials);
        let creating = self.docker.create_service(spec, sent).map_err(|error| without(error, &env));
        match self.within(REQUEST_TIMEOUT, verb, creating).await {
            Err(HostError::Failed { why, .. }) if why.contains(CONFLICT) => Ok(()),
            created => created.map(drop),
        }
    }

    /// Changes what a service of Swarm is to be, unless somebody else does so in the same moment. Without credentials it
    /// keeps those that it has.
    ///
    /// # Errors
    /// When there is none, it was changed meanwhile, or Swarm does not take it.
    pub async fn change_service(
        &self,
        service: &str,
        credentials: Option<&Credentials>,
        change: impl FnOnce(ServiceSpec) -> ServiceSpec,
    ) -> Result<(), HostError> {
        let verb = Verb { what: "change the service", subject: service };
        let found = self.service(service).await?;
        let version = found.version.and_then(|version| version.index).and_then(|index| i32::try_from(index).ok());
        let (Some(version), Some(spec)) = (version, found.spec) else {
            return Err(HostError::failed(verb, "Docker does not say what it is"));
        };
        let spec = change(spec);
        let (env, sent) = (env_of(&spec), sent(&spec, credentials));
        let from = "spec".to_owned();
        let options = UpdateServiceOptions { version, registry_auth_from: from, ..UpdateServiceOptions::default() };
        let changing = self.docker.update_service(service, spec, options, sent).map_err(|error| without(error, &env));
        self.within(REQUEST_TIMEOUT, verb, changing).await.map(drop)
    }

    /// Removes a service of Swarm with its tasks; one that is gone is gone.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub async fn remove_service(&self, service: &str) -> Result<(), HostError> {
        let verb = Verb { what: "remove the service", subject: service };
        match self.within(REQUEST_TIMEOUT, verb, self.docker.delete_service(service)).await {
            Err(HostError::NoService(_)) => Ok(()),
            result => result,
        }
    }
}

/// What was said and not read, by its path.
fn unread(said: &Value, read: &Value, path: &str) -> Option<String> {
    match said {
        Value::Object(fields) => fields.iter().find_map(|(name, value)| {
            let path = format!("{path}.{name}");
            match read.get(name) {
                Some(read) => unread(value, read, &path),
                None => is_said(value).then_some(path),
            }
        }),
        Value::Array(items) => items.iter().enumerate().find_map(|(place, value)| {
            let path = format!("{path}[{place}]");
            read.get(place).map_or_else(|| Some(path.clone()), |read| unread(value, read, &path))
        }),
        _ => None,
    }
}

/// Whether a value says more than nothing.
fn is_said(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Object(fields) => fields.values().any(is_said),
        Value::Array(items) => !items.is_empty(),
        _ => true,
    }
}

fn image_of(spec: &ServiceSpec) -> Option<&str> {
    spec.task_template.as_ref()?.container_spec.as_ref()?.image.as_deref()
}

fn env_of(spec: &ServiceSpec) -> Vec<String> {
    let container = spec.task_template.as_ref().and_then(|template| template.container_spec.as_ref());
    container.and_then(|container| container.env.clone()).unwrap_or_default()
}

/// The credentials as the registry of the image is sent them.
fn sent(spec: &ServiceSpec, credentials: Option<&Credentials>) -> Option<bollard::auth::DockerCredentials> {
    let reference: Reference = image_of(spec)?.parse().ok()?;
    credentials.map(|credentials| credentials.to_sent(reference.registry()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_read_is_not_lost_in_silence() {
        let read = json!({ "Name": "web", "TaskTemplate": { "Networks": [{ "Target": "net" }] } });
        let of = |said: Value| unread(&said, &read, "Spec");
        assert_eq!(of(read.clone()), None);
        assert_eq!(of(json!({ "Name": "web", "New": null, "Other": { "Deep": [] } })), None);
        assert_eq!(of(json!({ "New": 1 })), Some("Spec.New".to_owned()));
        let deep = json!({ "TaskTemplate": { "Networks": [{ "Target": "net", "Speed": 9 }] } });
        assert_eq!(of(deep), Some("Spec.TaskTemplate.Networks[0].Speed".to_owned()));
    }
}
