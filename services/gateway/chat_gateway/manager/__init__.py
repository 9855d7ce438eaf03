"""Socket.IO over a fan-out: who is in which room here, what comes from and goes elsewhere."""
