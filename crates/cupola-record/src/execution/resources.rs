//! What a process uses, and by how much that changed while an execution ran.

use std::time::Duration;

/// What this process has used by now, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "it is written out by whoever measures")]
pub struct ProcessUsage {
    /// Time of all its threads on processors.
    pub cpu: Option<Duration>,
    /// Resident memory, in bytes.
    pub memory: Option<u64>,
    /// Bytes that it has read from storage.
    pub read: Option<u64>,
    /// Bytes that it has written to storage.
    pub written: Option<u64>,
    /// Its open files.
    pub open_files: Option<u64>,
    /// Memory of GPUs that it has, in bytes.
    pub gpu_memory: Option<u64>,
}

/// Whoever knows what this process uses. It is asked where an execution begins and ends.
pub trait Meter: Send + Sync + 'static {
    /// What it has used by now.
    fn usage(&self) -> ProcessUsage;
}

impl<F: Fn() -> ProcessUsage + Send + Sync + 'static> Meter for F {
    fn usage(&self) -> ProcessUsage {
        self()
    }
}

/// By how much the use of this *process* changed while an execution ran: what ran beside it is in it too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "it is numbers, as the line has them")]
pub struct ResourceUse {
    /// Time on processors.
    pub cpu: Option<Duration>,
    /// Resident memory, in bytes; less than zero where it has shrunk.
    pub memory: Option<i64>,
    /// Bytes read from storage.
    pub read: Option<u64>,
    /// Bytes written to storage.
    pub written: Option<u64>,
    /// Open files.
    pub open_files: Option<i64>,
    /// Memory of GPUs, in bytes.
    pub gpu_memory: Option<i64>,
}

impl ResourceUse {
    /// From this moment to that one; what one of them does not know is not known. Times are to the microsecond, as lines have them.
    pub fn between(before: &ProcessUsage, after: &ProcessUsage) -> Self {
        let grown = |before: Option<u64>, after: Option<u64>| Some(after?.saturating_sub(before?));
        let micros = |time: Duration| Duration::from_micros(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
        Self {
            cpu: before.cpu.zip(after.cpu).map(|(before, after)| micros(after.saturating_sub(before))),
            memory: changed(before.memory, after.memory),
            read: grown(before.read, after.read),
            written: grown(before.written, after.written),
            open_files: changed(before.open_files, after.open_files),
            gpu_memory: changed(before.gpu_memory, after.gpu_memory),
        }
    }
}

fn changed(before: Option<u64>, after: Option<u64>) -> Option<i64> {
    let signed = |amount: u64| i64::try_from(amount).unwrap_or(i64::MAX);
    Some(signed(after?) - signed(before?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_on_both_sides_is_not_known() {
        let before = ProcessUsage {
            cpu: Some(Duration::from_nanos(1_500)),
            memory: Some(900),
            read: Some(10),
            ..ProcessUsage::default()
        };
        let after = ProcessUsage {
            cpu: Some(Duration::from_millis(3)),
            memory: Some(100),
            read: Some(5),
            written: Some(7),
            ..before
        };
        let expected = ResourceUse {
            cpu: Some(Duration::from_micros(2_998)),
            memory: Some(-800),
            read: Some(0),
            ..ResourceUse::default()
        };
        assert_eq!(ResourceUse::between(&before, &after), expected);
    }
}
