//! The market: what is offered, and what is rented.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::dice::Dice;
use super::filter;
use super::instance::{Instance, Intended};
use super::offer::Offer;

/// How many offers there are.
const OFFERS: u64 = 40;

/// The first id of an instance.
const FIRST: u64 = 20_000_000;

#[derive(Debug)]
pub(super) struct Market {
    offers: Vec<Offer>,
    instances: BTreeMap<u64, Instance>,
    created: u64,
    dice: Dice,
}

/// Why nothing was rented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There is no such offer.
    Unknown,
    /// Somebody else has it.
    Gone,
}

impl Market {
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let offers = (0..OFFERS).map(|number| Offer::made(number, &mut dice)).collect();
        Self { offers, instances: BTreeMap::new(), created: 0, dice }
    }

    /// The offers that are asked for, the cheapest first.
    pub(super) fn search(&self, asked: &Map<String, Value>) -> Result<Vec<Value>, String> {
        let limit = asked.get("limit").map_or(Some(OFFERS), Value::as_u64).ok_or("limit is no number")?;
        let mut found: Vec<&Offer> = self.offers.iter().filter(|offer| offer.rentable).collect();
        found.sort_by(|a, b| a.dph_total.total_cmp(&b.dph_total));
        let mut matching = Vec::new();
        for offer in found {
            let offer = serde_json::to_value(offer).map_err(|error| error.to_string())?;
            if filter::matches(&offer, asked)? && (matching.len() as u64) < limit {
                matching.push(offer);
            }
        }
        Ok(matching)
    }

    /// Rents what is offered, and gives the new instance's id.
    pub(super) fn rent(&mut self, offer: u64, image: &str, label: Option<String>) -> Result<u64, Refusal> {
        let offer = self.offers.iter_mut().find(|known| known.id == offer).ok_or(Refusal::Unknown)?;
        if !std::mem::take(&mut offer.rentable) {
            return Err(Refusal::Gone);
        }
        let id = FIRST + self.created * 7;
        self.created += 1;
        self.instances.insert(id, Instance::new(id, offer.clone(), image, label, &mut self.dice));
        Ok(id)
    }

    /// Looks at an instance.
    pub(super) fn look(&mut self, id: u64) -> Option<Value> {
        Some(self.instances.get_mut(&id)?.look(&mut self.dice))
    }

    /// The ids of all instances.
    pub(super) fn list(&self) -> Vec<u64> {
        self.instances.keys().copied().collect()
    }

    /// Changes what is wanted of an instance; whether there is one.
    pub(super) fn change(&mut self, id: u64, intended: Option<Intended>, label: Option<String>) -> bool {
        let Some(instance) = self.instances.get_mut(&id) else { return false };
        intended.into_iter().for_each(|intended| instance.intend(intended));
        instance.label = label.or(instance.label.take());
        true
    }

    /// Gives an instance back; whether there was one. What it was made of is offered again.
    pub(super) fn destroy(&mut self, id: u64) -> bool {
        let Some(instance) = self.instances.remove(&id) else { return false };
        let offer = self.offers.iter_mut().find(|offer| offer.id == instance.offer_id());
        offer.into_iter().for_each(|offer| offer.rentable = true);
        true
    }
}
