//! How the document describes types that are declared elsewhere. Nothing is parsed by this: the types themselves
//! refuse what does not fit, and the tests compare the two.

use std::borrow::Cow;

use canary_config::name::NAME_LENGTH_MAX;
use canary_config::weight;
use serde_json::json;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

/// What a name looks like.
const NAME_PATTERN: &str = "^[A-Za-z0-9][A-Za-z0-9._-]*$";

/// Describes a type under the name of the original.
macro_rules! describe {
    ($(#[$doc:meta])* $name:ident, $schema:expr) => {
        $(#[$doc])*
        pub(crate) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                $schema.build().into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }
        }
    };
}

describe! {
    /// See [`canary_config::name::ServiceName`].
    ServiceName, name("The name of a service.", "web")
}
describe! {
    /// See [`canary_config::name::ReleaseId`].
    ReleaseId, name("The name of a release of a service.", "v2")
}
describe! {
    /// See [`weight::Weight`].
    Weight,
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
        .minimum(Some(weight::Weight::ZERO.bp()))
        .maximum(Some(weight::Weight::FULL.bp()))
        .description(Some("A share of requests in basis points: 10000 is all of them."))
        .examples([json!(2500)])
}
describe! {
    /// See [`canary_config::plan::OnBusy`].
    OnBusy,
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(["reject", "supersede", "queue"]))
        .description(Some("What becomes of a start while another rollout of the service is under way."))
}
describe! {
    /// See [`canary_config::plan::Strategy`].
    Strategy,
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(["canary", "blue-green", "rolling", "recreate"]))
        .description(Some("The shape of a rollout."))
}
describe! {
    /// The releases of several services.
    Releases,
    ObjectBuilder::new()
        .property_names(Some(Schema::Object(name("The name of a service.", "web").build())))
        .additional_properties(Some(ReleaseId::schema()))
        .examples([json!({ "web": "v2", "api": "v7" })])
}

fn name(description: &str, example: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(NAME_PATTERN))
        .min_length(Some(1))
        .max_length(Some(NAME_LENGTH_MAX))
        .description(Some(description))
        .examples([json!(example)])
}
