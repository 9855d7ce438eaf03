"""Kick, ban, mute, delete, close: who may, what follows, and what is kept of it."""
