//! Lines held back: what the filter does not admit is kept with its request, and written only if that fails.

use std::sync::Arc;

use cupola_context::{Context, current};
use cupola_line::{Key, LineBuffer};
use cupola_record::{Duties, Ended, Exchange, Record, Sink, TARGET};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_core::Interest;
use tracing_core::span::{Attributes, Id, Record as Values};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context as LayerContext;
use tracing_subscriber::registry::LookupSpan;

use crate::context_keys::write_ids;
use crate::held::{Held, HeldBack, MAX_ALL_BYTES, Pool};
use crate::levels::InForce;
use crate::line_layer::LineLayer;
use crate::own_line;
use crate::queue::Lines;

/// The field that marks a line that was held back.
pub(crate) const HELD_BACK: Key<'static> = Key::new("held_back");

/// A sink that writes the lines which were held back of a request, when that has failed.
///
/// They are the lines of the request that the filter (`RUST_LOG`) does not admit and the wider level does. Each is encoded
/// and masked when it is said, and marked `"held_back":true`. They are written, with the times at which they were said,
/// before the access line of a request that
/// - ended at ERROR: a 5xx, a service or body error, a timeout, a panic, a gRPC server error;
/// - or was slow, whatever its status, and whoever ended it.
///
/// A client's error (4xx) is none of the service's, and neither is a client that leaves: by themselves they write nothing.
/// What is muted writes nothing either. All other lines held back vanish with the request.
///
/// Of each request the last 64 KiB are held, of all together 16 MiB: older lines make room for newer ones, and a line says
/// how many are missing (`missing_lines`). Lines outside of requests, and those that come after the end of theirs, follow
/// the filter alone. So do spans, and the access lines themselves. A target that the filter switches off altogether
/// (`RUST_LOG=info,hyper=off`; without a level for all, each that has none) is not held back either.
///
/// It stands before the sink that writes access lines.
#[derive(Clone, Debug)]
pub struct HeldLines {
    pool: Arc<Pool>,
    lines: Arc<Lines>,
}

impl HeldLines {
    pub(crate) fn new(lines: Arc<Lines>) -> Self {
        Self { pool: Arc::new(Pool::new(MAX_ALL_BYTES)), lines }
    }

    fn write(&self, mut held: HeldBack, context: &Context) {
        if held.missing() > 0 {
            self.lines.offer(Level::WARN, &missing_line(held.missing(), context));
        }
        // As those of their level would: a flood of them leaves the last of the queue to errors.
        held.lines().for_each(|line| self.lines.offer(Level::DEBUG, line));
    }
}

impl Sink for HeldLines {
    fn opened(&self, exchange: &Exchange) {
        if !exchange.served.contains(Duties::HOLD) {
            exchange.context.keep(Held::new(self.pool.clone()));
        }
    }

    fn record(&self, record: Record<'_>) {
        let Record::Exchange(exchange, ended) = record else { return };
        if exchange.served.contains(Duties::HOLD) {
            return;
        }
        let held = exchange.context.kept().and_then(Held::close);
        if let Some(held) = held.filter(|_| tells(ended)) {
            self.write(held, &exchange.context);
        }
    }

    fn duties(&self) -> Duties {
        Duties::HOLD
    }
}

/// Whether so much is to be known of a request that has ended like this. ERROR may be the chosen level of a success too.
fn tells(ended: &Ended) -> bool {
    let failed = ended.level() == Level::ERROR && ended.error_type().is_some();
    !ended.muted && (failed || ended.slow)
}

fn missing_line(lines: u64, context: &Context) -> LineBuffer {
    let message = "of the lines that were held back some are missing";
    own_line::of(Level::WARN, ("cupola::log", "general"), message, |line| {
        line.u64(Key::new("missing_lines"), lines);
        line.bool(HELD_BACK, true);
        write_ids(line, context);
    })
}

/// The ordinary filter, and a wider level behind it: an event that only the latter admits is kept with the request that
/// it belongs to, and nobody else sees it.
#[derive(Debug)]
pub(crate) struct HoldBack<F> {
    ordinary: F,
    level: LevelFilter,
    /// The ordinary filter as far as it names targets.
    targets: Arc<InForce>,
    lines: LineLayer,
}

impl<F> HoldBack<F> {
    /// `targets` are the ordinary filter's, and `lines` encodes as the layer further out does.
    pub(crate) const fn new(ordinary: F, level: LevelFilter, targets: Arc<InForce>, lines: LineLayer) -> Self {
        Self { ordinary, level, targets, lines }
    }

