//! Who speaks: the service, as code and variables name it.

/// What the code says of the service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Who<'a> {
    pub(crate) service: &'a str,
    pub(crate) version: Option<&'a str>,
}

#[cfg(feature = "otel")]
impl Who<'_> {
    /// What is exported says so too; variables win.
    pub(crate) fn complete(self, resource: &mut cupola_telemetry::otlp::Resource) {
        if let Some(version) = self.version.filter(|_| resource.get("service.version").is_none()) {
            resource.set("service.version", version);
        }
    }
}
