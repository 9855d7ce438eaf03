"""The room log: what was said, numbered. `port.py` has the promises, one module per store."""
