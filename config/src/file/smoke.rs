//! `[services.NAME.smoke]`: the tests that a release has to pass.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};
use serde::Deserialize;
use serde_spanned::Spanned;

use super::count::WrittenCount;
use super::duration::{WAIT_MIN, WrittenDuration};
use super::hooks::{DEADLINE_MAX, Images, RETRIES_MAX};
use super::problems::Section;
use crate::hooks::{Smoke, SmokeRequest};
use crate::quoted::Quoted;

/// What an answer can say; 1xx is none.
const STATUSES: RangeInclusive<u16> = 200..=599;
/// The fields that are said of the connection and the body, and that only the sender of both can know.
const OURS: [HeaderName; 3] = [http::header::CONNECTION, http::header::CONTENT_LENGTH, http::header::TRANSFER_ENCODING];

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct WrittenSmoke {
    #[serde(default)]
    requests: Vec<Spanned<WrittenRequest>>,
    command: Option<Spanned<Vec<Spanned<String>>>>,
    deadline: Option<Spanned<WrittenDuration>>,
    retries: Option<Spanned<WrittenCount>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
struct WrittenRequest {
    path: Option<Spanned<String>>,
    method: Option<Spanned<String>>,
    status: Option<Spanned<WrittenCount>>,
    contains: Option<Spanned<String>>,
    #[serde(default)]
    headers: BTreeMap<Spanned<String>, Spanned<String>>,
}

/// The tests, if there are some.
pub(super) fn meant(
    written: Option<Spanned<WrittenSmoke>>,
    images: Images,
    section: &mut Section<'_, '_>,
) -> Option<Smoke> {
    let written = written?;
    let (place, WrittenSmoke { requests, command, deadline, retries }) = (written.span(), written.into_inner());
    if requests.is_empty() && command.is_none() {
        let message = "there is nothing to test; write requests = [{ path = \"/\" }] or command = [\"./smoke\"]";
        section.report_self(&place, message);
    }
    let requests = requests.into_iter().enumerate();
    let requests: Vec<_> = requests
        .filter_map(|(index, written)| written.into_inner().meant(&mut section.item("requests", index)))
        .collect();
    let command = command.and_then(|command| section.command("command", &command, images));
    let deadline = section.duration("deadline", deadline, WAIT_MIN..=DEADLINE_MAX, Duration::from_mins(1));
    let retries = section.count("retries", retries.as_ref(), &(0..=RETRIES_MAX), 2);
    Some(Smoke { requests, command, deadline, retries })
}

// === impl WrittenRequest ===

impl WrittenRequest {
    fn meant(self, section: &mut Section<'_, '_>) -> Option<SmokeRequest> {
        let Self { path, method, status, contains, headers } = self;
        let path = match path {
            Some(path) => section.target("path", path)?,
            None => "/".into(),
        };
        let method = match method {
            Some(method) => section.method(&method)?,
            None => Method::GET,
        };
        let status = status.map(|status| section.count("status", Some(&status), &STATUSES, *STATUSES.start()));
        if let Some(contains) = contains.as_ref().filter(|contains| contains.get_ref().is_empty()) {
            section.report("contains", &contains.span(), "every body contains that; write a text, or remove this");
        }
        let contains = contains.map(|contains| contains.into_inner().into());
        let headers = headers.into_iter().filter_map(|(name, value)| section.child("headers").field(&name, &value));
        Some(SmokeRequest { path, method, status, contains, headers: headers.collect() })
    }
}

// === impl Section ===

impl Section<'_, '_> {
    fn method(&mut self, written: &Spanned<String>) -> Option<Method> {
        let text = written.get_ref();
        let method = text.parse().ok().filter(|method| *method != Method::CONNECT && text.to_uppercase() == *text);
        if method.is_none() {
            let message = format!("{} is not a method; write one such as \"GET\" or \"POST\"", Quoted(text));
            self.report("method", &written.span(), message);
        }
        method
    }

    /// A field of a request: its name is a key of this table.
    fn field(&mut self, name: &Spanned<String>, value: &Spanned<String>) -> Option<(HeaderName, HeaderValue)> {
        let field = HeaderName::try_from(name.get_ref()).ok();
        let Some(field) = field.filter(|field| !OURS.contains(field)) else {
            let message = "no request can be given this field; write one such as \"X-User\"";
            self.report(name.get_ref(), &name.span(), message);
            return None;
        };
        let Ok(mut value) = HeaderValue::try_from(value.get_ref()) else {
            self.report(name.get_ref(), &value.span(), "no field can hold this; write visible characters");
            return None;
        };
        // It may be what lets somebody in.
        value.set_sensitive(true);
        Some((field, value))
    }
}
