//! Questions whose answers the client has no whole shape for: it is asked another one, whose answer it hands on as it
//! is, and the path is changed on its way.

use bollard::{BollardRequest, Docker, errors::Error};
use futures_util::TryStreamExt as _;
use http::Uri;
use serde::de::DeserializeOwned;

/// The path of the question that is asked of the client.
const ASKED: &str = "/images/get";

/// What an Engine answers to a GET of this path: all that there is, or what is of these services.
pub(in crate::docker) async fn get<T: DeserializeOwned>(
    docker: &Docker,
    what: &str,
    services: &[&str],
) -> Result<T, Error> {
    let mut question = format!("/{what}");
    if !services.is_empty() {
        let filters = serde_json::json!({ "service": services }).to_string();
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("filters", &filters).finish();
        question = format!("{question}?{query}");
    }
    let docker = docker.clone().with_request_modifier(move |request| redirected(request, &question));
    let answer: Vec<_> = docker.export_images(&[]).try_collect().await?;
    Ok(serde_json::from_slice(&answer.concat())?)
}

/// The same request for something else, of the same version of the API.
fn redirected(mut request: BollardRequest, question: &str) -> BollardRequest {
    let mut parts = request.uri().clone().into_parts();
    let asked = parts.path_and_query.as_ref().map_or("", |asked| asked.path());
    if let Some(version) = asked.strip_suffix(ASKED) {
        parts.path_and_query = format!("{version}{question}").parse().ok();
    }
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
    request
}
