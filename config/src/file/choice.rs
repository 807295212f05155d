//! Words that are one of a few.

use serde_spanned::Spanned;

use super::problems::Section;
use crate::nearest::nearest;
use crate::quoted::Quoted;

// === impl Section ===

impl Section<'_, '_> {
    /// The choice that a key of this table gives; nothing, and a report, if it is none of these.
    pub(super) fn choice<T: Copy>(
        &mut self,
        name: &str,
        written: &Spanned<String>,
        all: &[T],
        word: impl Fn(T) -> &'static str,
    ) -> Option<T> {
        let text = written.get_ref().as_str();
        let chosen = all.iter().copied().find(|choice| word(*choice) == text);
        if chosen.is_none() {
            let words = all.iter().map(|choice| word(*choice));
            let meant = nearest(text, words.clone()).map(|word| format!("did you mean \"{word}\"? "));
            let (quoted, meant) = (Quoted(text), meant.unwrap_or_default());
            let message = format!("{quoted} is not a choice; {meant}write {}", either(words));
            self.report(name, &written.span(), message);
        }
        chosen
    }
}

/// Words in quotes, as a sentence lists them: `"a", "b" or "c"`.
pub(super) fn either<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.map(|word| format!("\"{word}\"")).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.concat(),
    }
}
