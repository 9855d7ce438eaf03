"""Who may broadcast by this hub."""

from __future__ import annotations

from hmac import compare_digest

from chat_hub.denied import OFF, TOO_MANY_GUESSES, UNAUTHORIZED, Denied
from chatcluster.runtime.guesses import Guesses


class Door:
    """Lets in who shows *token*; with an empty one, nobody."""

    def __init__(self, token: str, guesses: Guesses | None = None) -> None:
        self._token = token.encode()
        self._guesses = guesses or Guesses()

    @property
    def open(self) -> bool:
        return bool(self._token)

    def admit(self, token: object, address: str) -> None:
        """Raises Denied. How long that takes says nothing about the token; whoever shows many wrong
        ones from an *address* has to wait.
        """
        if not self.open:
            raise Denied(OFF, "broadcasts are off: this hub has no CHAT_BROADCAST_TOKEN")
        if self._guesses.wait(address):
            raise Denied(TOO_MANY_GUESSES, "too many wrong tokens came from this address")
        shown = token.encode(errors="replace") if isinstance(token, str) else b""
        if not compare_digest(shown, self._token):
            if shown:
                self._guesses.wrong(address)
            raise Denied(UNAUTHORIZED, "the token is missing or wrong")
