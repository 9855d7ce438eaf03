"""The fan-out: how an envelope reaches the other gateways. `port.py` has the promises, one module
or folder per mode.
"""
