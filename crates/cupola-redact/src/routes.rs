//! Policies by route: what an endpoint for logins may show is not what the others may.

use crate::KeyPolicy;

/// What is done with the messages of one route.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct RoutePolicy {
    /// Judges its names and values.
    pub policy: KeyPolicy,
    /// Its bodies are not captured at all.
    pub drops_bodies: bool,
}

impl RoutePolicy {
    /// Under this policy, with bodies.
    pub fn new(policy: KeyPolicy) -> Self {
        Self { policy, drops_bodies: false }
    }

    /// Headers and URLs only.
    pub fn without_bodies(mut self) -> Self {
        self.drops_bodies = true;
        self
    }
}

/// One policy for all routes, and others for some.
///
/// Endpoints that take or give credentials as a rule (a path that ends in `/login`, `/token`, `/oauth/token` and the like)
/// show no bodies unless a route of one's own says otherwise.
///
/// ```
/// use cupola_redact::{KeyPolicy, RoutePolicy, Routes};
///
/// let strict = KeyPolicy::builder().allow_path("$.id").build()?;
/// let routes = Routes::new(KeyPolicy::default()).route("/patients/*", RoutePolicy::new(strict));
/// assert!(routes.of("/oauth/token").drops_bodies);
/// assert!(!routes.of("/vms").drops_bodies);
/// assert!(!routes.of("/patients/7").drops_bodies);
/// # Ok::<(), cupola_redact::PolicyError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Routes {
    others: RoutePolicy,
    credentials: RoutePolicy,
    own: Vec<(Box<str>, RoutePolicy)>,
}

/// The last segments of endpoints for credentials.
const CREDENTIALS: [&str; 14] = [
    "login",
    "signin",
    "sign-in",
    "sign_in",
    "token",
    "tokens",
    "authorize",
    "introspect",
    "revoke",
    "password",
    "change-password",
    "reset-password",
    "register",
    "signup",
];

impl Routes {
    /// All routes under this policy.
    pub fn new(policy: KeyPolicy) -> Self {
        let others = RoutePolicy::new(policy);
        Self { credentials: others.clone().without_bodies(), others, own: Vec::new() }
    }

    /// A route of its own: a path, or the beginning of some with `*` behind it. The first one that fits counts.
    pub fn route(mut self, path: impl Into<Box<str>>, policy: RoutePolicy) -> Self {
        self.own.push((path.into(), policy));
        self
    }

    /// The policy for a path, which is matched as it came, without its query.
    pub fn of(&self, path: &str) -> &RoutePolicy {
        if let Some((_, policy)) = self.own.iter().find(|(route, _)| fits(route, path)) {
            return policy;
        }
        if Self::take_credentials(path) { &self.credentials } else { &self.others }
    }

    /// Whether a path, or the template of one, is that of an endpoint for credentials.
    pub fn take_credentials(path: &str) -> bool {
        let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        CREDENTIALS.iter().any(|word| word.eq_ignore_ascii_case(last))
    }
}

impl Default for Routes {
    fn default() -> Self {
        Self::new(KeyPolicy::default())
    }
}

fn fits(route: &str, path: &str) -> bool {
    match route.strip_suffix('*') {
        Some(beginning) => path.starts_with(beginning),
        None => path == route,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_route_that_fits_counts() {
        let routes = Routes::default()
            .route("/login", RoutePolicy::default())
            .route("/raw/*", RoutePolicy::default().without_bodies())
            .route("/raw/shown", RoutePolicy::default());
        for (path, drops) in [
            ("/login", false),
            ("/api/login", true),
            ("/api/Login/", true),
            ("/oauth/token", true),
            ("/tokenizer", false),
            ("/raw/shown", true),
            ("/raw", false),
            ("/", false),
            ("", false),
        ] {
            assert_eq!(routes.of(path).drops_bodies, drops, "{path}");
        }
    }
}
