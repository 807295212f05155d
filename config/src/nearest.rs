//! "Did you mean": the known word that a mistyped one is closest to.

/// A longer word is no slip of the finger, and comparing it would cost its length squared.
const WORD_LENGTH_MAX: usize = 64;

/// The known word that is at most a third of its letters, and at most two edits, away.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > WORD_LENGTH_MAX {
        return None;
    }
    let letters: Vec<char> = word.to_lowercase().chars().collect();
    let distances = known.into_iter().filter(|known| known.len() <= WORD_LENGTH_MAX).filter_map(|known| {
        let known_letters: Vec<char> = known.to_lowercase().chars().collect();
        let distance_max = (known_letters.len().max(letters.len()) / 3).min(2);
        let distance = distance(&letters, &known_letters);
        (distance <= distance_max).then_some((distance, known))
    });
    distances.min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}

/// How many letters must be added, dropped, changed or swapped with their neighbour (optimal string alignment).
fn distance(from: &[char], to: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for i in 0..from.len() {
        let mut row = vec![i + 1];
        for j in 0..to.len() {
            let changed = last[j] + usize::from(from[i] != to[j]);
            let mut best = changed.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && from[i] == to[j - 1] && from[i - 1] == to[j] {
                best = best.min(before_last[j - 1] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_another_word_is_not() {
        let known = ["address", "steps", "stable", "rise", "v1"];
        for (word, meant) in [
            ("adress", Some("address")),
            ("ADDRESS", Some("address")),
            ("stpes", Some("steps")),
            ("stabel", Some("stable")),
            ("ris", Some("rise")),
            ("v2", None),
            ("fall", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), meant, "{word}");
        }
        assert_eq!(nearest(&"a".repeat(WORD_LENGTH_MAX + 1), known), None);
    }
}
