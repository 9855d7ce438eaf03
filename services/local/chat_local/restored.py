"""`chatcluster restored`: after a backup of the room logs was put back."""

from __future__ import annotations

from chatcluster.chat.stores import opened_store
from chatcluster.core.errors import HistoryError
from chatcluster.history.port import RestorableLog, Retention
from chatcluster.runtime.lifecycle import StartError
from chatcluster.runtime.settings import ClusterSettings


async def renew_rooms(settings: ClusterSettings) -> None:
    """Give the log of every room another epoch, and print how many there are.

    Raises StartError where no log outlives its gateway, and when the store does not answer.
    """
    retention = Retention(settings.history_length, settings.history_age)
    async with opened_store(settings, retention, rooms_limit=1) as store:
        if not isinstance(store.log, RestorableLog):
            raise StartError(
                f"history {settings.history!r} has no backup that could have been put back; name "
                "the gateways' own with --history (CHAT_HISTORY): redis or postgres"
            )
        try:
            rooms = await store.log.renew()
        except HistoryError as error:
            raise StartError(
                f"not all rooms have a new epoch ({error}); do it again before gateways start"
            ) from error
    print(f"{rooms} {'room has' if rooms == 1 else 'rooms have'} a new epoch.")
