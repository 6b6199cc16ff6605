//! Where jobs wait, when it is not a file.

use std::fmt;

use anyhow::bail;

/// What is accepted.
const ACCEPTED: &str = "accepted: postgres://USER:PASSWORD@HOST/DATABASE, redis://:PASSWORD@HOST/NUMBER";

/// A server that keeps jobs. What shows it to people shows neither user nor password.
#[derive(Clone, PartialEq, Eq)]
pub enum Place {
    /// PostgreSQL.
    Postgres(String),
    /// Redis.
    Redis(String),
}

impl Place {
    /// Reads a URL.
    ///
    /// # Errors
    /// Where it is of another scheme, without repeating it.
    pub fn parse(url: &str) -> anyhow::Result<Self> {
        match url.split_once("://") {
            Some(("postgres" | "postgresql", rest)) if !rest.is_empty() => Ok(Self::Postgres(url.to_owned())),
            Some(("redis", rest)) if !rest.is_empty() => Ok(Self::Redis(url.to_owned())),
            Some(("rediss", _)) => bail!("this build has no TLS for Redis; {ACCEPTED}"),
            _ => bail!("{ACCEPTED}"),
        }
    }

    /// What OpenTelemetry calls it.
    pub(super) const fn system(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "postgresql",
            Self::Redis(_) => "redis",
        }
    }

    const fn url(&self) -> &str {
        match self {
            Self::Postgres(url) | Self::Redis(url) => url.as_str(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = self.url().split_once("://").map_or("", |(_, rest)| rest);
        // Parameters may hold a password too.
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        write!(f, "{}://{}", self.system(), rest.rsplit_once('@').map_or(rest, |(_, host)| host))
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Place({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_has_no_password() {
        for (url, shown) in [
            ("postgres://ada:hunter2@db:5432/jobs?sslmode=disable&password=hunter2", "postgresql://db:5432/jobs"),
            ("postgresql:///jobs?host=/run/postgresql", "postgresql:///jobs"),
            ("redis://:p@ss@hunter2@cache/3", "redis://cache/3"),
            ("redis://127.0.0.1", "redis://127.0.0.1"),
        ] {
            let place = Place::parse(url).unwrap();
            assert_eq!((place.to_string(), format!("{place:?}")), (shown.to_owned(), format!("Place({shown})")));
        }
    }

    #[test]
    fn another_scheme_is_an_error_that_says_what_is_accepted_and_not_what_was_given() {
        for url in ["", "hunter2", "mysql://root:hunter2@db", "rediss://:hunter2@cache", "redis://", "postgres://"] {
            let said = Place::parse(url).unwrap_err().to_string();
            assert!(said.contains("accepted: postgres://") && !said.contains("hunter2"), "{said}");
        }
    }
}
