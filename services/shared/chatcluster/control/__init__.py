"""Drives a change of the fan-out over all gateways, by their admin servers."""
