//! How long the next rollout will take, what it would find, and a better plan: in words that need no statistics.

use crate::api::{Forecast, ForecastErrors, ForecastProposal, ForecastStep, ForecastTraffic};
use crate::render::fields::Fields;
use crate::render::number::{count, duration, per_second, rate, share};
use crate::render::paint::{Color, Style};
use crate::render::table::{Cell, Column, table};
use crate::render::text::{escape, shorten};
use crate::render::{COLUMNS, NOTHING};

/// The widest of what may come of a step, `✖ held after 29d 23h`.
const END_COLUMNS: usize = 20;

/// What is known of the traffic, a line for each step, what the columns mean, and what else there is to say.
#[must_use]
pub fn forecast(forecast: &Forecast, color: Color) -> String {
    let Forecast { service, strategy, profile, assignment, .. } = forecast;
    let fields = Fields::new(color)
        .styled("service", service.as_str(), Style::Heading)
        .plain("plan", &format!("{strategy}, {profile}, by {assignment}"));
    let fields = traffic(fields, forecast);
    let (text, style) = match forecast.until_full_ms {
        Some(ms) => (
            format!("about {}; half of all rollouts take longer, hardly one in ten three times as long", duration(ms)),
            Style::Plain,
        ),
        None => ("cannot be said".to_owned(), Style::Warning),
    };
    let head = fields.styled("until 100%", &text, style).into_text();
    let mut rows: Vec<_> = forecast.steps.iter().map(row).collect();
    rows.push(last_row(forecast));
    let steps = table(&columns(&forecast.counted), &rows, color);
    let caveats = caveats(forecast, color);
    let better = forecast.proposal.as_ref().map(|proposal| better(proposal, forecast, color)).unwrap_or_default();
    format!("{head}\n{steps}{}{caveats}{better}", legend(forecast, color))
}

fn traffic(fields: Fields, forecast: &Forecast) -> Fields {
    let ForecastTraffic { per_second: expected, is_rate_assumed, error_rate, is_error_rate_assumed, .. } =
        &forecast.traffic;
    let asked = |is_asked: &bool| if *is_asked { " (as asked)" } else { "" };
    let noun = if forecast.counted == "clients" { "new clients" } else { "requests" };
    let expected = expected.map_or_else(
        || format!("no rate of {noun} is known"),
        |expected| format!("{} {noun}/s{}", per_second(expected), asked(is_rate_assumed)),
    );
    let failing = format!("{} of stable's requests fail{}", rate(*error_rate), asked(is_error_rate_assumed));
    fields.plain("traffic", &format!("{expected}; {failing}")).styled("", &looked(&forecast.traffic), Style::Quiet)
}

/// From how long a look it is known.
fn looked(traffic: &ForecastTraffic) -> String {
    let ForecastTraffic { looked_ms, requests, failures, quiet_per_second, busy_per_second, .. } = traffic;
    let seen = format!("canaryd has looked for {}: ", duration(*looked_ms));
    let counts = match requests {
        0 => "no request".to_owned(),
        requests => format!("{} requests, {} of them failed", count(*requests), count(*failures)),
    };
    match (quiet_per_second, busy_per_second) {
        (Some(quiet), Some(busy)) if *requests > 0 => {
            let (quiet, busy) = (per_second(*quiet), per_second(*busy));
            format!("{seen}{counts}; in most minutes {quiet} to {busy} requests/s")
        }
        _ => seen + &counts,
    }
}

fn columns(counted: &str) -> [Column; 7] {
    let needs = if counted == "clients" { "NEEDS CLIENTS" } else { "NEEDS REQUESTS" };
    [
        Column::of_numbers("STEP", 6),
        Column::of_numbers(needs, 14),
        Column::of_numbers("LASTS", 8),
        Column::of_words("AND THEN", END_COLUMNS),
        Column::of_numbers("FINDS ERRORS", 12),
        Column::of_numbers("AT FAILURES", 11),
        Column::of_numbers("FINDS SLOWER", 12),
    ]
}

