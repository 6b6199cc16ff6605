//! The store beside the service, where this build has one and a variable names its directory.

#[cfg(feature = "store")]
pub(crate) use with::Keeping;
#[cfg(feature = "alerts")]
pub(crate) use with::now;
#[cfg(not(feature = "store"))]
pub(crate) use without::Keeping;

#[cfg(feature = "store")]
mod with {
    use std::path::{Path, PathBuf};
    use std::sync::{Arc, Mutex, PoisonError};
    use std::time::Duration;

    use cupola_metrics::{Encoder, Family, Registry};
    use cupola_record::{VarError, Vars};
    use cupola_redact::KeyPolicy;
    use cupola_store::{Batch, DecodeError, OpenError, Reader, Settings, Signal, Stats, Store, Writer, ingest};

    use crate::error::InitError;

    #[cfg(feature = "dashboard")]
    const BACKUPS: &str = "CUPOLA_STORE_BACKUPS";

    /// A store that is open; none where nobody wants one, or where another process writes to it.
    #[derive(Debug, Default)]
    pub(crate) struct Keeping {
        open: Arc<Mutex<Option<Store>>>,
        writer: Option<Writer>,
        dir: Option<PathBuf>,
        /// Where backups go.
        #[cfg(feature = "dashboard")]
        backups: Option<PathBuf>,
        /// Why there is none although one is wanted.
        trouble: Option<String>,
    }

    impl Keeping {
        pub(crate) fn from_vars(vars: Vars<'_>, policy: &KeyPolicy) -> Result<Self, InitError> {
            let settings = settings(vars)?;
            let Some(dir) = vars.text("CUPOLA_STORE").map(PathBuf::from) else { return Ok(Self::default()) };
            match open(&dir, &settings, policy) {
                Ok(store) => {
                    let writer = Some(store.writer());
                    let open = Arc::new(Mutex::new(Some(store)));
                    #[cfg(feature = "dashboard")]
                    let backups = vars.text(BACKUPS).map(PathBuf::from);
                    Ok(Self {
                        writer,
                        open,
                        dir: Some(dir),
                        #[cfg(feature = "dashboard")]
                        backups,
                        trouble: None,
                    })
                }
                Err(error) if error.is_locked() => {
                    Ok(Self { dir: Some(dir), trouble: Some(error.to_string()), ..Self::default() })
                }
                Err(error) => Err(error.into()),
            }
        }

        /// Says why there is no store, or what of it is not as it should be, now that there is a log.
        pub(crate) fn say(&self) {
            if let Some(trouble) = &self.trouble {
                tracing::warn!(target: "cupola", error = trouble, "nothing is stored");
            }
            let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(stats) = open.as_ref().map(Store::stats) else { return };
            let (files, records) = (stats.quarantined_files, stats.quarantined_records);
            if files + records > 0 {
                tracing::error!(target: "cupola", files, records, "what the store could not read is put aside");
            }
        }

        /// Takes lines of the log.
        pub(crate) fn tap(&self, service: &str) -> Option<impl FnMut(&[u8]) + Send + use<>> {
            let (writer, service) = (self.writer.clone()?, service.to_owned());
            Some(move |lines: &[u8]| {
                let mut batch = Batch::new(Signal::Logs);
                for line in lines.split_inclusive(|byte| *byte == b'\n') {
                    // Our own writer's are entries, all of them.
                    let _ = batch.line(line, Some(&service));
                }
                writer.offer(batch);
            })
        }

        #[cfg(feature = "otel")]
        pub(crate) fn spans(&self) -> Option<cupola_telemetry::otlp::Taker> {
            self.taker(Signal::Spans)
        }

        #[cfg(feature = "otel")]
        pub(crate) fn metrics(&self) -> Option<cupola_telemetry::otlp::Taker> {
            self.taker(Signal::Metrics)
        }

        /// Takes messages with spans or metrics.
        #[cfg(feature = "otel")]
        fn taker(&self, signal: Signal) -> Option<cupola_telemetry::otlp::Taker> {
            use cupola_store::otlp::{Encoding, decode};
            let writer = self.writer.clone()?;
            Some(cupola_telemetry::otlp::Taker::new(move |message| {
                // Our own encoder's are messages, all of them.
                if let Ok(decoded) = decode(signal, Encoding::Protobuf, message, now()) {
                    writer.offer(decoded.batch);
                }
                true
            }))
        }

        /// Who answers questions about what is stored.
        pub(crate) fn reader(&self) -> Option<Reader> {
            self.writer.as_ref()?;
            Reader::open(self.dir.as_ref()?).ok()
        }

        /// How the store is.
        #[cfg(feature = "dashboard")]
        pub(crate) fn stats(&self) -> impl Fn() -> Stats + Send + Sync + use<> {
            let open = Arc::clone(&self.open);
            move || {
                let open = open.lock().unwrap_or_else(PoisonError::into_inner);
                open.as_ref().map(Store::stats).unwrap_or_default()
            }
        }

        /// Who takes care of the store.
        #[cfg(feature = "dashboard")]
        pub(crate) fn upkeep(&self) -> Option<cupola_store::StoreUpkeep> {
            let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.as_ref().map(|store| store.upkeep(self.backups.clone()))
        }

        /// Those who watch what comes in.
        #[cfg(feature = "dashboard")]
        pub(crate) fn tails(&self) -> Option<cupola_store::Tails> {
            let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.as_ref().map(|store| store.tails().clone())
        }

