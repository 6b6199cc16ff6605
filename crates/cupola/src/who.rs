//! Who speaks: the service, as code and variables name it.

use cupola_record::VarError;
#[cfg(feature = "otel")]
use cupola_telemetry::otlp::Resource;

/// What the code says of the service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Who<'a> {
    pub(crate) service: &'a str,
    pub(crate) version: Option<&'a str>,
}

impl Who<'_> {
    /// What is known of it, as every series can be joined with.
    #[cfg(feature = "otel")]
    pub(crate) fn known(self, vars: &dyn Fn(&str) -> Option<String>) -> Result<Vec<(String, String)>, VarError> {
        let mut resource = Resource::from_vars(self.service, vars)?;
        self.complete(&mut resource);
        Ok(resource.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
    }

    /// What is known of it, as every series can be joined with.
    #[cfg(not(feature = "otel"))]
    pub(crate) fn known(self, _: &dyn Fn(&str) -> Option<String>) -> Result<Vec<(String, String)>, VarError> {
        let version = self.version.map(|version| ("service.version".to_owned(), version.to_owned()));
        Ok([("service.name".to_owned(), self.service.to_owned())].into_iter().chain(version).collect())
    }

    /// What is exported says so too; variables win.
    #[cfg(feature = "otel")]
    pub(crate) fn complete(self, resource: &mut Resource) {
        if let Some(version) = self.version.filter(|_| resource.get("service.version").is_none()) {
            resource.set("service.version", version);
        }
    }
}
