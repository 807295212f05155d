//! The grammar: `any := all ("||" all)*`, `all := one ("&&" one)*`, `one := "(" any ")" | Name "(" text ")"`.

use super::Matcher;
use super::argument::{host, path};
use super::error::RuleError;
use super::token::{Kind, Token, tokens};
use crate::nearest::nearest;
use crate::quoted::Quoted;

/// The longest rule, in bytes.
const RULE_LENGTH_MAX: usize = 4_096;
/// The deepest parentheses. Reading and matching descend as deep as a rule does.
const RULE_DEPTH_MAX: usize = 16;

const KNOWN: [&str; 3] = ["Host", "Path", "PathPrefix"];
const NOT_YET: [&str; 8] =
    ["HostRegexp", "PathRegexp", "Method", "Header", "HeaderRegexp", "Query", "QueryRegexp", "ClientIP"];

/// Reads a whole rule.
pub(super) fn parse(rule: &str) -> Result<Matcher, RuleError> {
    if rule.len() > RULE_LENGTH_MAX {
        let message = format!("the rule has {} bytes; write at most {RULE_LENGTH_MAX}", rule.len());
        return Err(RuleError::new(0, rule, message));
    }
    let tokens = tokens(rule)?;
    if tokens.is_empty() {
        return Err(RuleError::new(0, rule, "the rule is empty; write PathPrefix(`/`) to take every request"));
    }
    let mut parser = Parser { rule, tokens: &tokens };
    let matcher = parser.any(0)?;
    let Some(token) = parser.next() else { return Ok(matcher) };
    Err(match token.kind {
        Kind::Close => token.refused("closes nothing; remove it or open a parenthesis before"),
        Kind::Comma => token.refused("joins nothing; write `||` or `&&`"),
        Kind::Name if token.text.eq_ignore_ascii_case("and") => token.refused("is no sign; write `&&`"),
        Kind::Name if token.text.eq_ignore_ascii_case("or") => token.refused("is no sign; write `||`"),
        _ => token.refused("follows without a sign; write `&&` or `||` before it"),
    })
}

struct Parser<'a> {
    rule: &'a str,
    tokens: &'a [Token<'a>],
}

// === impl Parser ===

impl<'a> Parser<'a> {
    fn any(&mut self, depth: usize) -> Result<Matcher, RuleError> {
        let mut parts = Vec::new();
        loop {
            match self.all(depth)? {
                Matcher::Any(inner) => parts.extend(inner),
                part => parts.push(part),
            }
            if !self.eat(Kind::Or) {
                return Ok(single(parts).unwrap_or_else(Matcher::Any));
            }
        }
    }

    fn all(&mut self, depth: usize) -> Result<Matcher, RuleError> {
        let mut parts = Vec::new();
        loop {
            match self.one(depth)? {
                Matcher::All(inner) => parts.extend(inner),
                part => parts.push(part),
            }
            if !self.eat(Kind::And) {
                return Ok(single(parts).unwrap_or_else(Matcher::All));
            }
        }
    }

    fn one(&mut self, depth: usize) -> Result<Matcher, RuleError> {
        let token = self.expect("write a matcher, such as PathPrefix(`/`)")?;
        match token.kind {
            Kind::Name => self.matcher(token),
            Kind::Open if depth == RULE_DEPTH_MAX => {
                Err(token.refused(format!("opens too deep; nest at most {RULE_DEPTH_MAX} parentheses")))
            }
            Kind::Open => {
                let inner = self.any(depth + 1)?;
                self.close("write `&&`, `||` or `)`")?;
                Ok(inner)
            }
            Kind::Not => Err(token.refused("is not available yet; write what does match")),
            Kind::Text(inner) => {
                let message = format!("has no matcher; write one around it, such as Host({})", Quoted(inner));
                Err(token.refused(message))
            }
            Kind::Close | Kind::And | Kind::Or | Kind::Comma => {
                Err(token.refused("stands where a matcher is expected; write one, such as PathPrefix(`/`)"))
            }
        }
    }

    fn matcher(&mut self, name: Token<'a>) -> Result<Matcher, RuleError> {
        let Some(known) = KNOWN.into_iter().find(|known| is_written_as(name.text, known)) else {
            return Err(unknown(name));
        };
        let open = self.expect(&format!("write {known}(`...`)"))?;
        if open.kind != Kind::Open {
            return Err(open.refused(format!("stands where `(` is expected; write {known}(`...`)")));
        }
        let argument = self.expect(&format!("write {known}(`...`)"))?;
        let Kind::Text(text) = argument.kind else {
            return Err(argument.refused(format!("is no text; write {known}(`...`), with backticks")));
        };
        if let Some(comma) = self.tokens.first()
            && comma.kind == Kind::Comma
        {
            return Err(
                comma.refused(format!("gives {known} a second argument; write {known}(`...`) || {known}(`...`)"))
            );
        }
        self.close("write `)`")?;
        // The argument's own text begins behind its quote.
        let refused = |message| RuleError::new(argument.column + 1, text, message);
        match known {
            "Host" => host(text).map(Matcher::Host).map_err(refused),
            "Path" => path(text).map(Matcher::Path).map_err(refused),
            _ => path(text).map(Matcher::PathPrefix).map_err(refused),
        }
    }

    fn close(&mut self, instead: &str) -> Result<(), RuleError> {
        let token = self.expect("close the parenthesis with `)`")?;
        if token.kind == Kind::Close {
            return Ok(());
        }
        Err(token.refused(format!("stands where the parenthesis should be closed; {instead}")))
    }

    fn next(&mut self) -> Option<Token<'a>> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(*first)
    }

    fn expect(&mut self, instead: &str) -> Result<Token<'a>, RuleError> {
        self.next().ok_or_else(|| RuleError::new(self.rule.len(), "", format!("the rule ends too early; {instead}")))
    }

    fn eat(&mut self, kind: Kind<'_>) -> bool {
        let is_next = self.tokens.first().is_some_and(|token| token.kind == kind);
        if is_next {
            self.tokens = &self.tokens[1..];
        }
        is_next
    }
}

// === impl Token ===

impl Token<'_> {
    fn refused(&self, why: impl Into<String>) -> RuleError {
        let shown = if let Kind::Text(inner) = self.kind { inner } else { self.text };
        RuleError::new(self.column, self.text, format!("{} {}", Quoted(shown), why.into()))
    }
}

/// The one part of a list of one, else the list.
fn single(mut parts: Vec<Matcher>) -> Result<Matcher, Vec<Matcher>> {
    match parts.pop() {
        Some(part) if parts.is_empty() => Ok(part),
        Some(part) => {
            parts.push(part);
            Err(parts)
        }
        None => Err(parts),
    }
}

/// Traefik takes a name as it is documented, in lower case and in capitals, and so do its users.
fn is_written_as(name: &str, known: &str) -> bool {
    name == known || name == known.to_ascii_lowercase() || name == known.to_ascii_uppercase()
}

fn unknown(name: Token<'_>) -> RuleError {
    if NOT_YET.into_iter().any(|known| known.eq_ignore_ascii_case(name.text)) {
        return name.refused("is not available yet; write Host, Path or PathPrefix");
    }
    match nearest(name.text, KNOWN) {
        Some(known) => name.refused(format!("is no matcher; did you mean `{known}`?")),
        None => name.refused("is no matcher; write Host, Path or PathPrefix"),
    }
}
