//! A folder for one test.

use std::path::{Path, PathBuf};

/// A folder of its own, gone with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(std::env::temp_dir().join(format!("vm-provisioner-{}", uuid::Uuid::now_v7().simple())))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is the system's to clean up: it is in its temporary folder.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
