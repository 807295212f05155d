//! The fields of a head, and the one length that they give to its body.

use http::StatusCode;

use super::class::{TOKEN, VALUE, all};
use super::host::is_host;
use super::line::Version;
use super::{Body, Refusal};

/// So many digits always fit into a `u64`, and into the integers of whoever reads them after us.
const CONTENT_LENGTH_DIGITS_MAX: usize = 18;

/// What the fields seen so far say about host and framing.
#[derive(Debug, Default)]
pub(super) struct Fields {
    host: bool,
    content_length: Option<u64>,
    chunked: bool,
    expect: bool,
    upgrade: bool,
}

impl Fields {
    /// Takes in one line, without its line end.
    pub(super) fn add(&mut self, line: &[u8]) -> Result<(), Refusal> {
        let colon = memchr::memchr(b':', line).ok_or(Refusal::bad("a field has no colon"))?;
        let (name, value) = (&line[..colon], &line[colon + 1..]);
        // A folded line begins with a space, and so is no token either.
        if name.is_empty() || !all(name, TOKEN) {
            return Err(Refusal::bad("a field name is not a token"));
        }
        if !all(value, VALUE) {
            return Err(Refusal::bad("a field value holds a control character"));
        }
        self.note(name, value.trim_ascii())
    }

    fn note(&mut self, name: &[u8], value: &[u8]) -> Result<(), Refusal> {
        // The length tells nearly every field apart from the few that matter here.
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => self.host(value),
            6 if name.eq_ignore_ascii_case(b"expect") => self.expect(value),
            7 if name.eq_ignore_ascii_case(b"upgrade") => {
                self.upgrade = true;
                Ok(())
            }
            14 if name.eq_ignore_ascii_case(b"content-length") => self.content_length(value),
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => self.transfer_encoding(value),
            // CGI and its heirs turn `-` into `_`: an origin may take these for the real ones.
            14 if name.eq_ignore_ascii_case(b"content_length") => {
                Err(Refusal::bad("`_` stands for `-` in a field name"))
            }
            17 if name.eq_ignore_ascii_case(b"transfer_encoding") => {
                Err(Refusal::bad("`_` stands for `-` in a field name"))
            }
            _ => Ok(()),
        }
    }

    fn host(&mut self, value: &[u8]) -> Result<(), Refusal> {
        if std::mem::replace(&mut self.host, true) {
            return Err(Refusal::bad("there are two Host fields"));
        }
        if is_host(value) { Ok(()) } else { Err(Refusal::bad("the Host field is not a host")) }
    }

    fn expect(&mut self, value: &[u8]) -> Result<(), Refusal> {
        if std::mem::replace(&mut self.expect, true) || !value.eq_ignore_ascii_case(b"100-continue") {
            return Err(Refusal::new(StatusCode::EXPECTATION_FAILED, "only `100-continue` can be expected"));
        }
        Ok(())
    }

    fn content_length(&mut self, value: &[u8]) -> Result<(), Refusal> {
        if !(1..=CONTENT_LENGTH_DIGITS_MAX).contains(&value.len()) || !value.iter().all(u8::is_ascii_digit) {
            return Err(Refusal::bad("the Content-Length is not a number of at most 18 digits"));
        }
        let length = value.iter().fold(0_u64, |sum, digit| sum * 10 + u64::from(digit - b'0'));
        if self.content_length.replace(length).is_some() {
            return Err(Refusal::bad("there are two Content-Length fields"));
        }
        Ok(())
    }

    fn transfer_encoding(&mut self, value: &[u8]) -> Result<(), Refusal> {
        if std::mem::replace(&mut self.chunked, true) {
            return Err(Refusal::bad("there are two Transfer-Encoding fields"));
        }
        if value.eq_ignore_ascii_case(b"chunked") {
            return Ok(());
        }
        // Chunked comes last or the end of the body is unknown; what else there is, we would have to undo, and cannot.
        let mut codings = value.rsplit(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        let chunked_last = codings.next().is_some_and(|coding| coding.eq_ignore_ascii_case(b"chunked"));
        if chunked_last && codings.all(|coding| is_coding(coding) && !coding.eq_ignore_ascii_case(b"chunked")) {
            return Err(Refusal::new(StatusCode::NOT_IMPLEMENTED, "the only transfer coding spoken here is chunked"));
        }
        Err(Refusal::bad("the Transfer-Encoding is not chunked"))
    }

    /// The length of the body, if all fields agree about it.
    pub(super) fn framing(&self, version: Version) -> Result<Body, Refusal> {
        if self.chunked && self.content_length.is_some() {
            return Err(Refusal::bad("Content-Length and Transfer-Encoding exclude each other"));
        }
        if self.chunked && version == Version::Http10 {
            return Err(Refusal::bad("HTTP/1.0 has no Transfer-Encoding"));
        }
        if !self.host && version == Version::Http11 {
            return Err(Refusal::bad("there is no Host field"));
        }
        let length = self.content_length.unwrap_or(0);
        // Is what follows a body or the other protocol? Two servers may well answer differently.
        if self.upgrade && (self.chunked || length > 0) {
            return Err(Refusal::bad("a request to upgrade has a body"));
        }
        Ok(if self.chunked || self.upgrade { Body::Open } else { Body::Known(length) })
    }
}

fn is_coding(text: &[u8]) -> bool {
    !text.is_empty() && all(text, TOKEN)
}
