//! What the checks before a deployment say.

use crate::api::{Deploying, Finding, Level, Preflight};
use crate::render::paint::{Color, Style};
use crate::render::text::{escape, wrap};
use crate::render::{COLUMNS, plural};

/// The columns of the longest name of a check, `architecture`.
const CHECK_COLUMNS: usize = 12;
const INDENT: &str = "  ";

/// Every check, and what comes of them.
#[must_use]
pub fn preflight(preflight: &Preflight, color: Color) -> String {
    let Preflight { service, image, release, instances, strategy, findings, .. } = preflight;
    let release = release.as_ref().map(|release| format!(" as {release}")).unwrap_or_default();
    let containers = plural(*instances, "container");
    let head = format!("{service}: {image}{release}, {containers}, {strategy}");
    let head = wrap(&escape(&head), COLUMNS).into_iter().map(|line| color.paint(Style::Heading, &line) + "\n");
    let lines = findings.iter().map(|finding| line(finding, color));
    head.chain(lines).collect::<String>() + &verdict(preflight, color)
}

/// What there is to weigh of a deployment that has begun, and what becomes of it.
#[must_use]
pub fn deploying(deploying: &Deploying, color: Color) -> String {
    let mut text = String::new();
    for preflight in &deploying.services {
        let Preflight { service, image, release, .. } = preflight;
        let release = release.as_ref().map(ToString::to_string).unwrap_or_default();
        if preflight.is_stable {
            text += &color.paint(Style::Good, &format!("✔ {service} {release}: stable already; nothing to do"));
            text += "\n";
            continue;
        }
        for finding in preflight.findings.iter().filter(|finding| finding.level == Level::Warning) {
            text += &line(finding, color);
        }
        let head = format!("◌ {service} {release}: deploying {image}");
        let lines = wrap(&escape(&head), COLUMNS - INDENT.len());
        let lines: Vec<_> = lines.iter().map(|line| color.paint(Style::Moving, line)).collect();
        text += &(lines.join(&format!("\n{INDENT}")) + "\n");
    }
    text
}

/// What the checks forbid, all services.
#[must_use]
pub fn refused(services: &[Preflight], color: Color) -> String {
    let texts: Vec<_> = services.iter().map(|service| preflight(service, color)).collect();
    texts.join("\n")
}

fn line(Finding { check, level, what, remedy }: &Finding, color: Color) -> String {
    let (glyph, style) = match level {
        Level::Ok => ("✔", Style::Good),
        Level::Warning => ("⚠", Style::Warning),
        Level::Refused => ("✖", Style::Bad),
    };
    let room = COLUMNS - INDENT.len() - CHECK_COLUMNS - 2 * INDENT.len();
    let (what, remedy) = (escape(what), remedy.as_deref().map(escape));
    let remedy = remedy.into_iter().flat_map(|remedy| wrap(&format!("→ {remedy}"), room));
    let plain = |line: String| (line, Style::Plain);
    let lines = wrap(&what, room).into_iter().map(plain).chain(remedy.map(|line| (line, Style::Quiet)));
    let mut text = String::new();
    for (index, (line, of_line)) in lines.enumerate() {
        let label = if index == 0 {
            let glyph = color.paint(style, glyph);
            format!("{glyph} {check:CHECK_COLUMNS$}", check = escape(check))
        } else {
            " ".repeat(INDENT.len() + CHECK_COLUMNS)
        };
        text += &format!("{INDENT}{label}{INDENT}{}\n", color.paint(of_line, &line));
    }
    text
}

fn verdict(preflight: &Preflight, color: Color) -> String {
    let count = |level| preflight.findings.iter().filter(|finding| finding.level == level).count();
    let (refused, warnings) = (count(Level::Refused), count(Level::Warning));
    let (style, text) = if refused > 0 {
        (Style::Bad, format!("✖ not to be deployed: {} against it", things(refused)))
    } else if preflight.is_stable {
        (Style::Good, "✔ stable already; nothing to do".to_owned())
    } else if warnings > 0 {
        (Style::Warning, format!("⚠ can be deployed; {}", plural(warnings, "warning")))
    } else {
        (Style::Good, "✔ can be deployed".to_owned())
    };
    color.paint(style, &text) + "\n"
}

fn things(count: usize) -> String {
    if count == 1 { "1 thing is".to_owned() } else { format!("{count} things are") }
}
