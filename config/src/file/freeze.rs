//! `[[freeze]]`: windows of time in which nothing is started or raised.

use std::ops::Range;
use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::Deserialize;
use serde_spanned::Spanned;

use super::problems::{Placed, Section};
use crate::freeze::{FreezeWindow, Moment, Schedule, ScheduleError};
use crate::name::{NameError, ServiceName, is_name};
use crate::nearest::nearest;
use crate::quoted::{Excerpt, Quoted};

/// The most windows. All of them are looked at whenever a rollout could go on.
const WINDOWS_MAX: usize = 100;
/// What to do where the two ends of a window are of two kinds.
const SAME: &str = "write a day of the week in both, or a date";

/// The zones that were built in: a slim container has none of its own.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct WrittenFreeze {
    name: Option<Spanned<String>>,
    from: Option<Spanned<String>>,
    to: Option<Spanned<String>>,
    timezone: Option<Spanned<String>>,
    services: Option<Spanned<Vec<Spanned<String>>>>,
}

/// The windows, for services that have these names.
pub(super) fn meant(
    written: Vec<Spanned<WrittenFreeze>>,
    root: &mut Section<'_, '_>,
    known: &[String],
) -> Vec<FreezeWindow> {
    if let Some(first) = written.get(WINDOWS_MAX) {
        let message = format!("{} windows are too many; write at most {WINDOWS_MAX}", written.len());
        root.report("freeze", &first.span(), message);
        return Vec::new();
    }
    let (mut windows, mut names) = (Vec::new(), Vec::new());
    for (index, window) in written.into_iter().enumerate() {
        let (place, window) = (window.span(), window.into_inner());
        let mut section = root.item("freeze", index);
        let name = window.name(&place, &mut section);
        names.extend(name.clone());
        windows.extend(window.meant(name, &place, &mut section, known));
    }
    root.window_once(&names.iter().collect::<Vec<_>>());
    windows
}

// === impl WrittenFreeze ===

impl WrittenFreeze {
    fn name(&self, place: &Range<usize>, section: &mut Section<'_, '_>) -> Option<Placed<String>> {
        let Some(name) = &self.name else {
            section.report_self(place, "`name` is missing; write one, such as name = \"weekend\"");
            return None;
        };
        let (span, value) = (name.span(), name.get_ref().clone());
        if !is_name(&value) {
            section.report("name", &span, NameError(value));
            return None;
        }
        Some(Placed { key: section.key().child("name"), span, value })
    }

    fn meant(
        self,
        name: Option<Placed<String>>,
        place: &Range<usize>,
        section: &mut Section<'_, '_>,
        known: &[String],
    ) -> Option<FreezeWindow> {
        let from = section.moment("from", self.from.as_ref(), place);
        let to = section.moment("to", self.to.as_ref(), place);
        let zone = section.zone("timezone", self.timezone.as_ref());
        let services =
            self.services.map_or(Some(Vec::new()), |services| section.services("services", &services, known));
        let (from, to) = from.zip(to)?;
        let end = self.to.as_ref()?;
        let quoted = Quoted(end.get_ref());
        let schedule = Schedule::new(from, to, zone?).map_err(|error| match (error, to) {
            (ScheduleError::Mixed, Moment::Dated(_)) => format!("{quoted} comes once, and `from` every week; {SAME}"),
            (ScheduleError::Mixed, Moment::Weekly(_)) => format!("{quoted} comes every week, and `from` once; {SAME}"),
            (ScheduleError::Empty, _) => format!("{quoted} is not after `from`; write a later time"),
        });
        let schedule = schedule.map_err(|message| section.report("to", &end.span(), message));
        Some(FreezeWindow { name: name?.value.into(), services: services?, schedule: schedule.ok()? })
    }
}

// === impl Section ===

impl Section<'_, '_> {
    fn moment(&mut self, name: &str, written: Option<&Spanned<String>>, table: &Range<usize>) -> Option<Moment> {
        let Some(written) = written else {
            let example = "\"Fri 16:00\" or \"2026-12-20 00:00\"";
            self.report_self(table, format_args!("`{name}` is missing; write a time, such as {example}"));
            return None;
        };
        written.get_ref().parse().map_err(|error| self.report(name, &written.span(), error)).ok()
    }

    fn zone(&mut self, name: &str, written: Option<&Spanned<String>>) -> Option<TimeZone> {
        let Some(written) = written else { return Some(TimeZone::UTC) };
        let text = written.get_ref().as_str();
        if let Ok(zone) = ZONES.get(text) {
            return Some(zone);
        }
        let known: Vec<_> = ZONES.available().collect();
        let meant = nearest(text, known.iter().map(|name| name.as_str()));
        let meant = meant.map(|name| format!("did you mean \"{name}\"? ")).unwrap_or_default();
        let message =
            format!("{} is not a time zone; {meant}write an IANA name, such as \"Europe/Berlin\"", Quoted(text));
        self.report(name, &written.span(), message);
        None
    }

    /// The services that an array of this table names; each must be one of those there are.
    fn services(
        &mut self,
        name: &str,
        written: &Spanned<Vec<Spanned<String>>>,
        known: &[String],
    ) -> Option<Vec<ServiceName>> {
        if written.get_ref().is_empty() {
            self.report(name, &written.span(), "no service is named; name some, or leave it out to freeze them all");
            return None;
        }
        let mut services = Vec::new();
        for (index, service) in written.get_ref().iter().enumerate() {
            let text = service.get_ref().as_str();
            if known.iter().any(|known| known == text) {
                services.extend(text.parse::<ServiceName>().ok().filter(|service| !services.contains(service)));
                continue;
            }
            let meant = nearest(text, known.iter().map(String::as_str));
            let meant = meant.map(|service| format!("did you mean {}? ", Quoted(service))).unwrap_or_default();
            let all = known.iter().map(|service| Excerpt(service).to_string()).collect::<Vec<_>>().join(", ");
            let key = self.key().child(name).item(index);
            let message = format!("{} is not a service; {meant}write one of {all}", Quoted(text));
            self.report_at(&key, &service.span(), message);
        }
        Some(services)
    }
}
