"""What somebody who moderates the chat may order, and its form: rules without I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)

from chat_gateway.limits.addresses import parse
from chatcluster.core import codes
from chatcluster.core.errors import Refused

TEN_YEARS = 315_360_000.0
_WAYS = frozenset(("user", "address", "member", "message"))  # to say whom an order means
_NO_CONTROLS = r"^[^\x00-\x1f\x7f-\x9f]*$"

Text = Annotated[str, Field(max_length=300, pattern=_NO_CONTROLS)]
RoomName = Annotated[str, Field(max_length=200)]
Seconds = Annotated[float, Field(gt=0, le=TEN_YEARS)]


def _address(text: str) -> str:
    if "%" in text or parse(text) is None:
        raise ValueError("an address of IPv4 or IPv6 is expected")
    return text


_EITHER = [{"type": "string", "format": "ipv4"}, {"type": "string", "format": "ipv6"}]
Address = Annotated[str, AfterValidator(_address), WithJsonSchema({"anyOf": _EITHER})]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class User(_Form):
    """By the id that it was let in with."""

    user: str = Field(min_length=1, max_length=256)


class Place(_Form):
    """Everybody from an address; of IPv6, from its /64."""

    address: Address


class Member(_Form):
    """Who has this id among a room's members."""

    member: str = Field(min_length=1, max_length=64)


class Author(_Form):
    """Who has written this message, which the log has. `room`: "" is the lobby."""

    message: str = Field(min_length=1, max_length=100)
    room: RoomName = ""


class _Order(_Form):
    """`by`: who wants it, where the admin server is asked. `room`: "" is the lobby."""

    by: Annotated[str, Field(max_length=100, pattern=_NO_CONTROLS)] = ""
    reason: Text = ""


class Kick(_Order):
    """Put out once, of the room or (None) of the chat."""

    action: Literal["kick"]
    who: User | Place | Member | Author
    room: RoomName | None = None


class Restrict(_Order):
    """From now on, for so many *seconds* or (None) until it is lifted."""

    action: Literal["ban", "mute"]
    who: User | Place | Member | Author
    room: RoomName | None = None
    seconds: Seconds | None = None


class Pardon(_Order):
    action: Literal["unban", "unmute"]
    who: User | Place
    room: RoomName | None = None


class Close(_Order):
    """Put everybody out, and let nobody in."""

    action: Literal["close"]
    room: RoomName
    seconds: Seconds | None = None


class Open(_Order):
    action: Literal["open"]
    room: RoomName


class Delete(_Order):
    """Take back a message, by its id."""

    action: Literal["delete"]
    message: str = Field(min_length=1, max_length=100)
    room: RoomName = ""


Order = Annotated[Kick | Restrict | Pardon | Close | Open | Delete, Field(discriminator="action")]
OneOrder = Kick | Restrict | Pardon | Close | Open | Delete
ORDER: TypeAdapter[OneOrder] = TypeAdapter(Order)


def read(fields: Mapping[str, Any]) -> OneOrder:
    """The order of a client, whose other fields are ignored. Raises Refused."""
    who = fields.get("who")
    if isinstance(who, Mapping) and len(_WAYS & who.keys()) > 1:
        raise Refused(codes.INVALID, f"who: one of {', '.join(sorted(_WAYS))} is expected")
    try:
        order = ORDER.validate_python({**fields, "by": ""}, extra="ignore")
    except ValidationError as error:
        raise Refused(codes.INVALID, sentence(error)) from error
    return order


def sentence(error: ValidationError) -> str:
    """What is wrong, naming the fields."""
    return "; ".join(
        f"{'.'.join(map(str, one['loc'])) or 'order'}: {one['msg']}" for one in error.errors()
    )[:500]
