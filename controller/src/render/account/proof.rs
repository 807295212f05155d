//! What the numbers of a verdict mean, in words that need no statistics.

use crate::analysis::Metric;
use crate::api::{Account, AccountConviction, AccountPass, AccountProof, EvidenceStatus};
use crate::render::fields::Fields;
use crate::render::number::{count, duration, factor, rate};
use crate::render::paint::Style;

/// Less evidence than this is what luck brings about in every other rollout.
const LN_TELLING: f64 = std::f64::consts::LN_2;

/// What speaks against the canary.
pub(super) fn against(fields: Fields, account: &Account) -> Fields {
    const LABEL: &str = "against it";
    if let Some(conviction) = &account.conviction {
        return fields.plain("proof", &proof(account, conviction));
    }
    let Some(EvidenceStatus { ln_abort, ln_abort_at, .. }) = account.evidence.as_ref().filter(|_| is_seen(account))
    else {
        return fields.plain(LABEL, "nothing, as nothing was compared");
    };
    if *ln_abort < LN_TELLING {
        let (now, at) = (factor(*ln_abort), factor(*ln_abort_at));
        let alone = alone(account).unwrap_or_default();
        return fields.plain(LABEL, &format!("nothing to speak of ({now}, and {at} sends a release back){alone}"));
    }
    let enough = enough(*ln_abort_at);
    fields.plain(LABEL, &format!("{}; only {enough}", by_chance(account, *ln_abort, "")))
}

/// By what it is measured that had nothing beside it.
fn alone(account: &Account) -> Option<String> {
    let limit = account.probation.filter(|_| account.arms.is_none_or(|arms| arms.canary.scored == 0))?.error_rate_max;
    Some(format!("; nothing was compared, and at 100% stable's record allows it to fail {}", rate(limit)))
}

/// Whether anything of the canary has been scored.
fn is_seen(account: &Account) -> bool {
    let compared = account.arms.as_ref().is_some_and(|arms| arms.canary.scored > 0);
    compared || account.probation.as_ref().is_some_and(|probation| probation.scored > 0)
}

fn proof(account: &Account, conviction: &AccountConviction) -> String {
    let AccountConviction { ground, ln_abort, ln_abort_at, .. } = conviction;
    match ground.as_str() {
        "never-healthy" | "no-connection" | "failure-run" => "so many failures one after the other, beside a stable \
            that is well, befall a good release in fewer than 1 of 10,000 rollouts"
            .to_owned(),
        "failed-requests" | "failed-users" => {
            "none is asked for: the plan limits the damage that a release may do".to_owned()
        }
        _ => format!("{}; {}", by_chance(account, *ln_abort, ground), enough(*ln_abort_at)),
    }
}

fn enough(ln_abort_at: f64) -> String {
    format!("1 of {} is enough to send a release back", rollouts(ln_abort_at))
}

/// How often evidence like this comes about without a cause.
fn by_chance(account: &Account, ln: f64, ground: &str) -> String {
    let Account { canary, .. } = account;
    let premise = match account.probation {
        _ if ground.starts_with("guardrail") => {
            format!("if {canary} were as good as stable and kept what the plan asks")
        }
        Some(probation) => format!(
            "if {canary} were as good as stable, and at 100% failed no more than the {} that stable's record allows",
            rate(probation.error_rate_max)
        ),
        None => format!("if {canary} were as good as stable"),
    };
    format!("{premise}, evidence this strong would turn up in at most 1 of {} rollouts", rollouts(ln))
}

/// Evidence as the number of rollouts of which one would show it: never rounded up.
fn rollouts(ln: f64) -> String {
    match factor(ln) {
        many if many.starts_with('>') => "a million".to_owned(),
        many => many.split('.').next().unwrap_or_default().to_owned(),
    }
}

/// What was shown at each step that was left upwards.
pub(super) fn shown(fields: Fields, account: &Account) -> Fields {
    let last = account.passes.len().saturating_sub(1);
    account.passes.iter().enumerate().fold(fields, |fields, (at, pass)| {
        let fields = fields.styled(if at == 0 { "steps" } else { "" }, &step(account, pass), style(pass));
        if at == last && is_shown(pass) { margins(fields, account, pass) } else { fields }
    })
}

fn style(pass: &AccountPass) -> Style {
    if is_shown(pass) { Style::Good } else { Style::Plain }
}

/// Whether every metric is certified.
fn is_shown(pass: &AccountPass) -> bool {
    let reaches = |proof: &AccountProof| proof.ln_promote.is_some_and(|ln| ln >= pass.ln_promote_at);
    !pass.proofs.is_empty() && pass.proofs.iter().all(reaches)
}

/// `10% → 25% after 4m: certified by 2,310 requests beside 20,790 of stable`.
fn step(account: &Account, pass: &AccountPass) -> String {
    let AccountPass { weight, to_bp, at_ms, arms, .. } = pass;
    let counted = &account.plan.counted;
    let after = duration(at_ms.saturating_sub(account.first_share_ms.unwrap_or_default()));
    let seen = format!("{} {counted} beside {} of stable", count(arms.canary.scored), count(arms.stable.scored));
    let how = match pass.reason.as_str() {
        _ if arms.canary.scored == 0 => by_what(&pass.reason).to_owned(),
        "certificate" => format!("certified by {seen}"),
        reason if is_shown(pass) => format!("certified by {seen}, and {}", by_what(reason)),
        reason => format!("{}, not certified by {seen}", by_what(reason)),
    };
    format!("{weight} → {to_bp} after {after}: {how}")
}

fn by_what(reason: &str) -> &str {
    match reason {
        "command" => "an operator said so",
        "policy" => "the plan goes on without",
        "time" => "its time was over",
        other => other,
    }
}

/// What a certificate says, and how sure it is.
fn margins(fields: Fields, account: &Account, pass: &AccountPass) -> Fields {
    let canary = &account.canary;
    let fields = pass.proofs.iter().fold(fields, |fields, proof| {
        let AccountProof { metric, ratio, margin, .. } = proof;
        let metric = Metric::ALL.into_iter().find(|known| known.label() == metric);
        let said = match metric.map(|metric| (metric, metric.percentile())) {
            Some((_, Some(percentile))) => format!(
                "slow by stable's p{percentile}: less than {} points more of {canary}'s answers than of stable's",
                points(*margin)
            ),
            Some((_, None)) => format!(
                "failures: {canary}'s error rate is less than {ratio} times stable's plus {} points",
                points(*margin)
            ),
            None => return fields,
        };
        fields.plain("", &said)
    });
    let factor = factor(pass.ln_promote_at);
    let sure =
        format!("a release that is worse than that in any of these gets so far in at most 1 of {factor} rollouts");
    fields.styled("", &sure, Style::Quiet)
}

/// Percentage points.
fn points(margin: f64) -> String {
    rate(margin).trim_end_matches('%').to_owned()
}
