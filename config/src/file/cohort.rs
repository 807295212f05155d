//! `assignment`: by what the requests of a rollout are divided.

use http::HeaderName;
use http::header::{
    CONNECTION, COOKIE, HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use serde_spanned::Spanned;

use super::problems::Section;
use crate::cohort::Assignment;
use crate::nearest::nearest;
use crate::plan::Strategy;
use crate::quoted::Quoted;

const HEADER: &str = "header:";
const CHOICES: &str = "\"request\", \"cookie\", \"ip\" or \"header:NAME\"";
const EXAMPLE: &str = "\"header:x-user-id\"";

/// Fields that are about one connection and not about who is at its end (RFC 9110, section 7.6.1).
const HOP_BY_HOP: [HeaderName; 9] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// The assignment that is written, or its default; nothing, and a report, if it is none.
pub(super) fn meant(
    written: Option<&Spanned<String>>,
    strategy: Strategy,
    section: &mut Section<'_, '_>,
) -> Option<Assignment> {
    let Some(written) = written else { return Some(Assignment::default()) };
    let assignment = assignment(written.get_ref());
    let undivided = match strategy {
        Strategy::Canary | Strategy::Rolling => None,
        Strategy::BlueGreen => Some("blue-green"),
        Strategy::Recreate => Some("recreate"),
    };
    if let (Ok(_), Some(strategy)) = (&assignment, undivided) {
        let message = format!("{strategy} gives a release all requests at once, so nothing is divided; remove this");
        section.warn("assignment", &written.span(), message);
    }
    assignment.map_err(|message| section.report("assignment", &written.span(), message)).ok()
}

fn assignment(text: &str) -> Result<Assignment, String> {
    match text {
        "request" => Ok(Assignment::Request),
        "cookie" => Ok(Assignment::Cookie),
        "ip" => Ok(Assignment::Ip),
        _ => match text.strip_prefix(HEADER) {
            Some(name) => header(name).map(|name| Assignment::Header(name.as_str().into())),
            None => Err(unknown(text)),
        },
    }
}

fn unknown(text: &str) -> String {
    let word = text.split_once(':').map_or(text, |(word, _)| word);
    let meant = match nearest(word, ["request", "cookie", "ip", "header"]) {
        Some("header") => "did you mean \"header:NAME\"? ".into(),
        Some(meant) => format!("did you mean \"{meant}\"? "),
        None => String::new(),
    };
    format!("{} is not a choice; {meant}write {CHOICES}", Quoted(text))
}

/// The field whose value says who a client is.
fn header(text: &str) -> Result<HeaderName, String> {
    let quoted = Quoted(text);
    let Ok(name) = HeaderName::from_bytes(text.as_bytes()) else {
        return Err(format!("{quoted} is not the name of a header field; write one such as {EXAMPLE}"));
    };
    if name == COOKIE {
        return Err(format!("{quoted} holds every cookie of a client and changes with each; write \"cookie\""));
    }
    if name == HOST {
        return Err(format!("{quoted} is the same for every client; write one that tells them apart, as {EXAMPLE}"));
    }
    if HOP_BY_HOP.contains(&name) {
        return Err(format!("{quoted} is about a connection and not about a client; write one such as {EXAMPLE}"));
    }
    Ok(name)
}
