//! The keys of route metrics: what is known of a request when it begins, and what its end adds.

use std::sync::{Arc, LazyLock};

use cupola_context::{Context, FieldValue};
use cupola_record::{Ended, protocol_name};
use http::{StatusCode, Version};

use crate::labels::OTHER;
use crate::route_metrics::cells::Folded;
use crate::table::{Key, text};

static OTHER_ROUTE: LazyLock<Arc<str>> = LazyLock::new(|| OTHER.into());

/// A label as it is named, and its value.
pub(super) type Label<'a> = (&'static str, &'a str);

/// A label that handlers may add.
#[derive(Debug)]
pub(super) struct Extra {
    pub(super) name: &'static str,
    pub(super) allowed: &'static [&'static str],
}

/// Stands between the values of labels that handlers have added; no value has it.
const SEPARATOR: char = '\u{1f}';

/// What a handler has added: a value for each label, in their order, absent ones empty.
pub(super) fn extra(labels: &[Extra], context: &Context, overflow: &Folded) -> String {
    let mut out = String::new();
    for label in labels {
        if let Some(FieldValue::Str(value)) = context.field(label.name) {
            let known = label.allowed.iter().find(|allowed| **allowed == value);
            overflow.count(known.is_none());
            out.push_str(known.unwrap_or(&OTHER));
        }
        out.push(SEPARATOR);
    }
    out
}

/// What is asked: by the end of a request most of its key, so that it is looked up once for all metrics.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    method: &'a str,
    method_number: u64,
    route: &'a Arc<str>,
    scheme: &'static str,
}

/// The same as it is kept. There is one of each in a table, so that it is known by its address.
///
/// It shares the text of the route with the request that came first, and most often with all: then the text need not be
/// compared.
#[derive(Debug)]
pub(super) struct AskedLabels {
    method: Box<str>,
    method_number: u64,
    route: Arc<str>,
    scheme: &'static str,
}

impl<'a> Asked<'a> {
    /// An empty route is one that is not known.
    #[inline]
    pub(super) fn new(method: &'a str, route: &'a Arc<str>, scheme: &'static str) -> Self {
        Self { method, method_number: text::number(method), route, scheme }
    }

    /// Whether it is the same at a glance: the route shared, the method short, the scheme the same constant.
    #[inline]
    fn is_at_a_glance(&self, owned: &AskedLabels) -> bool {
        Arc::ptr_eq(self.route, &owned.route)
            && self.method_number == owned.method_number
            && self.method_number != 0
            && std::ptr::eq(self.scheme, owned.scheme)
    }

    /// Stands apart, so that a look at a glance stays short.
    #[inline(never)]
    fn is_equal(&self, owned: &AskedLabels) -> bool {
        *self.route == owned.route && *self.method == *owned.method && self.scheme == owned.scheme
    }
}

impl Key for Asked<'_> {
    type Owned = Arc<AskedLabels>;

    fn own(self) -> Arc<AskedLabels> {
        let Self { method, method_number, route, scheme } = self;
        Arc::new(AskedLabels { method: method.into(), method_number, route: Arc::clone(route), scheme })
    }

    #[inline]
    fn is(self, owned: &Arc<AskedLabels>) -> bool {
        self.is_at_a_glance(owned) || self.is_equal(owned)
    }

    #[inline]
    fn hash(self, seed: u64) -> u64 {
        // "http" and "https" differ in their length, and so do long methods: a hash need not tell more.
        let lengths = (self.scheme.len() ^ self.method.len() << 8) as u64;
        text::hash(text::mix(seed ^ lengths, self.method_number), self.route)
    }

    fn folded(self) -> Self {
        Self::new(OTHER, &OTHER_ROUTE, self.scheme)
    }

    fn last(self) -> Self {
        Self::new(OTHER, &OTHER_ROUTE, OTHER)
    }
}

impl AskedLabels {
    /// What stands for all that is over the limit.
    pub(super) fn other() -> Arc<Self> {
        Asked::new(OTHER, &OTHER_ROUTE, "").own()
    }

    pub(super) fn labels(&self) -> [Label<'_>; 3] {
        [("http.request.method", &self.method), ("http.route", &self.route), ("url.scheme", self.scheme)]
    }
}

/// How it ended.
#[derive(Clone, Copy)]
pub(super) struct End<'a> {
    asked: &'a Arc<AskedLabels>,
    /// What stands for `asked` over the limit.
    other: &'a Arc<AskedLabels>,
    status: Option<StatusCode>,
    version: Version,
    error_type: &'a str,
    /// What the handler has added.
    extra: &'a str,
}

/// The same as it is kept.
#[derive(Debug)]
pub(super) struct EndLabels {
    asked: Arc<AskedLabels>,
    status: Option<StatusCode>,
    version: Version,
    error_type: Box<str>,
    extra: Box<str>,
}

impl<'a> End<'a> {
    #[inline]
    pub(super) fn new(
        asked: &'a Arc<AskedLabels>,
        other: &'a Arc<AskedLabels>,
        version: Version,
        ended: &'a Ended,
        extra: &'a str,
    ) -> Self {
        let error_type = ended.error_type().unwrap_or_default();
        Self { asked, other, status: ended.status, version, error_type, extra }
    }
}

impl Key for End<'_> {
    type Owned = EndLabels;

    fn own(self) -> EndLabels {
        let (asked, error_type, extra) = (Arc::clone(self.asked), self.error_type.into(), self.extra.into());
        EndLabels { asked, status: self.status, version: self.version, error_type, extra }
    }

    #[inline]
    fn is(self, owned: &EndLabels) -> bool {
        Arc::ptr_eq(self.asked, &owned.asked)
            && self.status == owned.status
            && self.version == owned.version
            && *self.error_type == *owned.error_type
            && *self.extra == *owned.extra
    }

    #[inline]
    fn hash(self, seed: u64) -> u64 {
        // The version is left to the comparison: few routes are asked by more than one.
        let status = self.status.map_or(0, |status| u64::from(status.as_u16()));
        let hash = text::mix(seed ^ status, Arc::as_ptr(self.asked) as usize as u64);
        let hash = if self.error_type.is_empty() { hash } else { text::hash(hash, self.error_type) };
        if self.extra.is_empty() { hash } else { text::hash(hash, self.extra) }
    }

    fn folded(self) -> Self {
        Self { asked: self.other, ..self }
    }

    fn last(self) -> Self {
        Self { asked: self.other, status: None, version: Version::HTTP_11, error_type: "", extra: "", ..self }
    }
}

impl EndLabels {
    pub(super) fn labels<'a>(&'a self, extra: &'a [Extra]) -> impl Iterator<Item = (&'a str, &'a str)> {
        let [method, route, scheme] = self.asked.labels();
        let status = self.status.as_ref().map_or("", StatusCode::as_str);
        let own = [
            method,
            route,
            ("http.response.status_code", status),
            ("error.type", &self.error_type),
            scheme,
            ("network.protocol.version", protocol_name(self.version)),
        ];
        own.into_iter().chain(extra.iter().map(|extra| extra.name).zip(self.extra.split(SEPARATOR)))
    }
}
