//! A request that nobody sends, and about which canaryd is asked.

use std::fmt::Write as _;
use std::net::IpAddr;

/// Who would serve this request?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The URL that a client would ask for.
    pub url: String,
    /// Its method.
    pub method: String,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// The address that it would come from.
    pub client: Option<IpAddr>,
}

// === impl Question ===

impl Question {
    /// It as a query. A URL may be written without its scheme, as in a browser; the field `Host` is asked about apart.
    pub(super) fn query(&self) -> String {
        let is_whole = self.url.starts_with('/') || self.url.contains("://");
        let scheme = if is_whole { "" } else { "http://" };
        let mut query = format!("url={}&method={}", escaped(&format!("{scheme}{}", self.url)), escaped(&self.method));
        for (name, value) in &self.headers {
            let _infallible = match name.eq_ignore_ascii_case("host") {
                true => write!(query, "&host={}", escaped(value)),
                false => write!(query, "&header={}", escaped(&format!("{name}:{value}"))),
            };
        }
        if let Some(client) = self.client {
            let _infallible = write!(query, "&client={}", escaped(&client.to_string()));
        }
        query
    }
}

/// The text, with everything escaped that means something in a query.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            escaped.push(char::from(byte));
        } else {
            let _infallible = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_question_means_something_in_its_query() {
        let question = Question {
            url: "https://a.example/é?b=1&c=2".into(),
            method: "GET".into(),
            headers: vec![("Cookie".into(), "a=b; c".into())],
            client: "::1".parse().ok(),
        };
        let query = "url=https%3A%2F%2Fa.example%2F%C3%A9%3Fb%3D1%26c%3D2&method=GET\
                     &header=Cookie%3Aa%3Db%3B%20c&client=%3A%3A1";
        assert_eq!(question.query(), query);
    }

    #[test]
    fn a_host_can_be_said_in_the_url_or_by_its_field() {
        let query = |url: &str, headers: &[(&str, &str)]| {
            let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
            Question { url: url.into(), method: "GET".into(), headers, client: None }.query()
        };
        assert_eq!(query("a.example/b", &[]), "url=http%3A%2F%2Fa.example%2Fb&method=GET");
        assert_eq!(query("/b", &[("HOST", "a.example")]), "url=%2Fb&method=GET&host=a.example");
    }
}
