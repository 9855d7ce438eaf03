"""Settings, logs, metrics, admin server and lifecycle: said once, used by every program."""
