//! A typed client of the marketplace: one short function for each of its operations.

use std::time::Duration;

use cupola::Cupola;
use cupola::client::{Breaker, CallError, Client, RateLimit, RetryPolicy};
use cupola::record::ErrorKind;
use serde::Deserialize;
use serde_json::{Value, json};

use super::life::Lives;
use super::model::{Instance, Offer, Search, counted};

/// A client of the marketplace. Clones share connections, budget, breaker and limit.
#[derive(Clone, Debug)]
pub struct Marketplace {
    client: Client,
    lives: Lives,
}

#[derive(Deserialize)]
struct Offers {
    offers: Vec<Offer>,
}

#[derive(Deserialize)]
struct Created {
    new_contract: u64,
}

#[derive(Deserialize)]
struct Shown {
    instances: Instance,
}

#[derive(Deserialize)]
struct Page {
    instances: Vec<Instance>,
    next_token: Option<String>,
}

impl Marketplace {
    /// A client of the marketplace at this URL.
    ///
    /// # Errors
    /// The URL or the key is none.
    pub fn new(cupola: &Cupola, url: &str, key: &str) -> Result<Self, CallError> {
        let client = cupola
            .client()
            .base_url(url)
            .dependency("gpu-marketplace")
            .user_agent(concat!("vm-provisioner/", env!("CARGO_PKG_VERSION")))
            .default_header("authorization", format!("Bearer {key}"))
            .attempt_timeout(Duration::from_secs(5))
            .response_limit(4 * 1024 * 1024)
            .retry(patient())
            .breaker(Breaker::new(20, Duration::from_secs(5)))
            .rate_limit(RateLimit::per_second(50))
            .build()?;
        Ok(Self { client, lives: Lives::default() })
    }

    /// What is offered.
    ///
    /// # Errors
    /// As all others: see [`CallError::kind`]; a refusal is a status, with what the marketplace said.
    pub async fn query_offers(&self, search: &Search) -> Result<Vec<Offer>, CallError> {
        // A search is a POST that changes nothing.
        let client = self.client.operation("query_offers").with("filters", search.filters());
        let call = client.post("/api/v0/bundles").template("/api/v0/bundles").idempotent(true).json(&search.body());
        let found = call.receive_counted(|found: &Offers| vec![("offers", found.offers.len().into())]).await?;
        Ok(found.offers)
    }

    /// Rents an offer; gives the machine's id. Where nobody knows whether it was rented, since the answer broke off, it is looked
    /// for by its label, which is to be used once.
    pub async fn create_instance(&self, offer: u64, image: &str, label: &str) -> Result<u64, CallError> {
        let client = self.client.operation("create_instance").with("offer_id", offer).with("label", label.to_owned());
        let call = client
            .put_template("/api/v0/asks/{id}", &[("id", &offer)])
            .json(&json!({ "image": image, "label": label }));
        // Two of these rent two machines; one that is told to come later has rented none.
        let call = call.idempotent(false).retry(patient().unprocessed([429]));
        let id = match call.receive_counted(|made: &Created| vec![("instance_id", made.new_contract.into())]).await {
            Ok(made) => made.new_contract,
            Err(error) if leaves_open(error.kind()) => self.labelled(label).await?.ok_or(error)?,
            Err(error) => return Err(error),
        };
        self.lives.begins(id);
        Ok(id)
    }

    async fn labelled(&self, label: &str) -> Result<Option<u64>, CallError> {
        let all = self.list_instances().await?;
        Ok(all.iter().find(|instance| instance.label.as_deref() == Some(label)).map(|instance| instance.id))
    }

    /// One machine.
    pub async fn show_instance(&self, id: u64) -> Result<Instance, CallError> {
        let client = self.client.operation("show_instance").with("instance_id", id);
        let call = client.get_template("/api/v0/instances/{id}", &[("id", &id)]);
        let status = |shown: &Shown| vec![("instance_status", shown.instances.status().to_owned().into())];
        let shown = call.receive_counted(status).await?.instances;
        self.lives.seen(&shown);
        Ok(shown)
    }

    /// All machines.
    pub async fn list_instances(&self) -> Result<Vec<Instance>, CallError> {
        let client = self.client.operation("list_instances");
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let call = client.get("/api/v1/instances").template("/api/v1/instances").query(&[("after_token", &after)]);
            let page = call.receive_counted(|page: &Page| counted(&page.instances)).await?;
            all.extend(page.instances);
            after = page.next_token;
            if after.is_none() {
                break;
            }
        }
        all.iter().for_each(|instance| self.lives.seen(instance));
        Ok(all)
    }

    /// A machine that can be worked on, if there is one.
    pub async fn running_instance(&self) -> Result<Option<Instance>, CallError> {
        Ok(self.list_instances().await?.into_iter().find(Instance::is_running))
    }

    /// Starts or stops a machine.
    pub async fn run_instance(&self, id: u64, running: bool) -> Result<(), CallError> {
        let client = self.client.operation(if running { "start_instance" } else { "stop_instance" });
        let call = client.with("instance_id", id).put_template("/api/v0/instances/{id}", &[("id", &id)]);
        let state = if running { "running" } else { "stopped" };
        call.json(&json!({ "state": state })).receive::<Value>().await.map(drop)
    }

    /// Gives a machine back. One that is gone already is no failure.
    pub async fn destroy_instance(&self, id: u64) -> Result<(), CallError> {
        let client = self.client.operation("destroy_instance").with("instance_id", id);
        let call = client.delete_template("/api/v0/instances/{id}", &[("id", &id)]).expect_status(404);
        match call.receive::<Value>().await {
            Err(error) if error.status().is_none_or(|status| status != 404) => return Err(error),
            _ => self.lives.ends(id),
        }
        Ok(())
    }
}

/// The marketplace says that one comes too often, and not until when.
fn patient() -> RetryPolicy {
    RetryPolicy::new().attempts(5).backoff(Duration::from_millis(200), Duration::from_secs(4))
}

/// Whether the work may have been done, though no answer says so.
const fn leaves_open(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Body | ErrorKind::Decode | ErrorKind::Protocol | ErrorKind::Timeout)
}
