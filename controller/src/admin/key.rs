//! The client's name for a command.

use axum::extract::FromRequestParts;
use http::HeaderName;
use http::request::Parts;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

use crate::api::Problem;
use crate::idempotency::{IdempotencyKey, KEY_LENGTH_MAX, NoKey};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The key of a request, if it has one.
pub(super) struct Key(pub(super) Option<IdempotencyKey>);

// === impl Key ===

impl<S: Send + Sync> FromRequestParts<S> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut fields = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
        let (Some(field), more) = (fields.next(), fields.next()) else { return Ok(Self(None)) };
        if more.is_some() {
            return Err(Problem::bad_request("idempotency-key: there is more than one; send one for each command"));
        }
        let key = field.to_str().map_err(|_| NoKey).and_then(str::parse);
        key.map(|key| Self(Some(key))).map_err(|error| Problem::bad_request(format!("idempotency-key: {error}")))
    }
}

impl IntoParams for Key {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[!-~]+$"))
            .min_length(Some(1))
            .max_length(Some(KEY_LENGTH_MAX));
        let key = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .description(Some(
                "The client's name for this command: the same one sent again is answered as before and not done again. \
                 While it is on its way still, the answer is a problem of the kind `in-progress`: ask again.",
            ))
            .example(Some("8e03978e-40d5-43e8-bc93-6894a57f9324".into()))
            .schema(Some(schema));
        vec![key.build()]
    }
}
