//! Work that is watched: when it begins, how it ends, and how long it took.

use std::any::type_name;
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};
use std::time::Instant;

use cupola_context::{Context, FieldValue, Scope, current, enter_scope, enter_slot};
use pin_project_lite::pin_project;

use crate::open::Clock;
use crate::vocabulary::{Operation, Status};

/// Why work has failed, as its line tells it.
#[derive(Clone, Copy)]
pub struct Failure<'o> {
    error_type: &'o str,
    error: Option<&'o dyn fmt::Display>,
}

impl<'o> Failure<'o> {
    /// A failure of this type, from a closed set: never an error's text.
    pub const fn new(error_type: &'o str) -> Self {
        Self { error_type, error: None }
    }

    /// With a text.
    #[must_use]
    pub const fn text(mut self, error: &'o dyn fmt::Display) -> Self {
        self.error = Some(error);
        self
    }

    /// A [`Judge`] of results whose errors have a text: the type is the name of the error's type.
    pub fn of_result<T, E: fmt::Display>(output: &Result<T, E>) -> Option<Failure<'_>> {
        output.as_ref().err().map(|error| Failure::new(type_name::<E>()).text(error))
    }

    /// A [`Judge`] of any result: the type is the name of the error's type.
    pub fn of_any_result<T, E>(output: &Result<T, E>) -> Option<Failure<'_>> {
        output.as_ref().err().map(|_| Failure::new(type_name::<E>()))
    }

    /// A [`Judge`] of values that are no results.
    pub const fn never<T>(_: &T) -> Option<Failure<'_>> {
        None
    }
}

impl fmt::Debug for Failure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure").field("error_type", &self.error_type).finish_non_exhaustive()
    }
}

/// Says of an output whether the work has failed.
pub type Judge<O> = for<'o> fn(&'o O) -> Option<Failure<'o>>;

pin_project! {
    /// A future that says when it begins (DEBUG) and how it ends: completed (INFO), failed (ERROR), or dropped before its
    /// end: cancelled (WARN). Each as an [`Operation`], with how long it took since its first poll.
    ///
    /// It is worked on in the context and the scope in which it was made, wherever it is polled.
    ///
    /// ```
    /// use cupola_record::{Failure, Logged};
    ///
    /// # #[allow(clippy::disallowed_methods)]
    /// # fn now() -> std::time::Instant { std::time::Instant::now() }
    /// let work = async { "7".parse::<u32>() };
    /// let logged = Logged::new("parse_number", work, Failure::of_result, now).field("digits", 1);
    /// # drop(logged);
    /// ```
    #[must_use = "futures do nothing unless polled"]
    pub struct Logged<'a, F>
    where
        F: Future,
    {
        #[pin]
        inner: Option<F>,
        judge: Judge<F::Output>,
        watch: Watch<'a>,
        slot: Option<Context>,
        scope: Option<Scope>,
    }

    impl<F> PinnedDrop for Logged<'_, F>
    where
        F: Future,
    {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let (_context, _scope) = (enter_slot(this.slot), enter_scope(this.scope));
            // What the work's own drop says comes before its end.
            this.inner.set(None);
            this.watch.abandon();
        }
    }
}

impl<'a, F: Future> Logged<'a, F> {
    /// The future under the operation's name. `judge` says which outputs are failures: [`Failure`] has those for results.
    pub fn new(operation: impl Into<Operation<'a>>, future: F, judge: Judge<F::Output>, clock: Clock) -> Self {
        let (watch, slot, scope) = (Watch::new(operation.into(), clock), current(), Scope::current());
        Self { inner: Some(future), judge, watch, slot, scope }
    }

    /// With a field of the caller's own, on its lines and on every line inside.
    pub fn field(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<FieldValue>) -> Self {
        let own = self.watch.operation.scope.take().unwrap_or_default();
        self.watch.operation.scope = Some(own.with(key, value));
        self
    }
}

impl<F: Future> Future for Logged<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        this.watch.give_fields(this.scope);
        let (_context, _scope) = (enter_slot(this.slot), enter_scope(this.scope));
        this.watch.begin();
        let inner = this.inner.as_mut().as_pin_mut().expect("it is polled no more after its end");
        let polled = inner.poll(cx);
        this.watch.inside = false;
        if let Poll::Ready(output) = &polled {
            this.watch.end((this.judge)(output));
            this.inner.set(None);
        }
        polled
    }
}

impl<F: Future> fmt::Debug for Logged<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logged").field("operation", &self.watch.operation.operation).finish_non_exhaustive()
    }
}

/// Does work, and says so as [`Logged`] does. A panic is a failure of the type `panic`.
///
/// ```
/// use cupola_record::{Failure, Operation, logged_work};
///
/// # #[allow(clippy::disallowed_methods)]
/// # fn now() -> std::time::Instant { std::time::Instant::now() }
/// let operation = Operation::running("parse_number").field("digits", 1);
/// assert_eq!(logged_work(operation, || "7".parse::<u32>(), Failure::of_result, now), Ok(7));
/// ```
pub fn logged_work<'a, R>(
    operation: impl Into<Operation<'a>>,
    work: impl FnOnce() -> R,
    judge: Judge<R>,
    clock: Clock,
) -> R {
    let (mut watch, mut scope) = (Abandons(Watch::new(operation.into(), clock)), Scope::current());
    watch.0.give_fields(&mut scope);
    let _scope = enter_scope(&mut scope);
    watch.0.begin();
    let output = work();
    watch.0.end(judge(&output));
    output
}

/// Left without an end, work has panicked.
struct Abandons<'a>(Watch<'a>);

impl Drop for Abandons<'_> {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

/// The lines of one piece of work: at most one beginning and one end.
#[derive(Debug)]
struct Watch<'a> {
    operation: Operation<'a>,
    clock: Clock,
    began: Option<Instant>,
    ended: bool,
    /// The work itself runs: who leaves now, panics.
    inside: bool,
}

impl<'a> Watch<'a> {
    const fn new(operation: Operation<'a>, clock: Clock) -> Self {
        Self { operation, clock, began: None, ended: false, inside: false }
    }

    /// The fields of the caller's own are ambient from here on, for the lines inside too.
    fn give_fields(&mut self, scope: &mut Option<Scope>) {
        if let Some(own) = self.operation.scope.take() {
            *scope = Some(own);
        }
    }

    fn begin(&mut self) {
        if self.began.is_none() {
            self.began = Some((self.clock)());
            self.operation.status = Status::Running;
            self.operation.emit();
        }
        self.inside = true;
    }

    fn end(&mut self, failure: Option<Failure<'_>>) {
        let status = if failure.is_some() { Status::Failed } else { Status::Success };
        self.say_end(status, failure);
    }

    fn abandon(&mut self) {
        if self.began.is_some() && !self.ended {
            match self.inside {
                true => self.say_end(Status::Failed, Some(Failure::new("panic"))),
                false => self.say_end(Status::Cancelled, Some(Failure::new("cancelled"))),
            }
        }
    }

    fn say_end(&mut self, status: Status, failure: Option<Failure<'_>>) {
        self.ended = true;
        let took = self.began.map(|began| (self.clock)().saturating_duration_since(began));
        let mut ended = self.operation.clone();
        (ended.status, ended.duration) = (status, took);
        if let Some(failure) = &failure {
            ended = ended.error_type(failure.error_type);
        }
        ended.emit_with(failure.and_then(|failure| failure.error));
    }
}
