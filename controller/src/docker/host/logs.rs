//! The last lines that a container wrote, fit to be shown.

use std::collections::VecDeque;

use bollard::query_parameters::LogsOptions;
use futures_util::TryStreamExt as _;

use super::{Host, HostError, REQUEST_TIMEOUT, Verb};

/// So many lines are kept.
const LINES_MAX: usize = 50;
/// So much of them is kept, in bytes.
const BYTES_MAX: usize = 16 * 1024;
/// So much is read of what the Engine gives as the last lines; it may be one endless line.
const READ_BYTES_MAX: usize = 1024 * 1024;
/// What an Engine says whose log driver only sends.
const UNREADABLE: &str = "does not support reading";

// === impl Host ===

impl Host {
    /// The last lines that a container wrote, without what a terminal would obey.
    ///
    /// # Errors
    /// When there is no such container, or its log driver keeps nothing.
    pub async fn logs(&self, container: &str) -> Result<Vec<String>, HostError> {
        let options = LogsOptions { stdout: true, stderr: true, tail: LINES_MAX.to_string(), ..LogsOptions::default() };
        let stream = self.docker.logs(container, Some(options));
        let read = stream.try_fold(VecDeque::new(), |mut read: VecDeque<u8>, chunk| async move {
            read.extend(chunk.into_bytes());
            read.drain(..read.len().saturating_sub(READ_BYTES_MAX));
            Ok(read)
        });
        let verb = Verb { what: "read the logs of", subject: container };
        let read = self.within(REQUEST_TIMEOUT, verb, read).await;
        match read {
            Err(HostError::Failed { why, .. }) if why.contains(UNREADABLE) => Err(self.no_logs(verb).await),
            read => Ok(tail(read?.make_contiguous())),
        }
    }

    async fn no_logs(&self, verb: Verb<'_>) -> HostError {
        let inspected = self.inspect(verb.subject).await.ok();
        let config = inspected.and_then(|inspected| inspected.host_config?.log_config?.typ);
        HostError::NoLogs { container: verb.subject(), driver: config.unwrap_or_else(|| "none".into()) }
    }
}

/// The last lines of what was written.
pub(crate) fn tail(written: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(written);
    let lines: Vec<String> = text.lines().map(plain).collect();
    let mut bytes = 0;
    let mut last: Vec<String> = Vec::new();
    for line in lines.into_iter().rev().take(LINES_MAX) {
        let room = BYTES_MAX - bytes;
        if line.len() >= room {
            // The end of a line that is too long says more than its beginning.
            let start = (line.len() - room..=line.len()).find(|at| line.is_char_boundary(*at)).unwrap_or(line.len());
            last.push(line[start..].to_owned());
            break;
        }
        bytes += line.len() + 1;
        last.push(line);
        if bytes >= BYTES_MAX {
            break;
        }
    }
    last.reverse();
    last
}

/// A line without the sequences by which a terminal moves, colours or is told to answer.
fn plain(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' => skip_sequence(&mut letters),
            '\t' => plain.push(letter),
            _ if letter.is_control() => {}
            _ => plain.push(letter),
        }
    }
    plain
}

/// `ESC [ ... letter`, `ESC ] ... BEL`, or `ESC` and one letter.
fn skip_sequence(letters: &mut std::str::Chars<'_>) {
    match letters.next() {
        Some('[') => drop(letters.find(|letter| ('\u{40}'..='\u{7e}').contains(letter))),
        Some(']') => drop(letters.find(|letter| matches!(letter, '\u{7}' | '\u{9c}'))),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_has_nothing_to_obey() {
        let written = b"\x1b[31mred\x1b[0m\r\n\x1b]0;title\x07plain\x08 \x07bell\tand\xff\n";
        assert_eq!(tail(written), ["red", "plain bell\tand\u{fffd}"]);
    }

    #[test]
    fn the_last_lines_are_kept_and_no_more_than_fit() {
        let many: String = (0..200).map(|line| format!("{line}\n")).collect();
        let last = tail(many.as_bytes());
        assert_eq!((last.len(), last[0].as_str(), last[49].as_str()), (50, "150", "199"));
        let long = format!("first\n{}\nlast\n", "é".repeat(20_000));
        let last = tail(long.as_bytes());
        assert_eq!((last.len(), last[1].as_str()), (2, "last"));
        assert!(last.iter().map(String::len).sum::<usize>() <= BYTES_MAX, "{}", last[0].len());
        assert_eq!(tail(b""), Vec::<String>::new());
    }
}
