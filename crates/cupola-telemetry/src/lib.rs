//! Installs the log pipeline: the tracing layer that writes lines, its outputs, shutdown.
