//! What each line says of the system that it was written on, where that is wanted.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use cupola_line::{EncodedFields, FieldValue, Key, LineWriter};

/// Fields that every line ends with: set now and then, and copied into each line. Clones share them.
///
/// ```
/// use cupola_telemetry::{Config, Memory, SystemFields, Telemetry};
///
/// let (memory, system) = (Memory::new(), SystemFields::new());
/// let telemetry =
///     Telemetry::builder(Config::default()).output(memory.clone()).system(system.clone()).build()?;
/// system.set(&[("system_cpu", 0.25)], &[("system_host", "node-7")]); // in the background, every 30 seconds
/// tracing::dispatcher::with_default(telemetry.dispatch(), || tracing::info!("machine is up"));
/// telemetry.shutdown(std::time::Duration::from_secs(1));
/// assert!(memory.text().contains(r#""system_cpu":0.25,"system_host":"node-7"}"#));
/// # Ok::<(), cupola_telemetry::BuildError>(())
/// ```
#[derive(Clone, Default)]
pub struct SystemFields(Arc<ArcSwapOption<EncodedFields>>);

impl SystemFields {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on lines end with these.
    pub fn set(&self, numbers: &[(&str, f64)], texts: &[(&str, &str)]) {
        let mut fields = EncodedFields::new();
        numbers.iter().for_each(|(name, number)| fields.set(Key::new(name), FieldValue::F64(*number)));
        texts.iter().for_each(|(name, text)| fields.set(Key::new(name), FieldValue::Str(text)));
        self.0.store(Some(Arc::new(fields)));
    }

    pub(crate) fn write(&self, line: &mut LineWriter<'_>) {
        if let Some(fields) = &*self.0.load() {
            line.fields(fields);
        }
    }
}

impl fmt::Debug for SystemFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SystemFields").finish_non_exhaustive()
    }
}
