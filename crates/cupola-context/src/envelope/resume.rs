//! From an envelope to the context that a job is worked on in.

use super::Envelope;
use crate::baggage::Baggage;
use crate::context::{Context, Identity, Origin};
use crate::identify::{Fresh, Identify};
use crate::propagators::Propagators;
use crate::relation::Relation;
use crate::trace_context::TraceContext;
use crate::trace_flags::TraceFlags;

impl Identify {
    /// The context of work that nobody has asked for, or nobody who is known.
    pub fn root(&self, fresh: &Fresh) -> Context {
        self.resume(&Envelope::new(), Relation::None, fresh)
    }

    /// The context of work that an envelope asks for. Whom it came from is trusted as far as the queue is.
    pub fn resume(&self, envelope: &Envelope, relation: Relation, fresh: &Fresh) -> Context {
        let (trace, origin) = self.place_within(envelope.trace.as_ref(), relation, fresh);
        let shares = relation != Relation::None;
        let id = envelope.request_id.as_ref().filter(|_| shares);
        let baggage = shares && self.propagators.contain(Propagators::BAGGAGE);
        let identity = Identity {
            request_id: id.cloned().unwrap_or_else(|| fresh.request_id(self.format, trace.trace_id)),
            trace,
            origin,
            baggage: if baggage { envelope.baggage.clone() } else { Baggage::EMPTY },
            propagators: self.propagators,
            spans: self.spans,
            client_ip: None,
        };
        let context = Context::of(identity);
        if shares { context.with_fields(&envelope.fields) } else { context }
    }

    fn place_within(&self, asked: Option<&TraceContext>, relation: Relation, fresh: &Fresh) -> (TraceContext, Origin) {
        if let (Some(asked), Relation::Child) = (asked, relation) {
            let flags = self.sampler.flags(Some(asked.flags), asked.trace_id);
            let mut trace = TraceContext::new(asked.trace_id, fresh.span_id(), flags);
            trace.state = asked.state.clone();
            return (trace, Origin::Continued(asked.span_id));
        }
        let trace_id = fresh.trace_id();
        let flags = TraceFlags::RANDOM.with_sampled(self.sampler.flags(None, trace_id).is_sampled());
        let linked = asked.filter(|_| relation == Relation::Link).cloned();
        (TraceContext::new(trace_id, fresh.span_id(), flags), linked.map_or(Origin::Root, Origin::Linked))
    }
}
