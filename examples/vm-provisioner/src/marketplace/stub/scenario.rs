//! Which requests go wrong, and how.

use std::time::Duration;

use super::dice::Dice;
use super::fault::Fault;
use super::operation::Operation;

/// Which requests go wrong: the first so many of an operation, in the order of the script, or some of all of them.
#[derive(Clone, Debug)]
pub struct Scenario {
    script: Vec<Act>,
    /// Of so many requests one goes wrong, whichever it is.
    one_of: Option<u64>,
    dice: Dice,
}

#[derive(Clone, Debug)]
struct Act {
    operation: Option<Operation>,
    fault: Fault,
    times: u32,
}

impl Scenario {
    /// The names of those that are made already.
    pub const NAMES: [&str; 7] = ["calm", "busy", "busy-polite", "flaky", "slow", "broken", "storm"];

    /// Nothing goes wrong.
    pub const fn calm() -> Self {
        Self { script: Vec::new(), one_of: None, dice: Dice::new(0) }
    }

    /// One that is made already.
    ///
    /// | name | what goes wrong |
    /// |---|---|
    /// | `calm` | nothing |
    /// | `busy` | the first three requests are too many, and nobody says until when |
    /// | `busy-polite` | the same, with `Retry-After` |
    /// | `flaky` | of each operation the first request fails with a status of its own |
    /// | `slow` | each answer comes piece by piece |
    /// | `broken` | the first answers are cut short or no JSON |
    /// | `storm` | of four requests one goes wrong in any way, by the seed |
    pub fn named(name: &str) -> Option<Self> {
        let (calm, quiet) = (Self::calm(), Fault::TooMany { retry_after: None });
        Some(match name {
            "calm" => calm,
            "busy" => calm.any(quiet, 3),
            "busy-polite" => calm.any(Fault::TooMany { retry_after: Some(1) }, 3),
            "flaky" => calm
                .fault(Operation::Search, Fault::Failing(502), 1)
                .fault(Operation::Create, Fault::Failing(503), 1)
                .fault(Operation::Show, Fault::Failing(500), 1)
                .fault(Operation::List, Fault::Failing(504), 1)
                .fault(Operation::Change, Fault::Failing(500), 1)
                .fault(Operation::Destroy, Fault::Failing(503), 1),
            "slow" => calm.any(Fault::Slow(Duration::from_millis(40)), u32::MAX),
            "broken" => calm.any(Fault::Garbage, 1).any(Fault::Reset, 1),
            "storm" => Self { one_of: Some(4), ..calm },
            _ => return None,
        })
    }

    /// The next so many requests of this operation go wrong so; what is said later comes later.
    #[must_use]
    pub fn fault(mut self, operation: Operation, fault: Fault, times: u32) -> Self {
        self.script.push(Act { operation: Some(operation), fault, times });
        self
    }

    /// The next so many requests of any kind go wrong so.
    #[must_use]
    pub fn any(mut self, fault: Fault, times: u32) -> Self {
        self.script.push(Act { operation: None, fault, times });
        self
    }

    pub(super) fn seeded(self, seed: u64) -> Self {
        // Another row than that of the offers.
        Self { dice: Dice::new(!seed), ..self }
    }

    /// What goes wrong with the request that has come.
    pub(super) fn next(&mut self, operation: Operation) -> Option<Fault> {
        let is_next = |act: &&mut Act| act.times > 0 && act.operation.is_none_or(|named| named == operation);
        if let Some(act) = self.script.iter_mut().find(is_next) {
            act.times -= 1;
            return Some(act.fault);
        }
        let one_of = self.one_of?;
        (self.dice.within(1..=one_of) == 1).then(|| self.dice.one_of(&ANY))
    }
}

/// What a storm is made of.
const ANY: [Fault; 7] = [
    Fault::TooMany { retry_after: None },
    Fault::TooMany { retry_after: Some(1) },
    Fault::Failing(500),
    Fault::Failing(503),
    Fault::Slow(Duration::from_millis(20)),
    Fault::Reset,
    Fault::Garbage,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_played_in_its_order() {
        let failing = Fault::Failing(500);
        let mut scenario = Scenario::calm().fault(Operation::Show, failing, 2).any(Fault::Reset, 1);
        let mut next = |operation| scenario.next(operation);
        assert_eq!(next(Operation::Show), Some(failing));
        assert_eq!(next(Operation::List), Some(Fault::Reset));
        assert_eq!(next(Operation::List), None);
        assert_eq!(next(Operation::Show), Some(failing));
        assert_eq!(next(Operation::Show), None);
    }

    #[test]
    fn a_storm_is_the_same_for_the_same_seed() {
        let play = |seed| {
            let mut storm = Scenario::named("storm").unwrap().seeded(seed);
            (0..100).map(|_| storm.next(Operation::List)).collect::<Vec<_>>()
        };
        assert_eq!(play(1), play(1));
        assert_ne!(play(1), play(2));
        let wrong = play(1).iter().flatten().count();
        assert!((10..40).contains(&wrong), "{wrong}");
    }

    #[test]
    fn every_name_is_one() {
        assert!(Scenario::NAMES.iter().all(|name| Scenario::named(name).is_some()));
        assert!(Scenario::named("hurricane").is_none());
    }
}
