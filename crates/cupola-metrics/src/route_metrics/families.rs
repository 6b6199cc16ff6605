//! The names of what is counted of requests. Those of OpenTelemetry's conventions are as they have them.

use cupola_record::Outcome;

use crate::distribution::Detail;
use crate::family::{Family, Kind};
use crate::route_metrics::cells::{AskedCells, read};
use crate::snapshot::Value;

pub(super) const DURATION: Family = Family::durations(
    "http.server.request.duration",
    "How long requests took, to the end of the response's body, or to the head of a stream of events. Upgraded connections are not in it.",
);

pub(super) const ACTIVE: Family =
    Family::up_down("http.server.active_requests", "Requests that have begun and not ended.").unit("{request}");

pub(super) const REQUEST: Family = Family::of(
    Kind::Histogram,
    "http.server.request.body.size",
    "Bytes of the request's body that were read, where there was one.",
    "By",
);

pub(super) const RESPONSE: Family = Family::of(
    Kind::Histogram,
    "http.server.response.body.size",
    "Bytes of the response's body that were sent, where there was one.",
    "By",
);

pub(super) const HEAD: Family =
    Family::durations("cupola.http.time_to_head", "How long requests took to the head of the response.");

pub(super) const BUSY: Family =
    Family::durations("cupola.http.busy", "How long the service was polled for a request and its body.");

pub(super) const LIFETIME: Family =
    Family::durations("cupola.http.upgraded.lifetime", "How long connections of another protocol lasted.");

pub(super) const ABORTED: Family =
    Family::counter("cupola.http.aborted", "Requests that did not end with a whole response, by outcome.")
        .unit("{request}");

pub(super) const SLOW: Family =
    Family::counter("cupola.http.slow", "Requests that took longer than the limit for slow ones.").unit("{request}");

pub(super) const UPGRADED: Family =
    Family::counter("cupola.http.upgraded", "Requests that ended as connections of another protocol.")
        .unit("{request}");

/// The families that are ours in every registry.
pub(crate) const FAMILIES: [Family; 10] =
    [DURATION, ACTIVE, REQUEST, RESPONSE, HEAD, BUSY, LIFETIME, ABORTED, SLOW, UPGRADED];

/// What is told of a method, a route and a scheme, where there is anything to tell.
pub(super) const ASKED: [(Family, Read); 5] = [
    (HEAD, |cells, detail| cells.head.get().map(|cells| read(cells, detail))),
    (SLOW, |cells, _| cells.slow.get().map(|slow| Value::Number(slow.get().into()))),
    (BUSY, |cells, detail| cells.busy.get().map(|cells| read(cells, detail))),
    (UPGRADED, |cells, _| cells.outcome(Outcome::Upgraded)),
    (LIFETIME, |cells, detail| cells.lifetime.get().map(|cells| read(cells, detail))),
];

type Read = fn(&AskedCells, Detail) -> Option<Value>;
