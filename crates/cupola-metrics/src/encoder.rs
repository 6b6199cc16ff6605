//! The encoder: what a source is handed when somebody asks for the metrics.

use std::time::SystemTime;

use crate::distribution::Detail;
use crate::family::{Family, Kind};
use crate::snapshot::{Snapshot, Value};

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

    /// What is wanted of histograms.
    pub(crate) fn detail(&self) -> Detail {
        self.snapshot.detail
    }

    /// When these metrics were asked for.
    pub(crate) fn time(&self) -> SystemTime {
        self.snapshot.time
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
    /// The value of one series. Dots in the names of labels become underscores where the format wants it; a label
    /// without text is left out.
    ///
    /// It gives nothing back, so that a source of one sample is one expression.
    pub fn value(&mut self, labels: &[(&str, &str)], value: impl Into<Number>) {
        self.series(labels.iter().copied(), None, Value::Number(value.into()));
    }

    pub(crate) fn series<'l>(
        &mut self,
        labels: impl Iterator<Item = (&'l str, &'l str)>,
        created: Option<SystemTime>,
        value: Value,
    ) {
        let fits = match &value {
            Value::Number(number) => self.kind != Kind::Histogram && !number.is_nan(),
            Value::Distribution(_) => self.kind == Kind::Histogram,
        };
        self.snapshot.add(self.name.as_deref(), labels, created, fits.then_some(value));
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

    pub(crate) const fn as_f64(self) -> f64 {
        match self.0 {
            Digits::Unsigned(number) => number as f64,
            Digits::Signed(number) => number as f64,
            Digits::Float(number) => number,
        }
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
