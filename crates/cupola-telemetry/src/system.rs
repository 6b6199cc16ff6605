//! What each line says of the system that it was written on, where that is wanted.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use cupola_line::{LineWriter, escape_str};

/// The object that every line ends with: made now and then, and copied into each line in one piece. Clones share it.
///
/// ```
/// use cupola_telemetry::{Config, Memory, SystemFields, Telemetry};
///
/// let (memory, system) = (Memory::new(), SystemFields::new());
/// let telemetry =
///     Telemetry::builder(Config::default()).output(memory.clone()).system(system.clone()).build()?;
/// system.set(&[("cpu", 0.25)], &[("host", "node-7")]); // in the background, every 30 seconds
/// tracing::dispatcher::with_default(telemetry.dispatch(), || tracing::info!("machine is up"));
/// telemetry.shutdown(std::time::Duration::from_secs(1));
/// assert!(memory.text().contains(r#","system":{"cpu":0.25,"host":"node-7"}}"#));
/// # Ok::<(), cupola_telemetry::BuildError>(())
/// ```
#[derive(Clone, Default)]
pub struct SystemFields(Arc<ArcSwapOption<Vec<u8>>>);

impl SystemFields {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on lines end with these. A number that is none is left out.
    pub fn set(&self, numbers: &[(&str, f64)], texts: &[(&str, &str)]) {
        let mut json = vec![b'{'];
        for (name, number) in numbers.iter().filter(|(_, number)| number.is_finite()) {
            member(&mut json, name, |json| json.extend_from_slice(number.to_string().as_bytes()));
        }
        for (name, text) in texts {
            member(&mut json, name, |json| string(json, text));
        }
        json.push(b'}');
        self.0.store(Some(Arc::new(json)));
    }

    pub(crate) fn write(&self, line: &mut LineWriter<'_>) {
        if let Some(json) = &*self.0.load() {
            line.system(json);
        }
    }
}

fn member(json: &mut Vec<u8>, name: &str, value: impl FnOnce(&mut Vec<u8>)) {
    if json.len() > 1 {
        json.push(b',');
    }
    string(json, name);
    json.push(b':');
    value(json);
}

fn string(json: &mut Vec<u8>, text: &str) {
    json.push(b'"');
    escape_str(json, text);
    json.push(b'"');
}

impl fmt::Debug for SystemFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SystemFields").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_valid_whatever_is_in_it() {
        let check = |numbers: &[(&str, f64)], texts: &[(&str, &str)], expected: &str| {
            let system = SystemFields::new();
            system.set(numbers, texts);
            assert_eq!(String::from_utf8_lossy(&system.0.load_full().unwrap()), expected);
        };
        check(&[], &[], "{}");
        check(&[("cpu", 1.0), ("load", f64::NAN)], &[], r#"{"cpu":1}"#);
        check(&[("cpu", 0.125)], &[("host", "a\"b\u{202e}")], r#"{"cpu":0.125,"host":"a\"b\u202e"}"#);
    }
}
