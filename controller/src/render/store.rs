//! The store's trouble, said before everything else.

use crate::api::StoreHealth;
use crate::render::fields::Fields;
use crate::render::history::to_seconds;
use crate::render::number::count;
use crate::render::paint::{Color, Style};
use crate::render::text::escape;
use crate::store::Restored;

/// The lines at the top while the store is not healthy; nothing otherwise.
pub(super) fn trouble(message: Option<&str>, color: Color) -> String {
    let Some(message) = message else { return String::new() };
    let fields = Fields::new(color).styled("store", &format!("✖ {message}"), Style::Bad);
    fields.styled("", "traffic is served; what changes now may be forgotten by a crash", Style::Quiet).into_text()
        + "\n"
}

/// What is wrong with it, if something is.
pub(super) fn message(store: &StoreHealth) -> Option<&str> {
    (!store.healthy).then(|| store.message.as_deref().unwrap_or("it does not take what it is given"))
}

/// That a copy of the store has been written.
#[must_use]
pub fn backed_up(file: &str, bytes: u64, color: Color) -> String {
    let line = format!("✔ {}: {} bytes", escape(file), count(bytes));
    color.paint(Style::Good, &line) + "\n"
}

/// That a backup is in the store's place, what is stable by it, and what to look at.
#[must_use]
pub fn restored(store: &str, restored: &Restored, color: Color) -> String {
    let Restored { stables, newest_at, damaged, set_aside, warning } = restored;
    let age = newest_at.as_ref().map(|at| format!(" as it was at {}", to_seconds(at))).unwrap_or_default();
    let mut fields = Fields::new(color).styled("store", &format!("✔ {store}: restored{age}"), Style::Good);
    for (index, (service, release)) in stables.iter().enumerate() {
        fields = fields.plain(if index == 0 { "stable" } else { "" }, &format!("{service} {release}"));
    }
    let before = set_aside.as_ref().map(|path| path.display().to_string());
    let lines = if *damaged == 1 { "line" } else { "lines" };
    let damage = (*damaged > 0).then(|| format!("⚠ {damaged} {lines} of the audit trail cannot be read in the backup"));
    let fields = fields.plain_if("before", before.as_deref());
    let trouble = [damage, warning.as_ref().map(|warning| format!("⚠ {warning}"))].into_iter().flatten();
    let fields = trouble.fold(fields, |fields, what| fields.styled("", &what, Style::Warning));
    fields.plain("next", "start canaryd; a rollout that was under way begins at its first step again").into_text()
}
