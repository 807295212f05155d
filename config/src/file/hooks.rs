//! `[services.NAME.hooks]`: what is done at the points of a rollout.

use std::time::Duration;

use http::Uri;
use serde::Deserialize;
use serde_spanned::Spanned;

use super::count::WrittenCount;
use super::duration::{WAIT_MIN, WrittenDuration};
use super::problems::Section;
use crate::hooks::{Hook, HookAction, HookName, Hooks, OnFailure};
use crate::quoted::Quoted;

/// How long one try may take at most.
pub(super) const DEADLINE_MAX: Duration = Duration::from_hours(24);
/// How often a try may be repeated.
pub(super) const RETRIES_MAX: u32 = 100;
/// Where a failure would come too late to abort anything.
const AFTER_ABORT: &str = "the release has been sent back already; remove this";

/// Where nothing has been migrated.
const ONLY_BEFORE: &str = "only `pre_deploy` changes what both releases stand on; remove this";

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct WrittenHooks {
    pre_deploy: Option<Spanned<WrittenHook>>,
    pre_traffic: Option<Spanned<WrittenHook>>,
    pre_promote: Option<Spanned<WrittenHook>>,
    post_promote: Option<Spanned<WrittenHook>>,
    on_abort: Option<Spanned<WrittenHook>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
struct WrittenHook {
    command: Option<Spanned<Vec<Spanned<String>>>>,
    url: Option<Spanned<String>>,
    deadline: Option<Spanned<WrittenDuration>>,
    retries: Option<Spanned<WrittenCount>>,
    on_failure: Option<Spanned<String>>,
    reversible: Option<Spanned<bool>>,
}

/// Whether there is an image that a command can be run in.
#[derive(Clone, Copy)]
pub(super) enum Images {
    /// The releases are containers, which canaryd may make.
    Some,
    /// The releases are declared in the file, and nobody knows what they are made of.
    None,
    /// The releases are containers, and canaryd only looks at them.
    Untouched,
}

// === impl WrittenHooks ===

impl WrittenHooks {
    pub(super) fn meant(self, images: Images, section: &mut Section<'_, '_>) -> Hooks {
        let mut hook = |name, written| meant(name, written, images, section);
        Hooks {
            pre_deploy: hook(HookName::PreDeploy, self.pre_deploy),
            pre_traffic: hook(HookName::PreTraffic, self.pre_traffic),
            pre_promote: hook(HookName::PrePromote, self.pre_promote),
            post_promote: hook(HookName::PostPromote, self.post_promote),
            on_abort: hook(HookName::OnAbort, self.on_abort),
        }
    }
}

fn meant(
    name: HookName,
    written: Option<Spanned<WrittenHook>>,
    images: Images,
    section: &mut Section<'_, '_>,
) -> Option<Hook> {
    let written = written?;
    let (place, WrittenHook { command, url, deadline, retries, on_failure, reversible }) =
        (written.span(), written.into_inner());
    let mut section = section.child(name.as_str());
    let action = match (command, url) {
        (Some(command), None) => section.command("command", &command, images).map(HookAction::Command),
        (None, Some(url)) => section.url("url", &url).map(HookAction::Webhook),
        (None, None) => {
            let message =
                "there is nothing to do; write url = \"https://example.com/hook\" or command = [\"./migrate\"]";
            section.report_self(&place, message);
            None
        }
        (Some(_), Some(url)) => {
            section.report("url", &url.span(), "there is a `command` already, and a hook is one of both; remove one");
            None
        }
    };
    let chosen = on_failure
        .as_ref()
        .and_then(|written| section.choice("on_failure", written, &OnFailure::ALL, OnFailure::as_str));
    if let Some(written) = on_failure.filter(|_| name == HookName::OnAbort && chosen == Some(OnFailure::Abort)) {
        section.report("on_failure", &written.span(), AFTER_ABORT);
    }
    if let Some(written) = reversible.as_ref().filter(|_| name != HookName::PreDeploy) {
        section.report("reversible", &written.span(), ONLY_BEFORE);
    }
    let is_reversible = reversible.is_none_or(Spanned::into_inner);
    let default = action.as_ref().map_or(0, HookAction::retries);
    let deadline = section.duration("deadline", deadline, WAIT_MIN..=DEADLINE_MAX, name.deadline());
    let retries = section.count("retries", retries.as_ref(), &(0..=RETRIES_MAX), default);
    let on_failure = chosen.unwrap_or(name.on_failure());
    Some(Hook { action: action?, deadline, retries, on_failure, is_reversible })
}

// === impl Section ===

impl Section<'_, '_> {
    /// The command that a key of this table gives: a program and its arguments.
    pub(super) fn command(
        &mut self,
        name: &str,
        written: &Spanned<Vec<Spanned<String>>>,
        images: Images,
    ) -> Option<Vec<String>> {
        let words: Vec<String> = written.get_ref().iter().map(|word| word.get_ref().clone()).collect();
        let without_image = match images {
            Images::Some => None,
            Images::None => {
                Some("the service's releases are declared, so there is no image to run it in; write what HTTP can ask")
            }
            Images::Untouched => Some("canaryd only looks at containers; write mode = \"provision\" in [docker]"),
        };
        if let Some(message) = without_image {
            self.report(name, &written.span(), message);
            return None;
        }
        if words.first().is_none_or(String::is_empty) {
            let message = "there is no program; write it and its arguments, such as [\"./migrate\", \"up\"]";
            self.report(name, &written.span(), message);
            return None;
        }
        if let Some(word) = written.get_ref().iter().find(|word| word.get_ref().contains('\0')) {
            self.report(name, &word.span(), format_args!("{} holds a zero; remove it", Quoted(word.get_ref())));
            return None;
        }
        Some(words)
    }

    /// The address of http or https that a key of this table gives.
    fn url(&mut self, name: &str, written: &Spanned<String>) -> Option<Uri> {
        let text = written.get_ref().as_str();
        let message = match text.parse::<Uri>().map(Uri::into_parts) {
            Ok(parts) => match (parts.scheme.as_ref().map(http::uri::Scheme::as_str), &parts.authority) {
                (Some("http" | "https"), Some(authority)) if authority.as_str().contains('@') => {
                    // A file that others may read is no place for it.
                    Some("has a name or password in it; remove it, and let the address itself be the secret")
                }
                (Some("http" | "https"), Some(authority)) if !authority.host().is_empty() => {
                    return text.parse().ok();
                }
                _ => None,
            },
            Err(_) => None,
        };
        // What is mistyped may be a secret all the same.
        let example = "is not an address that can be posted to; write one such as \"https://example.com/hook\"";
        self.report(name, &written.span(), format_args!("it {}", message.unwrap_or(example)));
        None
    }
}
