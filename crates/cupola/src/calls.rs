//! Calls to other services.

use cupola_client::{CallLayer, Config};
use cupola_context::Identify;
use cupola_metrics::{CallMetrics, Registry};
use cupola_record::{And, Sink, VarError};
use cupola_redact::KeyPolicy;
use cupola_telemetry::CallLines;

use crate::cupola::Cupola;

/// The layer of all clients: calls are lines and metrics, their attempts spans where those are made.
pub(crate) fn layer(
    vars: &dyn Fn(&str) -> Option<String>,
    registry: &Registry,
    policy: &KeyPolicy,
    identify: Identify,
    log: CallLines,
    spans: impl Sink,
) -> Result<CallLayer, VarError> {
    // Names are free in a registry that is new.
    let metrics = CallMetrics::new(registry).ok();
    let layer = CallLayer::new().policy(policy.clone()).identify(identify);
    Ok(Config::from_vars(vars)?.apply(layer.sink(And::new(log, And::new(metrics, spans)))))
}

impl Cupola {
    /// The layer around a client of another service: each request through it is a call, with a line, metrics, a span of each attempt where spans are exported, and the identity
    /// of the request that is being served where the host may have it (`CUPOLA_PROPAGATE_TO`). Bodies and headers
    /// are on the line by choice (`CUPOLA_CALL_BODIES`, `CUPOLA_CALL_HEADERS`). See [`cupola_client`].
    ///
    /// ```
    /// use tower::{Layer, service_fn};
    ///
    /// # let cupola = cupola::Cupola::builder("hello").output(std::io::sink()).build()?;
    /// # let client = service_fn(|_: http::Request<String>| async { Ok::<_, std::io::Error>(http::Response::new(String::new())) });
    /// let billing = cupola.call_layer().dependency("billing").layer(client);
    /// # let _ = billing;
    /// # Ok::<(), cupola::InitError>(())
    /// ```
    pub fn call_layer(&self) -> CallLayer {
        self.0.call_layer.clone()
    }

    /// A client of other services on reqwest 0.13, whose calls are lines and metrics as those of [`Self::call_layer`] are. See
    /// [`cupola_client::Client`].
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let cupola = cupola::Cupola::builder("hello").output(std::io::sink()).build()?;
    /// let users = cupola.client().base_url("http://users.internal").dependency("users").build()?;
    /// let request = users.get_template("/users/{id}", &[("id", &17)]).expect_status(404);
    /// # let _ = request;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "reqwest")]
    pub fn client(&self) -> cupola_client::ClientBuilder {
        cupola_client::Client::builder().like(&self.0.call_layer)
    }
}
