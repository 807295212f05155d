//! The store's trouble, said before everything else.

use crate::api::StoreHealth;
use crate::render::fields::Fields;
use crate::render::paint::{Color, Style};

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
