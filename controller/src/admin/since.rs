//! Where a stream of events begins.

use axum::extract::FromRequestParts;
use http::HeaderName;
use http::request::Parts;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

use crate::admin::query::Asked;
use crate::api::Problem;
use crate::api::number::WHOLE_MAX;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The entry after which a stream begins; nothing for what comes from now on.
pub(super) struct Since(pub(super) Option<i64>);

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Written {
    /// Begin after the entry of this number; with what comes from now on, if nothing is said.
    #[param(value_type = u64, required = false, maximum = 9_007_199_254_740_991_u64)]
    after: Option<u64>,
}

// === impl Since ===

impl<S: Send + Sync> FromRequestParts<S> for Since {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Asked(Written { after }) = Asked::from_request_parts(parts, state).await?;
        let after = after.map(|after| number_of(after).ok_or("query: after")).transpose();
        let field = parts.headers.get(LAST_EVENT_ID);
        let last = field.map(|field| {
            let number = field.to_str().ok().and_then(|text| text.parse().ok()).and_then(number_of);
            number.ok_or("last-event-id")
        });
        let since = after.and_then(|after| last.transpose().map(|last| last.or(after)));
        since.map(Self).map_err(|what| {
            Problem::bad_request(format!(
                "{what}: it is no whole number from 0 to {WHOLE_MAX}; send the id of an event"
            ))
        })
    }
}

impl IntoParams for Since {
    fn into_params(provider: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let schema = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).maximum(Some(WHOLE_MAX));
        let last = ParameterBuilder::new()
            .name("Last-Event-ID")
            .parameter_in(ParameterIn::Header)
            .description(Some("The number of the last entry that the reader has; it wins over `after`."))
            .schema(Some(schema));
        let mut both = Written::into_params(provider);
        both.push(last.build());
        both
    }
}

fn number_of(written: u64) -> Option<i64> {
    i64::try_from(written).ok().filter(|_| written <= WHOLE_MAX)
}
