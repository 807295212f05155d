//! A request that might be made: who would serve it, and why.

use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use canary_proxy::rules::bare_host;
use http::request::Parts;
use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

use crate::admin::Admin;
use crate::api::{Problem, ProblemKind, Why};
use crate::engine::{Asked, Input};

/// So many header fields can be asked about.
const HEADERS_MAX: usize = 100;

#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "it describes the query for the document; a field may come more than once, so it is read by hand"
)]
struct Written {
    /// The URL, such as `https://example.com/login?next=1`, or a path if `host` is given.
    #[param(min_length = 1, example = "https://example.com/login")]
    url: String,
    /// The field `Host`, if the URL is a path, or names another host than the request does.
    #[param(value_type = String, required = false, example = "example.com")]
    host: Option<String>,
    /// The method; GET if nothing is said.
    #[param(value_type = String, required = false, example = "GET")]
    method: Option<String>,
    /// Header fields, as `NAME:VALUE`.
    #[param(value_type = Vec<String>, required = false, max_items = 100, example = json!(["X-Team:blue"]))]
    header: Option<Vec<String>>,
    /// The address that it would come from; 127.0.0.1 if nothing is said.
    #[param(value_type = String, required = false, example = "192.0.2.7")]
    client: Option<String>,
}

/// Which rule, service, track and backends would serve a request, and why.
#[utoipa::path(get, path = "/why", tag = "questions", params(Written), responses(
    (status = OK, body = Why),
    (status = CONFLICT, body = Problem, description = "It cannot be said now."),
    (status = UNPROCESSABLE_ENTITY, body = Problem, description = "Nobody could make such a request.")))]
pub(super) async fn why(State(admin): State<Admin>, Question(asked): Question) -> Result<Json<Why>, Problem> {
    admin.engine.ask(|reply| Input::Why(Box::new(asked), reply)).await?.map(Json)
}

/// What is asked, understood.
pub(super) struct Question(Asked);

/// What is asked, as it is written.
#[derive(Default)]
struct Words {
    url: Option<String>,
    host: Option<String>,
    method: Option<String>,
    client: Option<String>,
    headers: Vec<String>,
}

// === impl Question ===

impl<S: Send + Sync> FromRequestParts<S> for Question {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Words::of(parts.uri.query().unwrap_or_default())?.understand().map(Self)
    }
}

// === impl Words ===

impl Words {
    fn of(query: &str) -> Result<Self, Problem> {
        let mut words = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let place = match &*name {
                "url" => &mut words.url,
                "host" => &mut words.host,
                "method" => &mut words.method,
                "client" => &mut words.client,
                "header" if words.headers.len() < HEADERS_MAX => {
                    words.headers.push(value.into_owned());
                    continue;
                }
                "header" => {
                    return Err(Problem::bad_request(format!("query: header: there are more than {HEADERS_MAX}")));
                }
                _ => {
                    let known = "url, host, method, header and client";
                    return Err(Problem::bad_request(format!("query: unknown `{name}`; there are {known}")));
                }
            };
            if place.replace(value.into_owned()).is_some() {
                return Err(Problem::bad_request(format!("query: {name} is there twice; say it once")));
            }
        }
        Ok(words)
    }

    fn understand(self) -> Result<Asked, Problem> {
        let Some(url) = self.url.filter(|url| !url.is_empty()) else {
            return Err(Problem::bad_request("query: url is missing; write url=https://example.com/path"));
        };
        let uri: Uri = url.parse().map_err(|error| wrong("url", &url, &format!("is no URL: {error}")))?;
        let host = host(&uri, &url, self.host.as_deref())?;
        let path = if uri.path().is_empty() { "/" } else { uri.path() };
        Ok(Asked {
            host,
            path: path.to_owned(),
            query: uri.query().map(ToOwned::to_owned),
            method: self.method.as_deref().map_or(Ok(Method::GET), |method| parsed("method", method))?,
            headers: headers(&self.headers)?,
            client: self
                .client
                .as_deref()
                .map_or(Ok(IpAddr::V4(Ipv4Addr::LOCALHOST)), |client| parsed("client", client))?,
        })
    }
}

fn host(uri: &Uri, url: &str, host: Option<&str>) -> Result<String, Problem> {
    let is_web = uri.scheme().is_none_or(|scheme| *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS);
    let is_path = uri.scheme().is_none() && uri.authority().is_none() && uri.path().starts_with('/');
    match (uri.authority(), host) {
        _ if !is_web => Err(wrong("url", url, "is neither http nor https")),
        (Some(authority), None) if uri.scheme().is_some() => Ok(bare_host(authority.as_str()).to_owned()),
        (_, Some(host)) if is_path || uri.scheme().is_some() => {
            parsed::<Authority>("host", host).map(|host| bare_host(host.as_str()).to_owned())
        }
        (None, None) if is_path => Err(wrong("url", url, "has no host; write https://HOST/PATH, or add host=HOST")),
        _ => Err(wrong("url", url, "is neither a URL nor a path; write https://HOST/PATH")),
    }
}

