//! A rented machine, and how it moves on.

use serde_json::{Value, json};

use super::dice::Dice;
use super::offer::Offer;

/// A rented machine.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    pub(super) id: u64,
    offer: Offer,
    pub(super) label: Option<String>,
    image: String,
    intended: Intended,
    /// Where it is on its way; of the way back once it is to stop.
    status: Status,
    /// How many looks it stays there.
    patience: u64,
    /// It never gets to run.
    ill: bool,
    number: u64,
}

/// What its owner wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intended {
    Running,
    Stopped,
}

/// The marketplace's own words, but for the first, which is null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Provisioning,
    Created,
    Loading,
    Running,
    Stopped,
    Exited,
}

impl Status {
    const fn word(self) -> Option<&'static str> {
        match self {
            Self::Provisioning => None,
            Self::Created => Some("created"),
            Self::Loading => Some("loading"),
            Self::Running => Some("running"),
            Self::Stopped => Some("stopped"),
            Self::Exited => Some("exited"),
        }
    }
}

/// An image of this name never gets to run, so that there is one that fails.
const ILL: &str = "broken";

impl Instance {
    pub(super) fn new(id: u64, offer: Offer, image: &str, label: Option<String>, dice: &mut Dice) -> Self {
        Self {
            id,
            offer,
            label,
            ill: image.contains(ILL),
            image: image.to_owned(),
            intended: Intended::Running,
            status: Status::Provisioning,
            patience: dice.within(1..=2),
            number: dice.within(2..=250),
        }
    }

    pub(super) fn offer_id(&self) -> u64 {
        self.offer.id
    }

    pub(super) fn intend(&mut self, intended: Intended) {
        self.intended = intended;
    }

    /// Somebody looks at it: it shows how it is, and moves on.
    pub(super) fn look(&mut self, dice: &mut Dice) -> Value {
        let shown = self.show();
        self.patience = self.patience.saturating_sub(1);
        if self.patience == 0 {
            (self.status, self.patience) = (self.next(), dice.within(1..=2));
        }
        shown
    }

    fn next(&self) -> Status {
        match (self.intended, self.status) {
            (Intended::Running, Status::Provisioning) => Status::Created,
            (Intended::Running, Status::Created | Status::Stopped) => Status::Loading,
            (Intended::Running, Status::Loading) if self.ill => Status::Exited,
            (Intended::Running, Status::Loading) => Status::Running,
            (Intended::Stopped, Status::Created | Status::Loading | Status::Running) => Status::Stopped,
            (_, status) => status,
        }
    }

    fn show(&self) -> Value {
        let runs = self.status == Status::Running;
        let Self { id, offer, label, image, number, .. } = self;
        json!({
            "id": id,
            "actual_status": self.status.word(),
            "intended_status": if self.intended == Intended::Running { "running" } else { "stopped" },
            "label": label,
            "image_uuid": image,
            "template_name": Value::Null,
            "machine_id": offer.machine_id,
            "gpu_name": offer.gpu_name,
            "num_gpus": offer.num_gpus,
            "gpu_util": runs.then(|| (number % 90) as f64),
            "dph_total": offer.dph_total,
            "geolocation": offer.geolocation,
            // Addresses that belong to nobody (RFC 5737).
            "public_ipaddr": runs.then(|| format!("203.0.113.{number}")),
            "ssh_host": format!("ssh{}.market.example", number % 9 + 1),
            "ssh_port": 10_000 + number,
            "jupyter_token": format!("stub-jupyter-{:016x}", id.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            "start_date": 1_764_000_000 + id % 1_000,
            "status_msg": (self.status == Status::Exited).then_some("the image does not start"),
        })
    }
}
