"""Whether a server answers at all, before gateways are told to change to it.

No password is shown: that the gateways' own settings work, their `prepare` finds out.
"""

from __future__ import annotations

import asyncio

SECONDS = 3.0

# A Redis answers +PONG or -NOAUTH (RESP, inline commands); one that wants TLS, an alert.
_PING = b"PING\r\n"
# Postgres answers one byte, S or N (frontend/backend protocol, SSLRequest).
_SSL_REQUEST = bytes.fromhex("0000000804d2162f")

_QUESTIONS = {"redis": _PING, "adapter": _PING, "postgres": _SSL_REQUEST}


ANSWERED = tuple(_QUESTIONS)  # modes whose server can be asked


async def problem(mode: str, address: str) -> str:
    """Why the server at *address* (host:port) that *mode* needs does not answer; "" if it does."""
    host, _, port = address.rpartition(":")
    try:
        async with asyncio.timeout(SECONDS):
            answered = await _ask(host.strip("[]"), int(port), _QUESTIONS[mode])
    except TimeoutError:
        return f"{address} does not answer within {SECONDS:g} s"
    except OSError as error:
        return f"{address}: {error.strerror or error}"
    except ValueError:
        return f"{address}: should be host:port"
    return "" if answered else f"{address} closes the connection"


async def _ask(host: str, port: int, question: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(question)
        return await reader.read(1)
    finally:
        writer.close()
