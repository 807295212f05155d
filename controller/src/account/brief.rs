//! Text from elsewhere, cut to what an account has room for.

/// The text, cut so that it takes at most so many bytes in JSON, its quotes left out; an ellipsis says that it was cut.
pub(super) fn brief(text: &str, bytes_max: usize) -> String {
    const ELLIPSIS: &str = "…";
    let (mut used, mut fits) = (0, 0);
    for (at, letter) in text.char_indices() {
        if used + ELLIPSIS.len() <= bytes_max {
            fits = at;
        }
        used += bytes_in_json(letter);
        if used > bytes_max {
            return format!("{}{ELLIPSIS}", &text[..fits]);
        }
    }
    text.to_owned()
}

const fn bytes_in_json(letter: char) -> usize {
    match letter {
        '"' | '\\' => 2,
        '\0'..='\u{1f}' => 6,
        _ => letter.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_left_alone() {
        assert_eq!(brief("/cart", 5), "/cart");
        assert_eq!(brief("", 3), "");
    }

    #[test]
    fn a_cut_is_seen_and_never_too_long() {
        assert_eq!(brief("/a/long/path", 8), "/a/lo…");
        for text in
            ["/a/long/path/to/something", "\"\"\"\"\"\"\"\"\"\"\"\"", "\u{1}\u{2}\u{3}\u{4}\u{5}", "日本語日本語日本語"]
        {
            for bytes_max in 3..40 {
                let json = serde_json::to_string(&brief(text, bytes_max)).expect("text");
                assert!(json.len() <= bytes_max + 2, "{bytes_max}: {json}");
            }
        }
    }
}