fn row(step: &ForecastStep) -> [Cell; 7] {
    let [errors, failures] = found(step.errors.as_ref());
    let slower = step.slowdown.as_ref().map(|found| format!("{}x", per_second(found.times)));
    [
        Cell::plain(share(step.weight.bp())),
        Cell::plain(step.canary_requests.map_or_else(|| NOTHING.to_owned(), count)),
        Cell::plain(step.stay_ms.map_or_else(|| "?".to_owned(), duration)),
        end(step),
        errors,
        failures,
        Cell::plain(slower.as_deref().unwrap_or(NOTHING)),
    ]
}

/// Probation.
fn last_row(forecast: &Forecast) -> [Cell; 7] {
    let probation = &forecast.probation;
    let [errors, failures] = found(probation.errors.as_ref());
    [
        Cell::plain("100%"),
        Cell::plain(NOTHING),
        Cell::plain(duration(probation.duration_ms)),
        Cell::plain("completed"),
        errors,
        failures,
        Cell::plain(NOTHING),
    ]
}

fn found(errors: Option<&ForecastErrors>) -> [Cell; 2] {
    let [at, failures] = match errors {
        Some(found) => [rate(found.error_rate), count(found.failed_requests)],
        None => [NOTHING.to_owned(), NOTHING.to_owned()],
    };
    [Cell::plain(at), Cell::plain(failures)]
}

/// What comes of a step; the word itself if it is one of a newer canaryd.
fn end(step: &ForecastStep) -> Cell {
    match step.end.as_str() {
        "certified" => Cell::styled("✔ goes on", Style::Good),
        "timed" => Cell::plain("goes on by time"),
        "approved" => Cell::plain("a human decides"),
        "held" => Cell::styled(format!("✖ held after {}", duration(step.max_ms)), Style::Bad),
        "uncertified" => Cell::styled("⚠ goes on unproved", Style::Warning),
        "aborted" => Cell::styled("✖ sent back", Style::Bad),
        other => Cell::plain(other),
    }
}

/// What the columns mean.
fn legend(forecast: &Forecast, color: Color) -> String {
    let mut fields = Fields::new(color).blank();
    if forecast.steps.iter().any(|step| step.canary_requests.is_some()) {
        let needs = format!("{} that the canary must get until it is known to be good enough", forecast.counted);
        fields = fields.styled("needs", &needs, Style::Quiet);
    }
    let finds = "a canary that fails at least so often, or takes at least so many times as long as stable, is sent back \
                 before the step ends; after about so many failures, of which clients see only those that could not be \
                 sent again";
    fields = fields.styled("finds", finds, Style::Quiet);
    if let Some((step, dead)) = forecast.steps.iter().find_map(|step| Some((step, step.dead.as_ref()?))) {
        let (failed, after, share) = (count(dead.failed_requests), duration(dead.after_ms), share(step.weight.bp()));
        let text = format!("a canary that answers nothing is sent back at {share} after {failed} failures, {after}");
        fields = fields.styled("", &text, Style::Quiet);
    }
    fields.into_text()
}

fn caveats(forecast: &Forecast, color: Color) -> String {
    if forecast.caveats.is_empty() {
        return String::new();
    }
    let all = forecast.caveats.iter().enumerate();
    all.fold(Fields::new(color).blank(), |fields, (index, caveat)| {
        fields.styled(if index == 0 { "mind" } else { "" }, caveat, Style::Warning)
    })
    .into_text()
}

/// The other plan: why, what to write, and what it makes of the same traffic.
fn better(proposal: &ForecastProposal, forecast: &Forecast, color: Color) -> String {
    let until_full = proposal
        .until_full_ms
        .map_or_else(|| "when a human says so".to_owned(), |ms| format!("in about {}", duration(ms)));
    let fields = Fields::new(color)
        .blank()
        .styled("better", &format!("100% {until_full} with this plan"), Style::Good)
        .plain("because", &proposal.because)
        .blank();
    let toml: String = proposal.toml.lines().map(|line| shorten(&escape(line), COLUMNS) + "\n").collect();
    let rows: Vec<_> = proposal.steps.iter().map(row).collect();
    format!("{}{toml}\n{}", fields.into_text(), table(&columns(&forecast.counted), &rows, color))
}
