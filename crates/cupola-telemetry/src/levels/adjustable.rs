//! The filter over which a change can stand.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwapOption;
use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata, Subscriber};
use tracing_core::dispatcher::{self, Dispatch, WeakDispatch};
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::{Interest, callsite};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::Context;

/// The filter that is in force, as far as it names targets.
#[derive(Debug)]
pub(crate) struct InForce {
    /// Whether there is a change: without one nobody looks for it.
    is_changed: AtomicBool,
    changed: ArcSwapOption<Targets>,
    configured: Targets,
    /// Whose filter it is.
    subscriber: OnceLock<WeakDispatch>,
}

impl InForce {
    pub(crate) fn new(configured: &str) -> Self {
        let (is_changed, subscriber) = (AtomicBool::new(false), OnceLock::new());
        Self { is_changed, changed: ArcSwapOption::empty(), configured: plain(configured), subscriber }
    }

    pub(super) fn belong_to(&self, subscriber: &Dispatch) {
        // There is one, and it is told once.
        let _ = self.subscriber.set(subscriber.downgrade());
    }

    pub(super) const fn configured(&self) -> &Targets {
        &self.configured
    }

    /// From now on these are asked, or the configuration.
    pub(super) fn change(&self, targets: Option<Targets>) {
        let is_changed = targets.is_some();
        self.changed.store(targets.map(Arc::new));
        self.is_changed.store(is_changed, Ordering::Release);
        // Whoever was sure of an answer asks again. As long as there is one subscriber, whoever is the thread's own is asked,
        // and a thread that has none would answer for all that nothing is wanted.
        match self.subscriber.get().and_then(WeakDispatch::upgrade) {
            Some(subscriber) => dispatcher::with_default(&subscriber, callsite::rebuild_interest_cache),
            None => callsite::rebuild_interest_cache(),
        }
    }

    /// Whether anything of this target is wanted at all.
    pub(crate) fn knows(&self, target: &str) -> bool {
        match self.changed() {
            Some(changed) => changed.would_enable(target, &Level::ERROR),
            None => self.configured.would_enable(target, &Level::ERROR),
        }
    }

    #[inline]
    fn changed(&self) -> Option<Arc<Targets>> {
        if self.is_changed.load(Ordering::Acquire) { self.changed.load_full() } else { None }
    }
}

/// Directives as far as they name targets: those that name a span say nothing of a target.
fn plain(directives: &str) -> Targets {
    let plain: Vec<&str> =
        directives.split(',').filter(|directive| !directive.contains(['[', ']', '{', '}'])).collect();
    plain.join(",").parse().unwrap_or_else(|_| Targets::new().with_default(LevelFilter::TRACE))
}

/// A filter over which a change can stand.
///
/// Whoever is certain of a callsite is not asked again until the levels change, so that this costs nothing at an event.
#[derive(Debug)]
pub(crate) struct Adjustable<F> {
    ordinary: F,
    in_force: Arc<InForce>,
}

impl<F> Adjustable<F> {
    pub(crate) const fn new(ordinary: F, in_force: Arc<InForce>) -> Self {
        Self { ordinary, in_force }
    }
}

impl<S, F> Layer<S> for Adjustable<F>
where
    S: Subscriber,
    F: Layer<S>,
{
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        // One that watches spans learns of them here, also while it has no say.
        let ordinary = self.ordinary.register_callsite(metadata);
        match self.in_force.changed() {
            Some(changed) => Layer::<S>::register_callsite(&*changed, metadata),
            None => ordinary,
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>, spans: Context<'_, S>) -> bool {
        match self.in_force.changed() {
            Some(changed) => Layer::<S>::enabled(&*changed, metadata, spans),
            None => self.ordinary.enabled(metadata, spans),
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        match self.in_force.changed() {
            Some(changed) => Layer::<S>::max_level_hint(&*changed),
            None => self.ordinary.max_level_hint(),
        }
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, spans: Context<'_, S>) {
        self.ordinary.on_new_span(attributes, id, spans);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, spans: Context<'_, S>) {
        self.ordinary.on_record(id, values, spans);
    }

    fn on_enter(&self, id: &Id, spans: Context<'_, S>) {
        self.ordinary.on_enter(id, spans);
    }

    fn on_exit(&self, id: &Id, spans: Context<'_, S>) {
        self.ordinary.on_exit(id, spans);
    }

    fn on_close(&self, id: Id, spans: Context<'_, S>) {
        self.ordinary.on_close(id, spans);
    }
}
