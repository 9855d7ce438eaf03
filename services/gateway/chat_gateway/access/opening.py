"""The judge that the settings ask for."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

from pydantic import SecretStr

from chat_gateway.access import signing
from chat_gateway.access.claims import Reading
from chat_gateway.access.fetching import FetchError, Fetching, fetching
from chat_gateway.access.hook_judge import HookJudge
from chat_gateway.access.identity import Permissions, Right
from chat_gateway.access.judging import Judge
from chat_gateway.access.key_ring import KeyRing, Read
from chat_gateway.access.keys import SigningKey, read_keys, usable
from chat_gateway.access.token_judge import Find, TokenJudge
from chat_gateway.access.tokens import Header, Rules, candidates
from chat_gateway.chat.domain import Limits
from chatcluster.core.errors import MalformedError
from chatcluster.core.ids import short_id
from chatcluster.runtime.background import background
from chatcluster.runtime.lifecycle import StartError
from chatcluster.runtime.settings import GatewaySettings

FILE_SECONDS = 2.0  # between looks at a file with keys
FETCH_SECONDS = 5.0  # for published keys to come

T = TypeVar("T")


@asynccontextmanager
async def opened_judge(settings: GatewaySettings) -> AsyncIterator[Judge]:
    """For `auth` other than off. Raises StartError for what cannot be used; keys that are published
    may come later.
    """
    if settings.auth == "hook":
        key = _or_start_error(signing.secret, settings.auth_hook_secret, "auth_hook_secret")
        async with fetching(settings.auth_hook_url, settings.auth_hook_timeout) as hook:
            yield _hook_judge(settings, hook, key)
    else:
        async with _finding(settings) as find:
            rules = Rules(settings.auth_issuer, settings.auth_audience, settings.auth_leeway)
            yield TokenJudge(find, rules, _reading_tokens(settings), now=time.time)


@asynccontextmanager
async def _finding(settings: GatewaySettings) -> AsyncIterator[Find]:
    if settings.auth_jwks_url:
        async with fetching(settings.auth_jwks_url, FETCH_SECONDS) as source:
            read = partial(_published, settings, source)
            async with _ring(settings, read, every=settings.auth_jwks_seconds) as ring:
                yield ring.find
    elif settings.auth_key_file:
        read = partial(_filed, settings)
        try:
            await read()
        except (FetchError, MalformedError) as error:
            raise StartError(f"{settings.auth_key_file}: {error} (CHAT_AUTH_KEY_FILE)") from error
        async with _ring(settings, read, every=FILE_SECONDS) as ring:
            yield ring.find
    else:
        given = partial(_keys, settings, shared=True)
        keys = _or_start_error(given, settings.auth_key, "auth_key")

        async def find(header: Header) -> tuple[SigningKey, ...]:
            return candidates(keys, header)

        yield find


@asynccontextmanager
async def _ring(settings: GatewaySettings, read: Read, *, every: float) -> AsyncIterator[KeyRing]:
    ring = KeyRing(
        read,
        every=every,
        cooldown=min(every, settings.auth_jwks_cooldown),
        kept=settings.auth_jwks_keep_seconds,
        clock=time.monotonic,
    )
    await ring.look()
    try:
        async with background(keys=ring.keep()):
            yield ring
    finally:
        await ring.stop()


async def _published(settings: GatewaySettings, source: Fetching) -> tuple[SigningKey, ...]:
    answer = await source.get()
    if answer.status != HTTPStatus.OK:
        raise FetchError(f"status {answer.status}")
    return _keys(settings, answer.body.decode(errors="replace"), shared=False)


async def _filed(settings: GatewaySettings) -> tuple[SigningKey, ...]:
    try:
        text = await asyncio.to_thread(Path(settings.auth_key_file).read_text)
    except (OSError, UnicodeDecodeError) as error:
        raise FetchError(f"cannot be read ({type(error).__name__})") from error
    return _keys(settings, text, shared=True)


def _keys(settings: GatewaySettings, text: str, *, shared: bool) -> tuple[SigningKey, ...]:
    return usable(read_keys(text, shared=shared), settings.auth_algorithms)


def _or_start_error(read: Callable[[str], T], given: SecretStr, setting: str) -> T:
    try:
        return read(given.get_secret_value())
    except MalformedError as error:
        raise StartError(f"{setting}: {error} (CHAT_{setting.upper()})") from error


def _hook_judge(settings: GatewaySettings, hook: Fetching, key: bytes) -> HookJudge:
    return HookJudge(
        hook,
        key,
        _reading(settings, "user", "name", {right: f"/rooms/{right}" for right in Right}),
        gateway=settings.name,
        unanswered=_defaults(settings) if settings.auth_hook_failure == "open" else None,
        now=time.time,
        new_id=lambda: short_id(os.urandom, 15),
    )


def _reading_tokens(settings: GatewaySettings) -> Reading:
    rooms = {right: getattr(settings, f"auth_{right}_claim") for right in Right}
    return _reading(settings, settings.auth_user_claim, settings.auth_name_claim, rooms)


def _reading(
    settings: GatewaySettings, user: str, name: str, rooms: Mapping[Right, str]
) -> Reading:
    limits = Limits(text=settings.text_limit, name=settings.name_limit)
    return Reading(user, name, rooms, unsaid=_defaults(settings), limits=limits)


def _defaults(settings: GatewaySettings) -> Permissions:
    return Permissions(**{right: ("*",) for right in settings.auth_default_rights})
