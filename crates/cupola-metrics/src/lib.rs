//! Per-route request metrics and a registry for the application's own, in Prometheus text.
