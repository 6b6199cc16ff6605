//! The client against the stub, whatever goes wrong there.

use cupola::Cupola;
use cupola::client::CallError;
use cupola::record::ErrorKind;

use super::stub::{Fault, Operation, Scenario, Stub};
use super::{Marketplace, Search};

struct Market {
    client: Marketplace,
    stub: Stub,
}

impl Market {
    async fn of(scenario: Scenario) -> Self {
        let cupola = Cupola::builder("test").vars(|_| None).output(std::io::sink()).build().unwrap();
        let stub = Stub::start(7, scenario).await.unwrap();
        let client = Marketplace::new(&cupola, &stub.url(), stub.key()).unwrap();
        Self { client, stub }
    }

    async fn rent(&self) -> Result<u64, CallError> {
        let offers = self.client.query_offers(&Search { limit: Some(1), ..Search::default() }).await?;
        self.client.create_instance(offers[0].id, "cuda:13", "once").await
    }

    /// Everything that one does with a machine.
    async fn whole_life(&self) -> Result<(), CallError> {
        let id = self.rent().await?;
        while !self.client.show_instance(id).await?.is_running() {}
        assert_eq!(self.client.running_instance().await?.map(|found| found.id), Some(id));
        self.client.run_instance(id, false).await?;
        self.client.destroy_instance(id).await?;
        self.client.destroy_instance(id).await
    }
}

#[tokio::test]
async fn a_machine_is_rented_used_and_given_back_whatever_goes_wrong() {
    // A creation that fails with a 5xx is not tried again: it has a test of its own.
    let flaky = [Operation::Search, Operation::Show, Operation::List, Operation::Change, Operation::Destroy];
    let flaky = flaky.into_iter().fold(Scenario::calm(), |scenario, one| scenario.fault(one, Fault::Failing(503), 1));
    let named = ["calm", "slow", "busy-polite"].map(|name| Scenario::named(name).unwrap());
    for scenario in named.into_iter().chain([flaky]) {
        let market = Market::of(scenario).await;
        market.whole_life().await.unwrap_or_else(|error| panic!("{error:?} {:?}", market.stub.seen()));
        assert_eq!(market.stub.instances(), 0);
    }
}

#[tokio::test]
async fn who_comes_too_often_comes_later() {
    let quiet = Fault::TooMany { retry_after: None };
    let market = Market::of(Scenario::calm().fault(Operation::Create, quiet, 2)).await;
    market.rent().await.unwrap();
    let creations = market.stub.seen().into_iter().filter(|seen| seen.operation == Operation::Create).count();
    assert_eq!((creations, market.stub.instances()), (3, 1));
}

#[tokio::test]
async fn nothing_is_rented_twice() {
    for fault in [Fault::Reset, Fault::Garbage] {
        let market = Market::of(Scenario::calm().fault(Operation::Create, fault, 1)).await;
        market.rent().await.unwrap();
        assert_eq!(market.stub.instances(), 1, "{fault:?}");
    }
    let market = Market::of(Scenario::calm().fault(Operation::Create, Fault::Failing(500), 1)).await;
    let error = market.rent().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Status, 1), "it may have been rented all the same");
}

#[tokio::test]
async fn what_is_refused_says_why() {
    let market = Market::of(Scenario::calm()).await;
    let error = market.client.create_instance(1, "cuda:13", "x").await.unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(404));
    assert!(error.said().unwrap().contains("there is no such offer"), "{error:?}");
    let search = Search { num_gpus: Some(3), ..Search::default() };
    assert_eq!(market.client.query_offers(&search).await.unwrap().len(), 0);
}
