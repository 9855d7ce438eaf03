"""Connections to real servers: the only place that imports their client libraries."""
