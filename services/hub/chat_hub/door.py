"""Who may broadcast by this hub."""

from __future__ import annotations

from hmac import compare_digest

from chat_hub.denied import OFF, UNAUTHORIZED, Denied


class Door:
    """Lets in who shows *token*; with an empty one, nobody."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    @property
    def open(self) -> bool:
        return bool(self._token)

    def admit(self, token: object) -> None:
        """Raises Denied. How long that takes says nothing about the token."""
        if not self.open:
            raise Denied(OFF, "broadcasts are off: this hub has no CHAT_BROADCAST_TOKEN")
        shown = token.encode(errors="replace") if isinstance(token, str) else b""
        if not compare_digest(shown, self._token):
            raise Denied(UNAUTHORIZED, "the token is missing or wrong")
