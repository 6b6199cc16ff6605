//! Rules over the store beside the service, and those who are told, where this build has them.

#[cfg(feature = "alerts")]
pub(crate) use with::{Monitoring, Notifiers};
#[cfg(not(feature = "alerts"))]
pub(crate) use without::{Monitoring, Notifiers};

#[cfg(feature = "alerts")]
mod with {
    use std::sync::Arc;

    use cupola_alert::{Alerts, LOG, Log, Manner, Message, Notifier, Receiver, Receivers, Rules, Sending};
    use cupola_metrics::Registry;
    use cupola_record::{VarError, Vars};
    use cupola_store::{Metadata, MetadataFile};
    use cupola_telemetry::{Telemetry, Voice};
    use tokio::sync::watch;

    use crate::error::InitError;
    use crate::keeping::{Keeping, now};

    /// The alerts, where there is a store to judge.
    #[derive(Debug)]
    pub(crate) struct Monitoring {
        alerts: Option<Arc<Alerts>>,
        /// What people decide, beside the store that this process writes.
        #[cfg_attr(not(feature = "dashboard"), expect(dead_code, reason = "the pages alone look there"))]
        metadata: Option<Arc<dyn Metadata>>,
        ends: watch::Sender<()>,
        /// Why there are none although somebody wants them.
        trouble: Option<&'static str>,
    }

    /// Receivers that the code brings.
    pub(crate) type Notifiers = Vec<(String, Arc<dyn Notifier>)>;

    impl Monitoring {
        pub(crate) fn from_vars(
            vars: Vars<'_>,
            notifiers: Notifiers,
            keeping: &Keeping,
            telemetry: &Telemetry,
        ) -> Result<Self, InitError> {
            let (rules, of_file) = file(vars)?;
            let receivers = Receivers::from_vars(&|name| vars.text(name))?.and(of_file);
            let told = |receivers: Receivers, (name, notifier)| {
                receivers.with_receiver(name, Receiver { notifier, send_resolved: true })
            };
            let receivers = notifiers.into_iter().fold(receivers, told);
            let is_on = vars.yes_or_no("CUPOLA_MONITORING")?;
            let is_wanted = is_on.unwrap_or_else(|| receivers.reach_anybody());
            let metadata = keeping.dir().map(MetadataFile::open).transpose()?;
            let metadata = metadata.map(|metadata| Arc::new(metadata) as Arc<dyn Metadata>);
            let judged = keeping.reader().filter(|_| is_on != Some(false)).zip(metadata.clone());
            let alerts = judged.map(|(reader, metadata)| {
                let receivers = receivers.with(LOG, Aloud(telemetry.voice()));
                Arc::new(Alerts::new(Arc::new(reader), metadata, rules, receivers))
            });
            let trouble = "rules judge what a store has, and there is none: CUPOLA_STORE names it";
            let trouble = (is_wanted && alerts.is_none()).then_some(trouble);
            Ok(Self { alerts, metadata, ends: watch::Sender::new(()), trouble })
        }

        /// Says why nothing is watched, now that there is a log.
        pub(crate) fn say(&self) {
            if let Some(trouble) = self.trouble {
                tracing::warn!(target: "cupola", error = trouble, "nobody is alerted");
            }
        }

        /// Evaluates and delivers from now on.
        pub(crate) fn start(&self, telemetry: &Telemetry) -> std::io::Result<()> {
            let Some(alerts) = self.alerts.clone() else { return Ok(()) };
            let mut ended = self.ends.subscribe();
            telemetry.background()?.spawn(alerts.run(now, async move {
                // An error says that whoever would tell is gone, and so is the service.
                let _ = ended.changed().await;
            }));
            Ok(())
        }

        /// Shows what alerting counts.
        pub(crate) fn count(&self, registry: &Registry) {
            if let Some(alerts) = &self.alerts {
                alerts.count(registry);
            }
        }

        /// No more is evaluated. What is still to be sent is in the outbox, for the next start.
        pub(crate) fn end(&self) {
            let _ = self.ends.send(());
        }

        #[cfg(feature = "dashboard")]
        pub(crate) fn metadata(&self) -> Option<&Arc<dyn Metadata>> {
            self.metadata.as_ref()
        }

        pub(crate) fn alerts(&self) -> Option<&Arc<Alerts>> {
            self.alerts.as_ref()
        }
    }

    /// The default rules and what a file changes of them, and the receivers that it names.
    fn file(vars: Vars<'_>) -> Result<(Rules, Receivers), VarError> {
        const NAME: &str = "CUPOLA_ALERTS";
        let Some(path) = vars.text(NAME) else { return Ok(Default::default()) };
        let accepted = "a file with [[rule]], [[receiver]], [[route]] and [[heartbeat]] tables";
        let bad =
            |why: &dyn std::fmt::Display| VarError::new(NAME, path.clone(), accepted).because(Some(why.to_string()));
        let text = std::fs::read_to_string(&path).map_err(|error| bad(&error))?;
        let rules = Rules::from_toml(&text).map_err(|error| bad(&error))?;
        Ok((rules, Receivers::from_toml(&text).map_err(|error| bad(&error))?))
    }

    /// The log, of which the thread that delivers is no part otherwise.
    #[derive(Debug)]
    struct Aloud(Voice);

    impl Notifier for Aloud {
        fn send<'a>(&'a self, message: &'a Message) -> Sending<'a> {
            Box::pin(async move {
                let mut telling = Log.send(message);
                std::future::poll_fn(|cx| self.0.aloud(|| telling.as_mut().poll(cx))).await
            })
        }

        fn manner(&self) -> Manner {
            Log.manner()
        }
    }
}

#[cfg(not(feature = "alerts"))]
mod without {
    use cupola_metrics::Registry;
    use cupola_record::Vars;
    use cupola_telemetry::Telemetry;

    use crate::error::InitError;
    use crate::keeping::Keeping;

    /// This build has no alerts.
    #[derive(Debug)]
    pub(crate) struct Monitoring;

    /// Nobody can be told.
    pub(crate) type Notifiers = ();

    impl Monitoring {
        /// Somebody who wants to be told is not to wait in vain.
        pub(crate) fn from_vars(vars: Vars<'_>, (): Notifiers, _: &Keeping, _: &Telemetry) -> Result<Self, InitError> {
            let accepted = "nothing, since this build is without the feature `alerts`";
            vars.read("CUPOLA_ALERTS", accepted, |_| None::<()>)?;
            for name in ["CUPOLA_MONITORING", "ENABLE_EMAIL_ALERTS", "ENABLE_SLACK_ALERTS"] {
                if vars.yes_or_no(name)? == Some(true) {
                    vars.read(name, accepted, |_| None::<()>)?;
                }
            }
            Ok(Self)
        }

        pub(crate) const fn say(&self) {}

        pub(crate) const fn count(&self, _: &Registry) {}

        pub(crate) const fn start(&self, _: &Telemetry) -> std::io::Result<()> {
            Ok(())
        }

        pub(crate) const fn end(&self) {}
    }
}
