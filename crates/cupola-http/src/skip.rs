//! Paths that are not recorded.

/// Exact paths, and prefixes that end in `*`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Skip(Vec<Box<str>>);

impl Skip {
    pub(crate) fn add(&mut self, pattern: &str) {
        self.0.push(pattern.into());
    }

    pub(crate) fn matches(&self, path: &str) -> bool {
        self.0.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(prefix) => path.starts_with(prefix),
            None => path == &**pattern,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_or_by_prefix() {
        let mut skip = Skip::default();
        skip.add("/healthz");
        skip.add("/assets/*");
        assert!(skip.matches("/healthz") && skip.matches("/assets/a.css"));
        assert!(!skip.matches("/healthz/x") && !skip.matches("/asset"));
    }
}
