"""The chat: its messages, rooms and people, and the events by which clients speak of them."""
