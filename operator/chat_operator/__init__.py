"""The operator: scales gateways and changes the fan-out, from a ChatCluster."""
