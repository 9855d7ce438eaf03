"""The promises of the port, one module for each circumstance."""
