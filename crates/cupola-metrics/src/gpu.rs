//! NVIDIA GPUs: how busy, full and warm they are.
//!
//! Feature `nvidia`. NVIDIA's library is looked for when the process runs: where there is none, there is nothing to show
//! and nothing to complain of.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nvml_wrapper::enum_wrappers::device::TemperatureSensor;
use nvml_wrapper::enums::device::UsedGpuMemory;
use nvml_wrapper::struct_wrappers::device::ProcessInfo;
use nvml_wrapper::{Device, Nvml};

use crate::encoder::Encoder;
use crate::family::Family;
use crate::registry::Registry;

const BUSY: Family = Family::gauge("hw.gpu.utilization", "How busy a GPU is, from 0 to 1.").unit("1");
const MEMORY: Family = Family::up_down("hw.gpu.memory.usage", "Memory of a GPU that is used.").unit("By");
const MEMORY_LIMIT: Family = Family::up_down("hw.gpu.memory.limit", "Memory of a GPU.").unit("By");
const TEMPERATURE: Family = Family::gauge("hw.gpu.temperature", "How warm a GPU is.").unit("Cel");

/// The GPUs of this machine; clones are handles on the same ones.
///
/// ```
/// let registry = cupola_metrics::Registry::new();
/// let gpus = cupola_metrics::gpu::Gpus::find(&registry);
/// if let Some(gpus) = gpus {
///     gpus.sample(); // now and then, in the background
/// }
/// ```
#[derive(Clone)]
pub struct Gpus(Arc<Inner>);

struct Inner {
    library: Nvml,
    last: Mutex<Vec<Gpu>>,
}

#[derive(Clone, Debug)]
struct Gpu {
    number: String,
    model: String,
    busy: Option<f64>,
    memory: Option<[u64; 2]>,
    temperature: Option<u32>,
}

impl Gpus {
    /// Shows the GPUs in a registry, once they were sampled; `None` where NVIDIA's library is not there.
    pub fn find(registry: &Registry) -> Option<Self> {
        let gpus = Self::unregistered()?;
        let read = gpus.clone();
        registry.source(move |encoder| encode(encoder, &guard(&read.0.last)));
        Some(gpus)
    }

    /// The GPUs for whoever asks for [`Self::memory_of`] alone; no registry shows them.
    pub fn unregistered() -> Option<Self> {
        Some(Self(Arc::new(Inner { library: Nvml::init().ok()?, last: Mutex::default() })))
    }

    /// Takes a sample. It blocks for some milliseconds.
    pub fn sample(&self) {
        let count = self.0.library.device_count().unwrap_or_default();
        let device = |number| self.0.library.device_by_index(number).ok().map(|device| Gpu::of(number, &device));
        let gpus = (0..count).filter_map(device).collect();
        *guard(&self.0.last) = gpus;
    }

    /// How much memory a process has on all of them, in bytes; `None` where no GPU tells.
    pub fn memory_of(&self, pid: u32) -> Option<u64> {
        let count = self.0.library.device_count().ok()?;
        let of = |number| {
            let processes = self.0.library.device_by_index(number).ok()?.running_compute_processes().ok()?;
            Some(processes.iter().filter(|process| process.pid == pid).map(used_memory).sum::<u64>())
        };
        (0..count).filter_map(of).reduce(|sum, more| sum + more)
    }
}

/// What a GPU says of a process; where it may not say, nothing.
const fn used_memory(process: &ProcessInfo) -> u64 {
    match process.used_gpu_memory {
        UsedGpuMemory::Used(bytes) => bytes,
        UsedGpuMemory::Unavailable => 0,
    }
}

impl Gpu {
    fn of(number: u32, device: &Device<'_>) -> Self {
        Self {
            number: number.to_string(),
            model: device.name().unwrap_or_default(),
            busy: device.utilization_rates().ok().map(|rates| f64::from(rates.gpu) / 100.0),
            memory: device.memory_info().ok().map(|memory| [memory.used, memory.total]),
            temperature: device.temperature(TemperatureSensor::Gpu).ok(),
        }
    }
}

fn encode(encoder: &mut Encoder<'_>, gpus: &[Gpu]) {
    for gpu in gpus {
        let labels = [("hw.id", gpu.number.as_str()), ("hw.model", gpu.model.as_str())];
        if let Some(busy) = gpu.busy {
            encoder.family(&BUSY).value(&labels, busy);
        }
        if let Some([used, total]) = gpu.memory {
            encoder.family(&MEMORY).value(&labels, used);
            encoder.family(&MEMORY_LIMIT).value(&labels, total);
        }
        if let Some(temperature) = gpu.temperature {
            encoder.family(&TEMPERATURE).value(&labels, temperature);
        }
    }
}

impl fmt::Debug for Gpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gpus").field("last", &*guard(&self.0.last)).finish()
    }
}

fn guard<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_gpu_does_not_tell_is_absent() {
        let registry = Registry::new();
        registry.source(|encoder| {
            let gpu = |number: &str, busy| Gpu {
                number: number.to_owned(),
                model: "T4".to_owned(),
                busy,
                memory: Some([1, 2]),
                temperature: Some(40),
            };
            encode(encoder, &[gpu("0", Some(0.5)), gpu("1", None)]);
        });
        let text = registry.render();
        assert!(text.contains("hw_gpu_utilization_ratio{hw_id=\"0\",hw_model=\"T4\"} 0.5\n"), "{text}");
        assert!(text.contains("hw_gpu_temperature_celsius{hw_id=\"1\",hw_model=\"T4\"} 40\n"), "{text}");
        assert_eq!((text.matches("hw_gpu_utilization_ratio{").count(), text.matches("limit_bytes{").count()), (1, 2));
    }

    #[test]
    fn without_the_library_there_is_nothing_to_show() {
        let registry = Registry::new();
        let shown = Gpus::find(&registry).is_some_and(|gpus| {
            gpus.sample();
            true
        });
        assert!(shown || !registry.render().contains("hw_gpu"));
    }
}
