//! The grammar: `any := all ("||" all)*`, `all := one ("&&" one)*`,
//! `one := "!" one | "(" any ")" | Name "(" text ("," text)* ")"`.

use super::condition::{Argument, condition};
use super::error::RuleError;
use super::matcher::Matcher;
use super::name::{Age, Name};
use super::token::{Kind, Token, tokens};
use super::warning::RuleWarning;
use crate::quoted::{Excerpt, Quoted};

/// The longest rule, in bytes.
const RULE_LENGTH_MAX: usize = 4_096;
/// The most parentheses and `!` within each other. Reading and matching descend as deep as a rule does.
const RULE_DEPTH_MAX: usize = 16;
/// The most regular expressions in one rule: each may take up memory of its own.
const PATTERNS_MAX: usize = 16;

/// Reads a whole rule.
pub(super) fn parse(rule: &str) -> Result<(Matcher, Vec<RuleWarning>), RuleError> {
    if rule.len() > RULE_LENGTH_MAX {
        let message = format!("the rule has {} bytes; write at most {RULE_LENGTH_MAX}", rule.len());
        return Err(RuleError::new(0, rule, message));
    }
    let tokens = tokens(rule)?;
    if tokens.is_empty() {
        return Err(RuleError::new(0, rule, "the rule is empty; write PathPrefix(`/`) to take every request"));
    }
    let mut parser = Parser { rule, tokens: &tokens, patterns: 0, warnings: Vec::new() };
    let matcher = parser.any(0)?;
    let Some(token) = parser.next() else { return Ok((matcher, parser.warnings)) };
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
    /// The regular expressions so far.
    patterns: usize,
    warnings: Vec<RuleWarning>,
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
            if self.eat(Kind::Or).is_none() {
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
            if self.eat(Kind::And).is_none() {
                return Ok(single(parts).unwrap_or_else(Matcher::All));
            }
        }
    }

    fn one(&mut self, depth: usize) -> Result<Matcher, RuleError> {
        let token = self.expect("write a matcher, such as PathPrefix(`/`)")?;
        match token.kind {
            Kind::Name => self.matcher(token, depth),
            Kind::Open | Kind::Not if depth == RULE_DEPTH_MAX => Err(token.refused(too_deep())),
            Kind::Open => {
                let inner = self.any(depth + 1)?;
                self.close("write `&&`, `||` or `)`")?;
                Ok(inner)
            }
            Kind::Not => Ok(Matcher::Not(Box::new(self.one(depth + 1)?))),
            Kind::Text(inner) => {
                let message = format!("has no matcher; write one around it, such as Host({})", Quoted(inner));
                Err(token.refused(message))
            }
            Kind::Close | Kind::And | Kind::Or | Kind::Comma => {
                Err(token.refused("stands where a matcher is expected; write one, such as PathPrefix(`/`)"))
            }
        }
    }

    fn matcher(&mut self, word: Token<'a>, depth: usize) -> Result<Matcher, RuleError> {
        let (name, age) = Name::read(word.text).map_err(|why| word.refused(why))?;
        let instead = format!("write {}", name.shape());
        let open = self.expect(&instead)?;
        if open.kind != Kind::Open {
            return Err(open.refused(format!("stands where `(` is expected; {instead}")));
        }
        if age == Age::Outdated {
            self.warn(word.column, format!("{} is from Traefik 2; {instead}", Quoted(word.text)));
        }
        let mut arguments = vec![self.argument(name)?];
        while let Some(comma) = self.eat(Kind::Comma) {
            if name.texts_max() == 2 && arguments.len() == 2 {
                return Err(comma.refused(format!("gives {} a third text; {instead}", name.as_str())));
            }
            arguments.push(self.argument(name)?);
        }
        self.close("write `)`")?;
        match (name.texts_max(), arguments.as_slice()) {
            (_, [only]) => self.condition(name, *only, None),
            (2, [first, second]) => self.condition(name, *first, Some(*second)),
            (_, several) => self.one_of(word, name, several, depth),
        }
    }

    /// Traefik 2 took several texts for "one of these".
    fn one_of(
        &mut self,
        word: Token<'a>,
        name: Name,
        texts: &[Argument<'a>],
        depth: usize,
    ) -> Result<Matcher, RuleError> {
        if depth == RULE_DEPTH_MAX {
            return Err(word.refused(too_deep()));
        }
        let each = texts.iter().map(|text| self.condition(name, *text, None));
        let parts = each.collect::<Result<Vec<_>, _>>()?;
        let any = Matcher::Any(parts);
        let written = any.to_string();
        let message =
            format!("several texts in one {} are from Traefik 2; write ({})", name.as_str(), Excerpt(&written));
        self.warn(word.column, message);
        Ok(any)
    }

    fn condition(
        &mut self,
        name: Name,
        first: Argument<'a>,
        second: Option<Argument<'a>>,
    ) -> Result<Matcher, RuleError> {
        let matcher = condition(name, first, second)?;
        let is_pattern = matches!(
            matcher,
            Matcher::HostRegexp(_) | Matcher::PathRegexp(_) | Matcher::HeaderRegexp(..) | Matcher::QueryRegexp(..)
        );
        self.patterns += usize::from(is_pattern);
        if self.patterns > PATTERNS_MAX {
            let message = format!("the rule has more than {PATTERNS_MAX} regular expressions; join some with `|`");
            return Err(RuleError::new(first.column, first.text, message));
        }
        Ok(matcher)
    }

    fn argument(&mut self, name: Name) -> Result<Argument<'a>, RuleError> {
        let token = self.expect(&format!("write {}", name.shape()))?;
        let Kind::Text(text) = token.kind else {
            return Err(token.refused(format!("is no text; write {}, with backticks", name.shape())));
        };
        // The argument's own text begins behind its quote.
        Ok(Argument { column: token.column + 1, text })
    }

    fn warn(&mut self, column: usize, message: String) {
        self.warnings.push(RuleWarning::new(column, message));
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

    fn eat(&mut self, kind: Kind<'_>) -> Option<Token<'a>> {
        let (first, rest) = self.tokens.split_first()?;
        if first.kind != kind {
            return None;
        }
        self.tokens = rest;
        Some(*first)
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

fn too_deep() -> String {
    format!("nests too deep; write at most {RULE_DEPTH_MAX} `(` and `!` within each other")
}
