//! For code inside requests: the innermost span, and a tracer.

use std::borrow::Cow;

use cupola_context::FieldValue;
use opentelemetry::{Key, KeyValue, Value};

use super::home;
use super::layer::Before;
use super::tracer::Tracer;

/// Sets an attribute of the innermost span: that of an `#[instrument]` or a [`Tracer`], else the request's server span.
///
/// `false` where there is neither, or where the bounds of a request's fields refuse it. Nothing of it is shown on lines.
///
/// ```
/// assert!(!cupola_telemetry::otel_0_33::set("cache.hit", true), "nobody asks");
/// ```
pub fn set(key: impl Into<Cow<'static, str>>, value: impl Into<FieldValue>) -> bool {
    let (key, value) = (key.into(), value.into());
    let mut pair = Some((key, value));
    let found = home::on_innermost(|span| {
        if let Some((key, value)) = pair.take() {
            span.set_attribute(KeyValue::new(Key::from(key), otel_value(&value)));
        }
    });
    found || pair.is_some_and(|(key, value)| cupola_context::current().is_some_and(|here| here.set_on_span(key, value)))
}

/// The tracer of the pipeline that is current on this thread; its spans go nowhere where there is none.
pub fn tracer() -> Tracer {
    let found =
        tracing::dispatcher::get_default(|here| here.downcast_ref::<Before>().map(|layer| layer.tracer.clone()));
    found.unwrap_or_else(Tracer::nowhere)
}

/// OpenTelemetry's numbers are signed: what is too large for them is text.
pub(super) fn otel_value(value: &FieldValue) -> Value {
    match value {
        FieldValue::Bool(flag) => Value::Bool(*flag),
        FieldValue::I64(number) => Value::I64(*number),
        FieldValue::U64(number) => i64::try_from(*number).map_or_else(|_| number.to_string().into(), Value::I64),
        FieldValue::F64(number) => Value::F64(*number),
        text => text.to_string().into(),
    }
}