fn headers(written: &[String]) -> Result<HeaderMap, Problem> {
    let mut headers = HeaderMap::new();
    for text in written {
        let parts = text.split_once(':').and_then(|(name, value)| {
            let name = HeaderName::from_str(name.trim()).ok()?;
            Some((name, HeaderValue::from_str(value.trim()).ok()?))
        });
        let (name, value) = parts.ok_or_else(|| wrong("header", text, "is no header field; write NAME:VALUE"))?;
        headers.append(name, value);
    }
    Ok(headers)
}

fn parsed<T: FromStr<Err: ToString>>(name: &str, text: &str) -> Result<T, Problem> {
    text.parse().map_err(|error: T::Err| wrong(name, text, &format!("cannot be meant: {}", error.to_string())))
}

fn wrong(name: &str, text: &str, what: &str) -> Problem {
    Problem::new(ProblemKind::Unprocessable, format!("query: {name}: `{text}` {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Result<Asked, Problem> {
        Words::of(query).and_then(Words::understand)
    }

    #[test]
    fn a_url_says_it_all() {
        let asked =
            asked("url=https://Example.com:8443/a%2520b?c=d%23&method=POST&header=X-A:1&header=X-A:%202&client=::1");
        let asked = asked.expect("it is good");
        assert_eq!((asked.host.as_str(), asked.path.as_str()), ("Example.com", "/a%20b"));
        assert_eq!((asked.query.as_deref(), &asked.method), (Some("c=d"), &Method::POST));
        assert_eq!(asked.headers.get_all("x-a").iter().collect::<Vec<_>>(), ["1", "2"]);
        assert!(asked.client.is_loopback() && asked.client.is_ipv6());
    }

    #[test]
    fn a_path_needs_a_host_and_the_field_host_wins() {
        let path = asked("url=/login&host=example.com:80").expect("it is good");
        assert_eq!((path.host.as_str(), path.path.as_str(), path.query), ("example.com", "/login", None));
        assert_eq!(asked("url=http://a.test/&host=b.test").expect("it is good").host, "b.test");
    }

    #[test]
    fn a_host_is_what_the_proxy_takes_it_for() {
        for (query, host) in [
            ("url=http://example.com./", "example.com"),
            ("url=http://example.com.:80/", "example.com"),
            ("url=http://[::1]:8080/", "[::1]"),
            ("url=/&host=example.com.", "example.com"),
            ("url=/&host=example.com.:443", "example.com"),
            ("url=/&host=[::1]", "[::1]"),
        ] {
            assert_eq!(asked(query).expect(query).host, host, "{query}");
        }
    }

    #[test]
    fn what_nobody_could_ask_is_answered_with_why() {
        for (query, kind, words) in [
            ("", ProblemKind::BadRequest, "url is missing"),
            ("url=", ProblemKind::BadRequest, "url is missing"),
            ("url=/a&url=/b", ProblemKind::BadRequest, "there twice"),
            ("url=/a&nope=1", ProblemKind::BadRequest, "unknown `nope`"),
            ("url=/a", ProblemKind::Unprocessable, "has no host"),
            ("url=ftp://a/b", ProblemKind::Unprocessable, "neither http nor https"),
            ("url=a.test", ProblemKind::Unprocessable, "neither a URL nor a path"),
            ("url=*&host=a", ProblemKind::Unprocessable, "neither a URL nor a path"),
            ("url=http://a%20b/", ProblemKind::Unprocessable, "is no URL"),
            ("url=/&host=a%20b", ProblemKind::Unprocessable, "cannot be meant"),
            ("url=http://a/&method=G%20T", ProblemKind::Unprocessable, "cannot be meant"),
            ("url=http://a/&header=x", ProblemKind::Unprocessable, "NAME:VALUE"),
            ("url=http://a/&header=x:%00", ProblemKind::Unprocessable, "NAME:VALUE"),
            ("url=http://a/&client=localhost", ProblemKind::Unprocessable, "cannot be meant"),
        ] {
            let problem = asked(query).expect_err(query);
            assert!(problem.kind == kind && problem.message.contains(words), "{query}: {problem:?}");
        }
    }
}