    /// Whether an event of this callsite is for the request alone, unless the ordinary filter admits it. Not our own
    /// lines: whoever asks whether an access line is wanted means by the ordinary filter.
    fn widens(&self, metadata: &Metadata<'_>) -> bool {
        !metadata.is_span()
            && *metadata.level() <= self.level
            && metadata.target() != TARGET
            && self.targets.knows(metadata.target())
    }
}

/// The ambient request's lines, while it has not ended.
fn holding<R>(work: impl FnOnce(&Held) -> R) -> Option<R> {
    let context = current()?;
    context.kept().filter(|held: &&Held| held.is_open()).map(work)
}

impl<S, F> Layer<S> for HoldBack<F>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    F: Layer<S>,
{
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        let ordinary = self.ordinary.register_callsite(metadata);
        if ordinary.is_never() && self.widens(metadata) { Interest::sometimes() } else { ordinary }
    }

    fn enabled(&self, metadata: &Metadata<'_>, spans: LayerContext<'_, S>) -> bool {
        self.ordinary.enabled(metadata, spans) || (self.widens(metadata) && holding(|_| ()).is_some())
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.ordinary.max_level_hint().map(|ordinary| ordinary.max(self.level))
    }

    fn event_enabled(&self, event: &Event<'_>, spans: LayerContext<'_, S>) -> bool {
        let admitted = !self.widens(event.metadata()) || self.ordinary.enabled(event.metadata(), spans.clone());
        if !admitted {
            holding(|held| self.lines.hold(event, &spans, held));
        }
        admitted
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, spans: LayerContext<'_, S>) {
        self.ordinary.on_new_span(attributes, id, spans);
    }

    fn on_record(&self, id: &Id, values: &Values<'_>, spans: LayerContext<'_, S>) {
        self.ordinary.on_record(id, values, spans);
    }

    fn on_enter(&self, id: &Id, spans: LayerContext<'_, S>) {
        self.ordinary.on_enter(id, spans);
    }

    fn on_exit(&self, id: &Id, spans: LayerContext<'_, S>) {
        self.ordinary.on_exit(id, spans);
    }

    fn on_close(&self, id: Id, spans: LayerContext<'_, S>) {
        self.ordinary.on_close(id, spans);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cupola_context::{Fresh, RequestIdFormat};
    use cupola_redact::KeyPolicy;
    use std::sync::Mutex;
    use tracing_subscriber::layer::SubscriberExt;

    /// What another layer gets to see.
    #[derive(Clone, Default)]
    struct Others(Arc<Mutex<Vec<&'static str>>>);

    impl<S: Subscriber> Layer<S> for Others {
        fn on_event(&self, event: &Event<'_>, _: LayerContext<'_, S>) {
            self.0.lock().unwrap().push(event.metadata().level().as_str());
        }
    }

    #[test]
    fn what_is_held_back_no_other_layer_sees() {
        let lines = LineLayer::new(Arc::new(Lines::new(1024)), KeyPolicy::default());
        let others = Others::default();
        let filter = HoldBack::new(LevelFilter::INFO, LevelFilter::DEBUG, Arc::new(InForce::new("info")), lines);
        let subscriber = tracing_subscriber::registry().with(filter).with(others.clone());
        let context = Context::root(RequestIdFormat::Ulid, &Fresh::new(0, [1; 40]));
        context.keep(Held::new(Arc::new(Pool::new(MAX_ALL_BYTES))));
        tracing::subscriber::with_default(subscriber, || {
            tracing::debug!("of no request");
            context.enter(|| {
                tracing::info!("as always");
                tracing::debug!("held back");
                tracing::trace!("not wanted");
            });
        });
        let mut held = context.kept::<Held>().and_then(Held::close).unwrap();
        let held: Vec<String> = held.lines().map(|line| String::from_utf8_lossy(line).into_owned()).collect();
        assert!(held.len() == 1 && held[0].contains(r#""message":"held back","held_back":true"#), "{held:?}");
        assert_eq!(*others.0.lock().unwrap(), ["INFO"]);
    }

    #[test]
    fn only_what_directives_say_of_a_target_switches_it_off() {
        let check = |directives: &str, target: &str, on| {
            assert_eq!(InForce::new(directives).knows(target), on, "{directives} {target}");
        };
        check("info", "app", true);
        check("info,hyper=off", "hyper::proto", false);
        check("app=info", "hyper", false);
        check("off", "app", false);
        check("info,hyper=off,app[step{id=1}]=debug", "hyper", false);
        check("info,app[step{id=1,name=x}]=debug", "app", true);
    }
}
