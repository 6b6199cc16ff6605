//! What a machine is made from, and how large.

use crate::named::named;

named! {
    /// The image that a machine is made from.
    Template {
        /// Debian 13.
        Debian = "debian-13",
        /// Ubuntu 26.04.
        Ubuntu = "ubuntu-26.04",
        /// Alpine 3.24.
        Alpine = "alpine-3.24",
        /// An image that no hypervisor can boot: it shows what a failure looks like.
        Broken = "broken",
    }
}

named! {
    /// How large a machine is.
    Size {
        /// 1 CPU, 1 GiB.
        Small = "small",
        /// 2 CPUs, 4 GiB.
        Medium = "medium",
        /// 8 CPUs, 16 GiB.
        Large = "large",
    }
}

impl Size {
    /// How many CPUs.
    pub const fn cpus(self) -> u8 {
        match self {
            Self::Small => 1,
            Self::Medium => 2,
            Self::Large => 8,
        }
    }

    /// How much memory.
    pub const fn memory_mib(self) -> u32 {
        match self {
            Self::Small => 1024,
            Self::Medium => 4096,
            Self::Large => 16 * 1024,
        }
    }
}
