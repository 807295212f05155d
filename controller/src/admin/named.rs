//! What a path names: a service, and one of its rollouts.

use axum::extract::{FromRequestParts, Path};
use canary_config::name::ServiceName;
use http::request::Parts;
use serde::de::DeserializeOwned;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{Ref, Required};
use utoipa::{IntoParams, PartialSchema};

use crate::api::Problem;
use crate::rollout::Generation;

/// A name that a service can have; whether there is one of that name, the engine says.
pub(super) struct Named(pub(super) ServiceName);

/// A rollout of a service.
pub(super) struct NamedRollout(pub(super) ServiceName, pub(super) Generation);

// === impl Named ===

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        path(parts, state).await.map(Self)
    }
}

impl IntoParams for Named {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let name = ParameterBuilder::new()
            .name("name")
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some("The name of the service."))
            .schema(Some(Ref::from_schema_name("ServiceName")));
        vec![name.build()]
    }
}

// === impl NamedRollout ===

impl<S: Send + Sync> FromRequestParts<S> for NamedRollout {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        path(parts, state).await.map(|(service, generation)| Self(service, generation))
    }
}

impl IntoParams for NamedRollout {
    fn into_params(provider: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let generation = ParameterBuilder::new()
            .name("generation")
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some("The number of the rollout."))
            .schema(Some(Generation::schema()));
        let mut both = Named::into_params(provider);
        both.push(generation.build());
        both
    }
}

async fn path<T: DeserializeOwned + Send, S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<T, Problem> {
    let Path(named) = Path::<T>::from_request_parts(parts, state)
        .await
        .map_err(|error| Problem::bad_request(format!("path: {}", error.body_text())))?;
    Ok(named)
}
