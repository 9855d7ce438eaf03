"""What a delivery costs, side by side with Socket.IO on Node: `make bench`."""
