//! Who asks.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use crate::error::GatewayError;
use crate::gateway::SharedGateway;

/// Who asks: on every line of the request, and what limits are counted by.
#[derive(Clone, Debug)]
pub struct User(pub Arc<str>);

/// Who may ask, by their keys.
#[derive(Clone, Default)]
pub struct Users(HashMap<String, Arc<str>>);

impl Users {
    /// Reads `user=key` of each.
    pub fn of(pairs: &[String]) -> anyhow::Result<Self> {
        let pair = |pair: &String| {
            let (user, key) = pair.split_once('=').filter(|(user, key)| !user.is_empty() && !key.is_empty())?;
            Some((key.to_owned(), user.into()))
        };
        let users: Option<_> = pairs.iter().map(pair).collect();
        users.map(Self).ok_or_else(|| anyhow::anyhow!("a key is not of the form user=key"))
    }

    /// Who asks with these headers; `None` where nobody knows.
    fn asks(&self, headers: &HeaderMap) -> Option<Arc<str>> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        if self.0.is_empty() {
            return Some(text("x-user-id").filter(|name| !name.is_empty()).unwrap_or("anonymous").into());
        }
        self.0.get(text(AUTHORIZATION.as_str())?.strip_prefix("Bearer ")?).cloned()
    }
}

/// Keys are nobody's business.
impl std::fmt::Debug for Users {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.values()).finish()
    }
}

impl FromRequestParts<SharedGateway> for User {
    type Rejection = GatewayError;

    async fn from_request_parts(parts: &mut Parts, gateway: &SharedGateway) -> Result<Self, GatewayError> {
        let user = gateway.users.asks(&parts.headers).ok_or(GatewayError::Unknown)?;
        cupola::context::set("user_id", user.to_string());
        Ok(Self(user))
    }
}