        /// Where the store is that this process writes.
        #[cfg(feature = "alerts")]
        pub(crate) fn dir(&self) -> Option<&Path> {
            self.dir.as_deref().filter(|_| self.writer.is_some())
        }

        /// Shows the store's account: what was accepted is sealed or waits.
        pub(crate) fn count(&self, registry: &Registry) {
            let open = Arc::clone(&self.open);
            if self.writer.is_some() {
                registry.source(move |encoder| {
                    let open = open.lock().unwrap_or_else(PoisonError::into_inner);
                    open.as_ref().into_iter().for_each(|store| show(&store.stats(), encoder));
                });
            }
        }

        /// Seals what waits.
        pub(crate) fn close(&self) {
            let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(Err(error)) = open.map(Store::close) {
                tracing::error!(target: "cupola", %error, "the store was not closed");
            }
        }
    }

    fn settings(vars: Vars<'_>) -> Result<Settings, VarError> {
        let days = vars.read("CUPOLA_STORE_DAYS", "a number of days, 1 to 36500", |text| {
            text.parse::<u64>().ok().filter(|days| (1..=36_500).contains(days))
        })?;
        let bytes = vars.read("CUPOLA_STORE_MAX_BYTES", "a number of bytes, at least 16777216", |text| {
            text.parse::<u64>().ok().filter(|bytes| *bytes >= 16 << 20)
        })?;
        let settings = days
            .into_iter()
            .fold(Settings::default(), |settings, days| settings.retention(Duration::from_hours(24 * days)));
        Ok(bytes.into_iter().fold(settings, Settings::max_bytes))
    }

    #[cfg_attr(
        not(feature = "dashboard"),
        expect(unused_variables, reason = "only what others have sent is masked here")
    )]
    fn open(dir: &Path, settings: &Settings, policy: &KeyPolicy) -> Result<Store, OpenError> {
        Store::open(dir, settings, &|kind, raw| match kind {
            ingest::LINES => ingest::Progress::open(dir)
                .map_err(DecodeError::from)
                .and_then(|progress| Ok(vec![ingest::replay(raw, &progress)?])),
            // What `cupola serve` was promised to keep, when it had this store.
            #[cfg(feature = "dashboard")]
            other => cupola_dashboard::replay_with(Some(policy), other, raw),
            #[cfg(not(feature = "dashboard"))]
            other => Err(format!("a record of kind {other}, which is not known here").into()),
        })
    }

    /// Now, in nanoseconds since 1970.
    #[cfg(any(feature = "otel", feature = "alerts"))]
    #[allow(clippy::cast_possible_truncation, reason = "nanoseconds since 1970 fit until the year 2262")]
    pub(crate) fn now() -> i64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.map_or(0, |since| since.as_nanos() as i64)
    }

    const ENTRIES: Family =
        Family::counter("cupola.store.entries", "Entries for the store beside the service, by what became of them.");

    const DAMAGED: Family =
        Family::counter("cupola.store.quarantined", "What is damaged and was put aside, by what it is.");

    const BYTES: Family = Family::gauge("cupola.store.bytes", "Bytes that the store has on the disk.");

    fn show(stats: &Stats, encoder: &mut Encoder<'_>) {
        let mut entries = encoder.family(&ENTRIES);
        entries.value(&[("outcome", "sealed")], stats.sealed);
        entries.value(&[("outcome", "dropped"), ("reason", "queue_full")], stats.dropped);
        entries.value(&[("outcome", "dropped"), ("reason", "future")], stats.refused.future);
        entries.value(&[("outcome", "dropped"), ("reason", "too_old")], stats.refused.too_old);
        let mut damaged = encoder.family(&DAMAGED);
        damaged.value(&[("what", "block")], stats.quarantined_blocks);
        damaged.value(&[("what", "file")], stats.quarantined_files);
        damaged.value(&[("what", "record")], stats.quarantined_records);
        encoder.family(&BYTES).value(&[], stats.bytes);
    }
}

#[cfg(not(feature = "store"))]
mod without {
    use cupola_record::Vars;
    use cupola_redact::KeyPolicy;

    use crate::error::InitError;

    /// This build has no store.
    #[derive(Debug)]
    pub(crate) struct Keeping;

    impl Keeping {
        /// Somebody who wants a store is not to look into it in vain.
        pub(crate) fn from_vars(vars: Vars<'_>, _: &KeyPolicy) -> Result<Self, InitError> {
            let accepted = "nothing, since this build is without the feature `store`";
            for name in ["CUPOLA_STORE", "CUPOLA_STORE_DAYS", "CUPOLA_STORE_MAX_BYTES"] {
                vars.read(name, accepted, |_| None::<()>)?;
            }
            Ok(Self)
        }

        pub(crate) const fn say(&self) {}

        pub(crate) const fn count(&self, _: &cupola_metrics::Registry) {}

        pub(crate) const fn tap(&self, _: &str) -> Option<fn(&[u8])> {
            None
        }

        #[cfg(feature = "otel")]
        pub(crate) const fn spans(&self) -> Option<cupola_telemetry::otlp::Taker> {
            None
        }

        #[cfg(feature = "otel")]
        pub(crate) const fn metrics(&self) -> Option<cupola_telemetry::otlp::Taker> {
            None
        }

        pub(crate) const fn close(&self) {}
    }
}
