//! Expositions: the metrics in the format that somebody asks for.

mod accept;
#[cfg(feature = "gzip")]
mod gzip;
mod number;
mod protobuf;
mod text;

use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue, Response};

use crate::distribution::Detail;
use crate::exposition::text::Dialect;
use crate::registry::Registry;

/// The `content-type` of [`crate::Registry::render`].
pub const TEXT_CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The formats in which Prometheus reads metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Prometheus text 0.0.4: for people, and for whoever asks for nothing else.
    #[default]
    Text,
    /// OpenMetrics 1.0: units, exemplars and the beginning of each series too.
    OpenMetrics,
    /// Prometheus' protobuf: native histograms too.
    Protobuf,
}

impl Format {
    /// The format that is liked best of those that an `accept` header names.
    pub fn accepted(headers: &HeaderMap) -> Self {
        accept::best(headers)
    }

    /// What it is called in a `content-type` header.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => TEXT_CONTENT_TYPE,
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Protobuf => {
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
            }
        }
    }
}

impl Registry {
    /// All metrics as Prometheus text 0.0.4, sorted; serve it with [`TEXT_CONTENT_TYPE`].
    pub fn render(&self) -> String {
        let mut out = String::new();
        self.render_into(&mut out);
        out
    }

    /// The same at the end of a text that is there already.
    pub fn render_into(&self, out: &mut String) {
        text::write(out, &self.snapshot(Detail::Stated), Dialect::Prometheus);
    }

    /// All metrics in this format.
    pub fn encode(&self, format: Format) -> Vec<u8> {
        let mut text = String::new();
        match format {
            Format::Text => text::write(&mut text, &self.snapshot(Detail::Stated), Dialect::Prometheus),
            Format::OpenMetrics => text::write(&mut text, &self.snapshot(Detail::Stated), Dialect::OpenMetrics),
            Format::Protobuf => return protobuf::encode(&self.snapshot(Detail::All)),
        }
        text.into_bytes()
    }

    /// The answer to a request with these headers: the format that it likes best, packed where it may be (feature
    /// `gzip`). With thousands of series it is the work of some milliseconds: do it where a task may block.
    ///
    /// ```
    /// use http::{HeaderMap, header::ACCEPT};
    ///
    /// let mut headers = HeaderMap::new();
    /// headers.insert(ACCEPT, "application/openmetrics-text;version=1.0.0".parse()?);
    /// let response = cupola_metrics::Registry::new().respond(&headers);
    /// assert!(response.body().ends_with(b"# EOF\n"));
    /// # Ok::<(), http::header::InvalidHeaderValue>(())
    /// ```
    pub fn respond(&self, headers: &HeaderMap) -> Response<Vec<u8>> {
        let format = Format::accepted(headers);
        let mut response = Response::new(self.encode(format));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
        response.headers_mut().insert(VARY, HeaderValue::from_static("accept, accept-encoding"));
        if accept::takes_gzip(headers.get_all(ACCEPT_ENCODING)) {
            pack(&mut response);
        }
        response
    }
}

#[cfg(feature = "gzip")]
fn pack(response: &mut Response<Vec<u8>>) {
    *response.body_mut() = gzip::pack(response.body());
    response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
}

#[cfg(not(feature = "gzip"))]
fn pack(response: &mut Response<Vec<u8>>) {
    response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("identity"));
}
