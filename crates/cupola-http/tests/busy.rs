//! Time spent polling, by choice.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::time::{advance, sleep};

use crate::support::{Frames, Records, Step, call, get as request, read};

#[tokio::test(start_paused = true)]
async fn only_the_time_of_polls_counts_the_body_s_too() {
    // The clock is paused: what advances it inside a poll is work, and what waits is not.
    let handler = || async {
        advance(Duration::from_millis(7)).await;
        sleep(Duration::from_secs(3)).await;
        Frames::new([Step::Data("a"), Step::Wait(Duration::from_secs(5)), Step::Data("b")]).body()
    };
    for measured in [true, false] {
        let records = Records::new();
        let layer = if measured { records.layer().busy_time() } else { records.layer() };
        read(call(Router::new().route("/", get(handler)).layer(layer), request("/")).await).await;
        let (_, ended) = records.one();
        assert!(ended.total >= Duration::from_secs(8), "{:?}", ended.total);
        let expected = measured.then_some(7);
        assert_eq!(ended.busy.map(|busy| busy.as_millis()), expected);
    }
}
