//! The encoder: what a source is handed when somebody asks for the metrics.

use crate::duration_histogram::Distribution;
use crate::family::{Family, Kind};
use crate::snapshot::{Snapshot, Value};
use crate::text;

/// Takes families and their samples, whatever format was asked for.
///
/// Samples may come in any order and from any number of sources: they are sorted. One that cannot be shown, because its
/// name is not valid, another type's or already told, is left out and counted in `cupola_metrics_refused_total`.
#[derive(Debug)]
pub struct Encoder<'a> {
    snapshot: &'a mut Snapshot,
}

impl<'a> Encoder<'a> {
    pub(crate) fn new(snapshot: &'a mut Snapshot) -> Self {
        Self { snapshot }
    }

    /// The family to which the next samples belong.
    pub fn family(&mut self, family: &Family) -> Samples<'_> {
        let name = self.snapshot.open(family);
        Samples { snapshot: self.snapshot, name, kind: family.kind }
    }
}

/// Takes the samples of one family.
#[derive(Debug)]
pub struct Samples<'a> {
    snapshot: &'a mut Snapshot,
    name: Option<String>,
    kind: Kind,
}

impl Samples<'_> {
    /// The value of one series. Dots in the names of labels become underscores; a label without text is left out.
    ///
    /// It gives nothing back, so that a source of one sample is one expression.
    pub fn value(&mut self, labels: &[(&str, &str)], value: impl Into<Number>) {
        let value = value.into();
        let fits = self.kind != Kind::Histogram && !value.is_nan();
        self.add(labels, fits.then_some(Value::Number(value)));
    }

    pub(crate) fn distribution(&mut self, labels: &[(&str, &str)], distribution: Distribution) {
        let fits = self.kind == Kind::Histogram;
        self.add(labels, fits.then_some(Value::Distribution(distribution)));
    }

    fn add(&mut self, labels: &[(&str, &str)], value: Option<Value>) {
        self.snapshot.add(self.name.as_deref(), text::labels(labels), value);
    }
}

/// The value of a sample; made by `into()` from whole numbers and from `f64`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number(pub(crate) Digits);

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Digits {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
}

impl Number {
    const fn is_nan(self) -> bool {
        matches!(self.0, Digits::Float(float) if float.is_nan())
    }
}

macro_rules! from {
    ($($number:ty => $digits:ident),*) => {$(
        impl From<$number> for Number {
            fn from(number: $number) -> Self {
                Self(Digits::$digits(number.into()))
            }
        }
    )*};
}
from!(u32 => Unsigned, u64 => Unsigned, i32 => Signed, i64 => Signed, f64 => Float);
