"""Engine.IO 4 sessions over WebSocket and long-polling, and what waits to be sent to them."""
