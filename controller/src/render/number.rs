//! Numbers for people. Each function says how many columns its text has at the most.

use std::time::Duration;

use canary_config::weight::Weight;

use crate::render::NOTHING;

/// An evidence above this is past all doubt, and is not written out.
const FACTOR_SHOWN_MAX: f64 = 1e6;

/// A count, exact below ten million: `13,502`, `12.3M`. Nine columns.
pub(super) fn count(count: u64) -> String {
    if count >= 10_000_000 {
        return in_thousands(count);
    }
    match (count / 1_000_000, count / 1_000 % 1_000, count % 1_000) {
        (0, 0, ones) => ones.to_string(),
        (0, thousands, ones) => format!("{thousands},{ones:03}"),
        (millions, thousands, ones) => format!("{millions},{thousands:03},{ones:03}"),
    }
}

/// A count with three digits at the most: `999`, `1.2k`, `12k`. Four columns.
pub(super) fn short_count(count: usize) -> String {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    let text = if count < 1_000 { count.to_string() } else { in_thousands(count) };
    match text.split_once('.') {
        Some((whole, tenths)) if whole.len() > 1 => format!("{whole}{}", &tenths[1..]),
        _ => text,
    }
}

/// Memory: `24.1 MiB`. Without a limit of its own.
pub(super) fn mebibytes(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) >> 20;
    format!("{}.{} MiB", count(tenths / 10), tenths % 10)
}

/// Thousandths of one: `0.12`.
pub(super) fn thousandths(milli: u64) -> String {
    format!("{}.{:02}", count(milli / 1_000), milli % 1_000 / 10)
}

/// A short time: `85µs`, `1.2ms`, then as [`duration`]. Seven columns.
pub(super) fn microseconds(us: u64) -> String {
    match us {
        0..1_000 => format!("{us}µs"),
        1_000..100_000 => format!("{}.{}ms", us / 1_000, us / 100 % 10),
        _ => duration(us / 1_000),
    }
}

/// So many of so many: `3/3`. Nine columns.
pub(super) fn ratio(part: usize, whole: usize) -> String {
    format!("{}/{}", short_count(part), short_count(whole))
}

/// A part in percent of the whole; a part that is there is never `0%`, and never the whole. Six columns.
pub(super) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return NOTHING.to_owned();
    }
    let rounded_to = |units: u128| (u128::from(part) * units + u128::from(whole) / 2) / u128::from(whole);
    let (hundredths, tenths) = (rounded_to(10_000), rounded_to(1_000).min(999));
    match part {
        0 => "0%".to_owned(),
        part if part > whole => ">100%".to_owned(),
        part if part == whole => "100%".to_owned(),
        _ if hundredths == 0 => "<0.01%".to_owned(),
        _ if hundredths < 1_000 => format!("{}.{:02}%", hundredths / 100, hundredths % 100),
        _ => format!("{}.{}%", tenths / 10, tenths % 10),
    }
}

/// Basis points in percent. Six columns.
pub(super) fn share(bp: u16) -> String {
    Weight::from_bp(bp).map_or_else(|| ">100%".to_owned(), |weight| weight.to_string())
}

/// A probability in percent, with two digits: `0%`, `0.12%`, `1.3%`, `27%`. Six columns.
pub(super) fn rate(part: f64) -> String {
    match part * 100.0 {
        percent if percent.is_nan() || percent < 0.0 => "?".to_owned(),
        percent if percent > 100.0 => ">100%".to_owned(),
        percent if percent >= 99.5 => format!("{}%", percent.floor()),
        percent if percent > 0.0 && percent < 0.005 => "<0.01%".to_owned(),
        percent => format!("{}%", two_digits(percent)),
    }
}

/// Something per second, or a factor, with two digits below a hundred: `0.03`, `4.5`, `40`, `12,500`. Nine columns.
pub(super) fn per_second(rate: f64) -> String {
    match rate {
        rate if rate.is_nan() || rate < 0.0 => "?".to_owned(),
        rate if rate > 0.0 && rate < 0.005 => "<0.01".to_owned(),
        rate if rate >= 99.5 => count(whole(rate)),
        rate => two_digits(rate),
    }
}

