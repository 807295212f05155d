//! The description of the interface for machines: OpenAPI 3.1, made from the types and the handlers themselves.

use std::sync::LazyLock;

use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Required, ResponseBuilder};
use utoipa::{OpenApi as _, ToSchema};

use crate::admin;
use crate::api::{Problem, schema};

/// The name of the security scheme.
const BEARER: &str = "bearer";

/// What is asked without a token, too.
const OPEN: &str = "healthz";

/// Questions that the store answers.
const STORED: [&str; 7] = ["history", "rollouts", "rollout", "account", "last_account", "events", "backup"];

/// Orders whose body may not be left out.
const WITH_BODY: [&str; 5] = ["start", "start_together", "preflight", "deploy", "deploy_together"];

/// The problems that more than one page may answer with.
const PROBLEMS: [(u16, &str); 12] = [
    (400, "It cannot be understood."),
    (401, "The token is missing or wrong; over TCP only."),
    (403, "It comes from a page of another site."),
    (404, "There is no such service, release or rollout."),
    (408, "The body took too long to come."),
    (409, "It is not allowed now, or another rollout is under way than the one that is meant."),
    (413, "The body is too large."),
    (415, "The body is no JSON, or does not say that it is."),
    (421, "It is for a host that is not ours; over TCP only."),
    (422, "It contradicts itself, or the key was used for another command."),
    (500, "The fault is canaryd's."),
    (503, "The store cannot take or give it, so nothing was done; or too many ask at once."),
];

/// What is true of the whole.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "canaryd",
        description = "The control interface of canaryd: JSON over HTTP/1.1, on the control socket and, if the \
                       configuration says so, over TCP, where every request but `/healthz` carries the token. Weights \
                       are basis points in fields that end in `_bp`, times are milliseconds in fields that end in \
                       `_ms`, evidence is the natural logarithm of an e-value in fields that begin with `ln_`. A \
                       command says by `generation` which rollout it means, and by `Idempotency-Key` that it is the \
                       same one sent again. Other methods than \
                       those given are answered with 405 and `Allow`, other pages with 404.",
        license(name = "MIT", identifier = "MIT"),
        contact()
    ),
    tags(
        (name = "questions", description = "They change nothing."),
        (name = "commands", description = "Each is answered when it is in force and stored, or says that it is not."),
        (name = "health", description = "For orchestrators.")
    ),
    components(schemas(Problem, schema::ServiceName))
)]
struct Whole;

/// The whole document, as it is served.
#[must_use]
pub fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let mut text = admin::routes().1.to_pretty_json().expect("it has text keys only");
        text.push('\n');
        text
    });
    &TEXT
}

/// What is said of the whole before there is a page.
pub(super) fn whole() -> OpenApi {
    Whole::openapi()
}

/// Adds what is true of every page of its kind.
pub(super) fn complete(mut document: OpenApi) -> OpenApi {
    if let Some(components) = &mut document.components {
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.security_schemes.insert(BEARER.to_owned(), bearer.into());
        for (status, why) in PROBLEMS {
            let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name()))).build();
            let response = ResponseBuilder::new().description(why).content("application/json", problem).build();
            components.responses.insert(name_of(status), response.into());
        }
    }
    document.security = Some(vec![SecurityRequirement::new(BEARER, [""; 0])]);
    for (path, item) in &mut document.paths.paths {
        for operation in [&mut item.get, &mut item.post].into_iter().flatten() {
            complete_operation(path, operation);
        }
    }
    document
}

fn complete_operation(path: &str, operation: &mut Operation) {
    let name = operation.operation_id.clone().unwrap_or_default();
    let is_command = operation.tags.iter().flatten().any(|tag| tag == "commands");
    let has_parameters = operation.parameters.as_ref().is_some_and(|parameters| !parameters.is_empty());
    let mut may_happen = vec![403, 500];
    let is_for_health = operation.tags.iter().flatten().any(|tag| tag == "health");
    may_happen.extend((!is_for_health).then_some(400));
    if name == OPEN {
        operation.security = Some(Vec::new());
    } else {
        may_happen.extend([401, 421]);
    }
    if path.contains('{') {
        may_happen.push(404);
    }
    if STORED.contains(&name.as_str()) {
        may_happen.push(503);
    }
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        body.required = Some(if WITH_BODY.contains(&name.as_str()) { Required::True } else { Required::False });
        may_happen.extend([408, 413, 415]);
    }
    if is_command {
        may_happen.extend([409, 503]);
        // Each but a reload names a service or a release, and may have a key.
        may_happen.extend(has_parameters.then_some([404, 422]).into_iter().flatten());
    }
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
            response.description = "It is done, or known.".to_owned();
        }
    }
    for status in may_happen {
        let response = Ref::from_response_name(name_of(status));
        operation.responses.responses.entry(status.to_string()).or_insert(response.into());
    }
}

fn name_of(status: u16) -> String {
    format!("Problem{status}")
}
