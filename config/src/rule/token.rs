//! A rule cut into its words and signs.

use super::error::RuleError;
use crate::quoted::Quoted;

/// A piece of a rule, where it begins, and how it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// Bytes from the rule's beginning.
    pub(super) column: usize,
    /// The piece with its quotes.
    pub(super) text: &'a str,
    pub(super) kind: Kind<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    Name,
    /// What stands between the quotes.
    Text(&'a str),
    Open,
    Close,
    And,
    Or,
    Not,
    Comma,
}

/// Cuts a rule into tokens. What lies between them is white space.
pub(super) fn tokens(rule: &str) -> Result<Vec<Token<'_>>, RuleError> {
    let mut tokens = Vec::new();
    let mut rest = rule.trim_start();
    while !rest.is_empty() {
        let column = rule.len() - rest.len();
        let (kind, length) = first(rest, column)?;
        let (text, after) = rest.split_at(length);
        tokens.push(Token { column, text, kind });
        rest = after.trim_start();
    }
    Ok(tokens)
}

/// The kind and the length of the token that `rest`, which is not empty, begins with.
fn first(rest: &str, column: usize) -> Result<(Kind<'_>, usize), RuleError> {
    let refuse = |text: &str, message: String| Err(RuleError::new(column, text, message));
    match rest.as_bytes()[0] {
        b'(' => Ok((Kind::Open, 1)),
        b')' => Ok((Kind::Close, 1)),
        b',' => Ok((Kind::Comma, 1)),
        b'!' => Ok((Kind::Not, 1)),
        b'&' if rest.starts_with("&&") => Ok((Kind::And, 2)),
        b'|' if rest.starts_with("||") => Ok((Kind::Or, 2)),
        sign @ (b'&' | b'|') => {
            let sign = char::from(sign);
            refuse(&rest[..1], format!("`{sign}` stands alone; write `{sign}{sign}`"))
        }
        b'`' => quoted(rest, '`', column),
        b'"' => quoted(rest, '"', column),
        b'\'' => refuse(&rest[..1], "`'` is no quote here; write backticks or double quotes".into()),
        byte if byte.is_ascii_alphabetic() => {
            let length = rest.find(|next: char| !next.is_ascii_alphanumeric()).unwrap_or(rest.len());
            Ok((Kind::Name, length))
        }
        _ => {
            let length = rest.chars().next().map_or(0, char::len_utf8);
            let text = &rest[..length];
            refuse(text, format!("{} cannot begin anything; write a matcher, such as PathPrefix(`/`)", Quoted(text)))
        }
    }
}

fn quoted(rest: &str, quote: char, column: usize) -> Result<(Kind<'_>, usize), RuleError> {
    let Some((inner, _)) = rest[1..].split_once(quote) else {
        return Err(RuleError::new(
            column,
            rest,
            format!("the text that begins here has no end; close it with {quote}"),
        ));
    };
    if quote == '"' && inner.contains('\\') {
        let message = format!("{} has a backslash in double quotes; write the text in backticks", Quoted(inner));
        return Err(RuleError::new(column + 1, inner, message));
    }
    Ok((Kind::Text(inner), inner.len() + 2))
}
