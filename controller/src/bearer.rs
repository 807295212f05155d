//! The token that a request carries.

use std::fmt;

use canary_config::secret::Secret;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use subtle::ConstantTimeEq as _;

/// A token that a request must carry, as `Authorization: Bearer TOKEN`.
pub(crate) struct Bearer(Secret);

// === impl Bearer ===

impl Bearer {
    pub(crate) fn new(token: Secret) -> Self {
        Self(token)
    }

    /// Whether a request with these fields carries it. How long that takes tells its length at most.
    pub(crate) fn is_in(&self, headers: &HeaderMap) -> bool {
        let mut fields = headers.get_all(AUTHORIZATION).iter();
        let (Some(field), None) = (fields.next(), fields.next()) else { return false };
        let sent = field.as_bytes().split_at_checked("Bearer ".len());
        sent.is_some_and(|(scheme, sent)| {
            scheme.eq_ignore_ascii_case(b"Bearer ") && bool::from(sent.ct_eq(self.0.expose().as_bytes()))
        })
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(..)")
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn carries(fields: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(AUTHORIZATION, HeaderValue::from_str(field).expect("visible ASCII"));
        }
        Bearer::new(Secret::new("secret")).is_in(&headers)
    }

    #[test]
    fn only_the_whole_token_will_do() {
        assert!(carries(&["Bearer secret"]) && carries(&["bearer secret"]));
        for other in ["", "Bearer", "Bearer ", "Bearer secre", "Bearer secret ", "Bearer Secret", "Bearer  secret"] {
            assert!(!carries(&[other]), "{other}");
        }
        for other in ["secret", "Basic secret", "Bearer: secret"] {
            assert!(!carries(&[other]), "{other}");
        }
        assert!(!carries(&[]) && !carries(&["Bearer secret", "Bearer secret"]), "exactly one field");
    }
}
