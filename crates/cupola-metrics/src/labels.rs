//! Labels: types whose values are known to be few.

/// A label of the application's own: a type of its own, with a name and the values that it may have.
///
/// ```
/// use cupola_metrics::{Label, Values};
///
/// #[derive(Clone, Copy)]
/// enum State {
///     Running,
///     Stopped,
/// }
///
/// impl Label for State {
///     const NAME: &str = "vm.state";
///     const VALUES: Values = Values::Only(&["running", "stopped"]);
///
///     fn value(&self) -> &str {
///         match self {
///             Self::Running => "running",
///             Self::Stopped => "stopped",
///         }
///     }
/// }
///
/// let registry = cupola_metrics::Registry::new();
/// let machines = registry.gauge_by::<State>("vms", "Machines, by state.", "{vm}")?;
/// machines.with(&State::Running).set(3);
/// assert!(registry.render().contains("vms{vm_state=\"running\"} 3\n"));
/// # Ok::<(), cupola_metrics::RegisterError>(())
/// ```
pub trait Label {
    /// The label's name, as OpenTelemetry writes it.
    const NAME: &'static str;
    /// The values that it may have.
    const VALUES: Values;

    /// Its value. One that it may not have is shown as `_OTHER`, and counted in `cupola_metrics_overflow_total`; an
    /// empty one is none.
    fn value(&self) -> &str;
}

/// The values that a label may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Values {
    /// These.
    Only(&'static [&'static str]),
    /// The first so many that come; for names that an operator chooses, not for those that a client sends.
    AtMost(usize),
}

/// What stands for values that a label may not have, and for series over the limit.
pub(crate) const OTHER: &str = "_OTHER";

/// The labels of an instrument: one [`Label`], or a tuple of two to six, or `()`.
pub trait LabelSet {
    /// Each label's name and values, in their order.
    const LABELS: &'static [(&'static str, Values)];

    /// Shows each label's value, in the same order.
    fn each(&self, visit: &mut dyn FnMut(&str));
}

impl LabelSet for () {
    const LABELS: &'static [(&'static str, Values)] = &[];

    fn each(&self, _: &mut dyn FnMut(&str)) {}
}

impl<A: Label> LabelSet for A {
    const LABELS: &'static [(&'static str, Values)] = &[(A::NAME, A::VALUES)];

    fn each(&self, visit: &mut dyn FnMut(&str)) {
        visit(self.value());
    }
}

macro_rules! tuple {
    ($($label:ident $number:tt),+) => {
        impl<$($label: Label),+> LabelSet for ($($label,)+) {
            const LABELS: &'static [(&'static str, Values)] = &[$(($label::NAME, $label::VALUES)),+];

            fn each(&self, visit: &mut dyn FnMut(&str)) {
                $(visit(self.$number.value());)+
            }
        }
    };
}

tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);
tuple!(A 0, B 1, C 2, D 3, E 4);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5);