/// Two digits, and no more than two of them behind the point; without noughts at the end.
fn two_digits(value: f64) -> String {
    let text = match value {
        value if value >= 9.95 => format!("{value:.0}"),
        value if value >= 0.995 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    };
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[expect(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "it is positive; the cast saturates")]
fn whole(value: f64) -> u64 {
    value.round() as u64
}

/// A latency: `0.41ms`, `4.1ms`, `38ms`, `1.2s`. Seven columns.
pub(super) fn latency(ms: f64) -> String {
    match ms {
        ms if ms.is_nan() || ms < 0.0 => "?".to_owned(),
        ms if ms < 0.01 => "<0.01ms".to_owned(),
        ms if ms < 0.995 => format!("{ms:.2}ms"),
        ms if ms < 9.95 => format!("{ms:.1}ms"),
        ms if ms < 999.5 => format!("{ms:.0}ms"),
        ms if ms < 99_950.0 => format!("{:.1}s", ms / 1_000.0),
        ms if ms < 999_500.0 => format!("{:.0}s", ms / 1_000.0),
        _ => ">999s".to_owned(),
    }
}

/// A time in its two largest units: `850ms`, `12s`, `4m 12s`, `3h`, `2d 1h`. Seven columns.
pub(super) fn duration(ms: u64) -> String {
    let time = Duration::from_millis(ms);
    let seconds = time.as_secs();
    let (large, large_unit, small, small_unit) = match seconds {
        0 if ms == 0 => return "0s".to_owned(),
        0 => return format!("{ms}ms"),
        1..60 => return format!("{seconds}s"),
        60..3_600 => (seconds / 60, 'm', seconds % 60, 's'),
        3_600..86_400 => (seconds / 3_600, 'h', seconds % 3_600 / 60, 'm'),
        86_400..8_640_000 => (seconds / 86_400, 'd', seconds % 86_400 / 3_600, 'h'),
        _ => return ">99d".to_owned(),
    };
    if small == 0 { format!("{large}{large_unit}") } else { format!("{large}{large_unit} {small}{small_unit}") }
}

/// Evidence as a factor, from its logarithm; 1 says nothing. Never rounded up, as it might seem to reach its bound.
/// Six columns.
pub(super) fn factor(ln: f64) -> String {
    // A bound is written as its logarithm too, and exp(ln 20) is a little less than 20.
    let factor = ln.exp() * (1.0 + 1e-9);
    match factor {
        factor if factor.is_nan() => "?".to_owned(),
        factor if factor >= FACTOR_SHOWN_MAX => ">1e6".to_owned(),
        factor if factor >= 10.0 => format!("{:.0}", factor.floor()),
        factor if factor >= 0.1 => format!("{:.1}", (factor * 10.0).floor() / 10.0),
        _ => "<0.1".to_owned(),
    }
}

/// A difference of two percentages. Seven columns.
pub(super) fn points(points: f64) -> String {
    if points.is_nan() { "?".to_owned() } else { format!("{:+.2}", points.clamp(-100.0, 100.0)) }
}

/// `12.3M`: one decimal in the largest unit. Six columns.
fn in_thousands(count: u64) -> String {
    let (mut tenths, mut unit) = (u128::from(count) / 100, "k");
    for larger in ["M", "G", "T", "P", "E"] {
        if tenths >= 10_000 {
            (tenths, unit) = (tenths / 1_000, larger);
        }
    }
    format!("{}.{}{unit}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_exact_until_its_column_is_full() {
        let texts = [0, 999, 1_000, 13_502, 9_999_999, 10_000_000, 999_949_999, 1_000_000_000, u64::MAX].map(count);
        assert_eq!(texts, ["0", "999", "1,000", "13,502", "9,999,999", "10.0M", "999.9M", "1.0G", "18.4E"]);
        let texts = [0, 999, 1_000, 9_999, 10_000, 999_999, usize::MAX].map(short_count);
        assert_eq!(texts, ["0", "999", "1.0k", "9.9k", "10k", "999k", "18E"]);
    }

    #[test]
    fn a_part_is_never_shown_as_nothing_or_as_the_whole() {
        let parts = [(0, 0), (0, 9), (1, 1_000_000), (1, 10_000), (9, 100), (2, 3), (99_999, 100_000), (7, 7), (9, 8)];
        let texts = parts.map(|(part, whole)| percent(part, whole));
        assert_eq!(texts, ["—", "0%", "<0.01%", "0.01%", "9.00%", "66.7%", "99.9%", "100%", ">100%"]);
    }

    #[test]
    fn a_rate_has_two_digits() {
        let texts = [0.0, 1e-6, 0.000_5, 0.001, 0.012, 0.099_9, 0.274, 0.999, 1.0, 2.0, f64::NAN].map(rate);
        assert_eq!(texts, ["0%", "<0.01%", "0.05%", "0.1%", "1.2%", "10%", "27%", "99%", "100%", ">100%", "?"]);
        let texts = [0.0, 0.001, 0.034, 1.0, 1.3, 40.2, 99.6, 12_500.0, 1e300, -1.0].map(per_second);
        assert_eq!(texts, ["0", "<0.01", "0.03", "1", "1.3", "40", "100", "12,500", "18.4E", "?"]);
    }

    #[test]
    fn a_latency_has_two_digits_or_three() {
        let texts = [0.0, 0.414, 0.999, 4.12, 9.96, 38.4, 999.6, 99_960.0, 1e9, f64::NAN, -1.0].map(latency);
        assert_eq!(texts, ["<0.01ms", "0.41ms", "1.0ms", "4.1ms", "10ms", "38ms", "1.0s", "100s", ">999s", "?", "?"]);
    }

    #[test]
    fn a_time_has_two_units_at_the_most() {
        let texts = [0, 850, 12_999, 60_000, 252_000, 10_800_000, 90_000_000, u64::MAX].map(duration);
        assert_eq!(texts, ["0s", "850ms", "12s", "1m", "4m 12s", "3h", "1d 1h", ">99d"]);
    }

    #[test]
    fn evidence_below_its_bound_never_reads_as_the_bound() {
        assert_eq!(factor(20_f64.ln()), "20");
        assert_eq!(factor(19.99_f64.ln()), "19");
        let texts = [0.0, 0.4_f64.ln(), -9.0, 9.97_f64.ln(), 800.0, f64::NEG_INFINITY, f64::NAN].map(factor);
        assert_eq!(texts, ["1.0", "0.4", "<0.1", "9.9", ">1e6", "<0.1", "?"]);
    }
}
