//! Server-sent events, as they come in.

use std::time::Duration;

use crate::api::HistoryEntry;
use crate::client::exchange::Flow;
use crate::client::{Answer, BadAnswer, Error};

/// canaryd says something at least this often; after a longer silence the connection is taken for dead.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// The longest event, in bytes.
const EVENT_BYTES_MAX: usize = 1 << 20;

/// What happens, from now on.
#[derive(Debug)]
pub struct Events {
    flow: Flow,
    lines: Lines,
    data: String,
}

/// Bytes that become lines.
#[derive(Debug, Default)]
struct Lines {
    bytes: Vec<u8>,
}

// === impl Events ===

impl Events {
    pub(super) fn new(flow: Flow) -> Self {
        Self { flow, lines: Lines::default(), data: String::new() }
    }

    /// The next change.
    ///
    /// # Errors
    /// The connection has ended, or what came is none.
    pub async fn next(&mut self) -> Result<Answer<HistoryEntry>, Error> {
        loop {
            while let Some(line) = self.lines.next()? {
                if let Some(document) = take(&mut self.data, &line) {
                    return Answer::understand(document);
                }
            }
            let bytes = self.flow.next(SILENCE_MAX).await?.ok_or(BadAnswer::Cut)?;
            if self.lines.bytes.len() + self.data.len() + bytes.len() > EVENT_BYTES_MAX {
                return Err(BadAnswer::TooLarge.into());
            }
            self.lines.bytes.extend_from_slice(&bytes);
        }
    }
}

/// Adds a line to the event; an empty line ends it. Everything but data is passed over: the change has its number.
fn take(data: &mut String, line: &str) -> Option<String> {
    if line.is_empty() {
        return (!data.is_empty()).then(|| std::mem::take(data));
    }
    if let Some(more) = line.strip_prefix("data:") {
        if !data.is_empty() {
            data.push('\n');
        }
        data.push_str(more.strip_prefix(' ').unwrap_or(more));
    }
    None
}

// === impl Lines ===

impl Lines {
    fn next(&mut self) -> Result<Option<String>, BadAnswer> {
        let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') else { return Ok(None) };
        let mut line: Vec<u8> = self.bytes.drain(..=end).collect();
        line.truncate(end);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        String::from_utf8(line).map(Some).map_err(|error| BadAnswer::NotUnderstood(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(text: &str) -> Vec<String> {
        let mut lines = Lines { bytes: text.into() };
        let mut data = String::new();
        let mut documents = Vec::new();
        while let Ok(Some(line)) = lines.next() {
            documents.extend(take(&mut data, &line));
        }
        documents
    }

    #[test]
    fn an_event_is_its_data() {
        let text = ": alive\n\nid: 7\nevent: change\ndata: {\"a\":\ndata: 1}\n\nid: 8\r\ndata:2\r\n\r\ndata: half\n";
        assert_eq!(documents(text), ["{\"a\":\n1}", "2"]);
    }
}
