//! Where canaryd listens, by what its log says.

use std::net::SocketAddr;

/// The address in the line that tells of this listener: one with the fields `listener=NAME` and `address=IP:PORT`.
pub(super) fn address_of(listener: &str, log: &str) -> Option<SocketAddr> {
    let wanted = format!("listener={listener}");
    // A line without its end may still be growing, and its address with it.
    let lines = log.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    lines.map(plain).find_map(|line| {
        let mut words = line.split_whitespace();
        words.clone().find(|word| *word == wanted)?;
        words.find_map(|word| word.strip_prefix("address=")?.parse().ok())
    })
}

/// The line without colours and quotes.
fn plain(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let first = parts.next().unwrap_or_default();
    // A colour is `ESC [ numbers m`.
    let rest = parts.map(|part| part.split_once('m').map_or("", |(_, text)| text));
    [first].into_iter().chain(rest).collect::<String>().replace('"', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "2026-05-04T03:02:01.5Z  INFO listening listener=admin address=127.0.0.1:9\n\
                         2026-05-04T03:02:01.6Z  INFO listening listener=web address=127.0.0.1:40123\n";

    #[test]
    fn the_listener_is_found_by_its_name() {
        assert_eq!(address_of("web", PLAIN), Some(([127, 0, 0, 1], 40_123).into()));
        assert_eq!(address_of("admin", PLAIN), Some(([127, 0, 0, 1], 9).into()));
        assert_eq!(address_of("we", PLAIN), None);
        assert_eq!(address_of("web", ""), None);
    }

    #[test]
    fn colours_and_quotes_do_not_hide_it() {
        let log = "\u{1b}[2mnow\u{1b}[0m \u{1b}[3mlistener\u{1b}[0m\u{1b}[2m=\u{1b}[0m\"web\" \
                   \u{1b}[3maddress\u{1b}[0m\u{1b}[2m=\u{1b}[0m127.0.0.1:40123\n";
        assert_eq!(address_of("web", log), Some(([127, 0, 0, 1], 40_123).into()));
    }

    #[test]
    fn half_a_line_is_no_address() {
        for end in 0..PLAIN.len() {
            assert_eq!(address_of("web", &PLAIN[..end]), None, "{end}");
        }
    }
}
