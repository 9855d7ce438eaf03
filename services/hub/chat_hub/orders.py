"""What other services may ask for, and how they have to write it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from chat_hub.denied import INVALID, Denied
from chatcluster.core.envelope import Action

BATCH = 1000  # orders in one request
ROOMS = 1000  # in one list
DEPTH = 64  # of lists and objects within each other; receivers' JSON libraries have limits
KEY_CHARACTERS = 255

# Events that Socket.IO clients never get from a server, or emit themselves (socket.io,
# RESERVED_EVENTS): to send one is an error there.
RESERVED = frozenset(
    {"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"}
)


def _not_reserved(event: str) -> str:
    if event in RESERVED:
        raise ValueError(f"{event!r} is reserved by Socket.IO")
    return event


def _not_too_deep(args: list[Any]) -> list[Any]:
    level: list[Any] = [args]
    for _ in range(DEPTH + 1):
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return args
    raise ValueError(f"more than {DEPTH} lists or objects within each other")


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    return [inner for inner in value if isinstance(inner, dict | list)] if value else []


# A comma or a question mark would end the namespace in a packet.
Namespace = Annotated[str, Field(pattern=r"^/[^,?\s]*$", max_length=512)]
Room = Annotated[str, Field(min_length=1, max_length=512)]
Rooms = Annotated[list[Room], Field(max_length=ROOMS)]
Key = Annotated[str, Field(min_length=1, max_length=KEY_CHARACTERS)]


class Order(BaseModel):
    """Something for the clients in any of `rooms` (none: all of the namespace), not in `except`."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    action: ClassVar[Action]

    namespace: Namespace = "/"
    rooms: Rooms = []
    exclude: Rooms = Field([], alias="except")
    key: Key | None = None

    def own(self) -> dict[str, Any]:
        """The envelope's fields that only this action has."""
        raise NotImplementedError


class Broadcast(Order):
    action = Action.EMIT

    event: Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_not_reserved)]
    args: Annotated[list[Any], Field(max_length=1000), AfterValidator(_not_too_deep)] = []

    def own(self) -> dict[str, Any]:
        return {"event": self.event, "args": tuple(self.args)}


class SocketsJoin(Order):
    action = Action.JOIN

    into: Annotated[Rooms, Field(min_length=1)]

    def own(self) -> dict[str, Any]:
        return {"into": tuple(self.into)}


class SocketsLeave(SocketsJoin):
    action = Action.LEAVE


class DisconnectSockets(Order):
    action = Action.DISCONNECT

    close: bool = False

    def own(self) -> dict[str, Any]:
        return {"close": self.close}


ORDERS: Mapping[str, type[Order]] = {
    "broadcast": Broadcast,
    "sockets_join": SocketsJoin,
    "sockets_leave": SocketsLeave,
    "disconnect_sockets": DisconnectSockets,
}

O = TypeVar("O", bound=Order)  # noqa: E741 - an order


def read(kind: type[O], data: object) -> list[O]:
    """One order, or a list of them. Raises Denied, which names the fields that are wrong."""
    try:
        if isinstance(data, list):
            many: Any = Annotated[list[kind], Field(min_length=1, max_length=BATCH)]  # type: ignore[valid-type]
            orders: list[O] = TypeAdapter(many).validate_python(data)
            return orders
        return [kind.model_validate(data)]
    except ValidationError as error:
        raise Denied(INVALID, _sentence(error)) from error


def _sentence(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{_where(one['loc'])}{_what(one)}" for one in problems[:5])


def _where(place: tuple[int | str, ...]) -> str:
    """`[2].rooms[0]: `."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return f"{''.join(parts).removeprefix('.')}: " if place else ""


def _what(problem: Any) -> str:
    if problem["type"] == "extra_forbidden":
        return "there is no such field"
    if problem["type"] == "model_type":
        return "must be an object, or a list of objects"
    message: str = problem["msg"]
    return message.removeprefix("Value error, ")
