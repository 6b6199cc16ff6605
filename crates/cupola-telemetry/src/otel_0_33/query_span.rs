//! A finished query of a database as one finished span of kind client.

use cupola_context::SpanId;
use cupola_record::{CallTrace, Query, QueryEnded};
use opentelemetry::InstrumentationScope;
use opentelemetry::trace::{self, SpanKind, Status};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

use super::attributes::Attributes;
use super::span_context::span_context;

/// As many as there can be, so that the list is allocated once.
const MOST: usize = 10;

pub(super) fn of(
    query: &Query,
    ended: &QueryEnded,
    within: &CallTrace,
    id: SpanId,
    scope: &InstrumentationScope,
) -> SpanData {
    let mut place = within.context(id);
    if let Some(context) = &query.context {
        place.state = context.trace().state.clone();
    }
    let parent = within.parent.map_or(trace::SpanId::INVALID, |span| trace::SpanId::from_bytes(span.to_bytes()));
    let summary = query.summary();
    let mut list = Attributes::with_capacity(MOST);
    list.add("db.system.name", query.system.as_str());
    list.add_text("db.operation.name", query.operation());
    list.add_text("db.collection.name", query.target());
    list.add_text("db.query.summary", Some(&summary));
    list.add_text("db.query.text", query.statement());
    if let Some(size) = query.batch.filter(|size| *size > 1) {
        list.add("db.operation.batch.size", i64::from(size));
    }
    if let Some(rows) = ended.rows {
        list.add("db.response.returned_rows", i64::try_from(rows).unwrap_or(i64::MAX));
    }
    if let Some(error) = ended.error() {
        list.add_text("db.response.status_code", error.database_code());
        list.add("error.type", error.kind().as_str());
    }
    list.add_text("cupola.dependency", query.dependency.as_deref());
    SpanData {
        span_context: span_context(&place, false),
        parent_span_id: parent,
        parent_span_is_remote: false,
        span_kind: SpanKind::Client,
        name: summary.into(),
        start_time: query.started,
        end_time: query.started.checked_add(ended.duration).unwrap_or(query.started),
        attributes: list.into_list(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: ended.error().map_or(Status::Unset, |_| Status::error("")),
        instrumentation_scope: scope.clone(),
    }
}
