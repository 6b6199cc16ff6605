//! A server span's attributes, by the stable HTTP conventions.

use std::borrow::Cow;

use cupola_context::FieldValue;
use cupola_record::{Ended, Exchange, protocol_name};
use cupola_redact::{KeyPolicy, REDACTED};
use opentelemetry::{Key, KeyValue, Value};

use super::authority;
use super::current::otel_value;
use super::mask::{Mask, Shown};

/// As many as there can be, so that the list is allocated once.
const MOST: usize = 13;

pub(super) fn of(exchange: &Exchange, ended: &Ended, policy: &KeyPolicy) -> Vec<KeyValue> {
    let mut attributes = Attributes::with_capacity(MOST);
    attributes.add_target(exchange);
    attributes.add_peers(exchange);
    attributes.add_end(ended);
    exchange.context.each_span_field(|key, value| attributes.add_own(key.clone(), value, policy));
    attributes.into_list()
}

/// A list of attributes, in the order in which they are added.
pub(super) struct Attributes(Vec<KeyValue>);

impl Attributes {
    pub(super) fn with_capacity(most: usize) -> Self {
        Self(Vec::with_capacity(most))
    }

    pub(super) fn into_list(self) -> Vec<KeyValue> {
        self.0
    }

    fn add_target(&mut self, exchange: &Exchange) {
        self.add("http.request.method", of_method(exchange.method_label()));
        self.add_text("http.request.method_original", exchange.method_original());
        self.add("url.scheme", exchange.scheme);
        self.add_text("url.path", Some(exchange.path()));
        self.add_text("url.query", exchange.query());
        self.add("network.protocol.version", protocol_name(exchange.version));
    }

    fn add_peers(&mut self, exchange: &Exchange) {
        if let Some((address, port)) = exchange.host().map(authority::split) {
            self.add_text("server.address", Some(address));
            self.add_number("server.port", port);
        }
        if let Some(ip) = exchange.context.client_ip() {
            self.add("client.address", ip.to_string());
        }
        self.add_text("user_agent.original", exchange.user_agent());
    }

    fn add_end(&mut self, ended: &Ended) {
        if let Some(route) = &ended.route {
            self.add("http.route", route.clone());
        }
        self.add_number("http.response.status_code", ended.status.map(|status| status.as_u16()));
        self.add_text("error.type", ended.error_type());
    }

    /// What a handler has set. What the conventions name, it cannot overrule.
    pub(super) fn add_own(&mut self, key: Cow<'static, str>, value: &FieldValue, policy: &KeyPolicy) {
        if self.0.iter().any(|attribute| attribute.key.as_str() == key) {
            return;
        }
        let (key, mask) = (Key::from(key), Mask::once(policy));
        let value = otel_value(value);
        let value = match (mask.judge(&key, &value), value) {
            (Shown::Masked, _) => REDACTED.into(),
            (Shown::As, Value::String(text)) => mask.text(text.as_str()).into_owned().into(),
            (Shown::As, value) => value,
        };
        self.0.push(KeyValue::new(key, value));
    }

    pub(super) fn add_text(&mut self, key: &'static str, text: Option<&str>) {
        if let Some(text) = text {
            self.add(key, text.to_owned());
        }
    }

    pub(super) fn add_number(&mut self, key: &'static str, number: Option<u16>) {
        if let Some(number) = number {
            self.add(key, i64::from(number));
        }
    }

    pub(super) fn add(&mut self, key: &'static str, value: impl Into<Value>) {
        self.0.push(KeyValue::new(Key::from_static_str(key), value));
    }
}

/// A method's name, without an allocation unless the application has made it known.
pub(super) fn of_method(name: &str) -> Cow<'static, str> {
    const STATIC: [&str; 12] =
        ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE", "QUERY", "_OTHER", "HTTP"];
    match STATIC.iter().find(|known| **known == name) {
        Some(known) => Cow::Borrowed(known),
        None => Cow::Owned(name.to_owned()),
    }
}
