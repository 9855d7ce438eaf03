"""Other services broadcast by hubs, and clients of all gateways get it exactly once."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterator

import pytest
import pytest_asyncio

from tests.broadcasts import broadcast, post, takes_broadcasts
from tests.e2e.clients import KINDS, NODE, PLAIN, Client, Connect, params
from tests.e2e.mailbox import Refused
from tests.gateways import TOKEN, Cluster
from tests.servers import Valkey

pytestmark = pytest.mark.asyncio(loop_scope="session")

SERVICES = "/services"
Enter = Callable[..., Awaitable[list[Client]]]
BOTH_LANGUAGES = params([PLAIN, NODE])


@pytest.fixture(scope="module")
def cluster(valkey: Valkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two gateways on two hubs."""
    cluster = Cluster(tmp_path_factory.mktemp("broadcast"), valkey.url, "hub", hubs=2)
    with cluster.running():
        yield cluster
        assert [program.stop() for program in reversed(cluster.programs)] == [0] * 4
    assert not any("Traceback" in program.output() for program in cluster.programs)


@pytest_asyncio.fixture(loop_scope="session")
async def hubs(cluster: Cluster) -> list[str]:
    """Their addresses; they take broadcasts."""
    urls = [hub.url for hub in cluster.hubs]
    for url in urls:
        await takes_broadcasts(url)
    return urls


@pytest.fixture
def enter(cluster: Cluster, connect: Connect) -> Enter:
    """`await enter(*rooms)`: a client at each gateway, in these rooms."""

    async def enter(*rooms: str) -> list[Client]:
        clients = [await connect(gateway.url) for gateway in cluster.gateways]
        for client in clients:
            for room in rooms:
                await client.ask("join", room)
        return clients

    return enter


async def all_until_last(hub: str, room: str, clients: list[Client]) -> list[list[object]]:
    """The first arguments of all `news` that each client got, when there can be no more."""
    await broadcast(hub, "news", "last", rooms=[room])
    seen: list[list[object]] = []
    for client in clients:
        seen.append([])
        while (news := await client.next("news")) != "last":
            seen[-1].append(news)
    return seen


async def test_a_broadcast_to_any_hub_reaches_the_clients_of_all_gateways_once(
    hubs: list[str], enter: Enter, room: str
) -> None:
    """A room belongs to one hub; the other one knows the way."""
    rooms = [f"{room}-{number}" for number in range(6)]
    clients = await enter(room, *rooms)
    for number, name in enumerate(rooms):
        for hub in hubs:
            answer = await broadcast(hub, "news", [number, hub], rooms=[name])
            assert answer["gateways"] == 2
    expected = [[number, hub] for number in range(6) for hub in hubs]
    for news in await all_until_last(hubs[0], room, clients):
        assert sorted(news) == sorted(expected)  # type: ignore[type-var]


async def test_who_is_in_several_of_the_rooms_gets_it_once_and_who_is_excepted_not(
    hubs: list[str], enter: Enter, room: str
) -> None:
    many = [room, *(f"{room}-{number}" for number in range(6))]
    clients = await enter(*many)
    excepted = await enter(room, f"{room} muted")
    await broadcast(hubs[1], "news", "all", rooms=many)
    await broadcast(hubs[1], "news", "some", rooms=many, **{"except": [f"{room} muted"]})
    for news in await all_until_last(hubs[0], room, clients):
        assert news == ["all", "some"]
    for news in await all_until_last(hubs[0], room, excepted):
        assert news == ["all"]


async def test_everybody_in_a_namespace_gets_what_is_for_no_room(
    cluster: Cluster, hubs: list[str], connect: Connect, enter: Enter, room: str
) -> None:
    elsewhere = await enter(room)
    listening = [await connect(gateway.url, namespace="/room") for gateway in cluster.gateways]
    await broadcast(hubs[0], "news", room, namespace="/room")
    for client in listening:
        assert await client.until("news", lambda got: got == room)
    assert await all_until_last(hubs[0], room, elsewhere) == [[], []]


@pytest.mark.parametrize("kind", params(KINDS))
async def test_a_service_broadcasts_by_socket_io(
    hubs: list[str], enter: Enter, connect: Connect, room: str, kind: tuple[str, str]
) -> None:
    clients = await enter(room)
    for number, hub in enumerate(hubs):
        service = await connect(hub, kind=kind, namespace=SERVICES, auth={"token": TOKEN})
        order = {"event": "news", "rooms": [room], "args": [number]}
        answer = await service.ask("broadcast", order)
        assert answer["gateways"] == 2
        both = await service.ask("broadcast", [{**order, "args": ["b"]}, {**order, "args": ["c"]}])
        assert len({one["id"] for one in (answer, *both)}) == 3
        refused = await service.ask("broadcast", {"event": "disconnect"})
        assert refused["error"]["code"] == "invalid"
    assert await all_until_last(hubs[0], room, clients) == [[0, "b", "c", 1, "b", "c"]] * 2


@pytest.mark.parametrize("kind", BOTH_LANGUAGES)
async def test_a_service_without_the_token_stays_outside(
    hubs: list[str], connect: Connect, kind: tuple[str, str]
) -> None:
    with pytest.raises(Refused) as caught:
        await connect(hubs[0], kind=kind, namespace=SERVICES, auth={"token": "x"}, reconnect=False)
    assert caught.value.data == {"code": "unauthorized"}


@pytest.mark.parametrize("kind", BOTH_LANGUAGES)
async def test_a_service_lets_clients_enter_and_leave_rooms_and_disconnects_them(
    hubs: list[str], enter: Enter, connect: Connect, room: str, kind: tuple[str, str]
) -> None:
    clients = await enter(room)
    back = f"{room} back"
    service = await connect(hubs[1], kind=kind, namespace=SERVICES, auth={"token": TOKEN})
    await service.ask("sockets_join", {"rooms": [room], "into": [back]})
    await arrives(hubs[0], back, clients)
    await service.ask("sockets_leave", {"rooms": [room], "into": [back]})
    # The same room brings both, in their order.
    await broadcast(hubs[0], "news", "gone", rooms=[room])
    for client in clients:
        await client.until("news", lambda got: got == "gone")
    await broadcast(hubs[0], "news", "nobody there", rooms=[back])
    assert await all_until_last(hubs[0], room, clients) == [[], []]
    await service.ask("disconnect_sockets", {"rooms": [room], "close": True})
    for client in clients:
        await client.next("disconnect")


async def arrives(hub: str, room: str, clients: list[Client]) -> None:
    """Return when what is broadcast to *room* reaches all of *clients*: gateways that have their
    first client in a room still have to tell the hubs.
    """
    for client in clients:
        got: object = None
        async with asyncio.timeout(10):
            while got is None:
                mark = str(uuid.uuid4())
                await broadcast(hub, "found", mark, rooms=[room])
                await asyncio.sleep(0.1)
                got = next(iter(client.rest("found")), None)


async def test_a_key_is_carried_out_once_whoever_is_asked_and_how(
    hubs: list[str], enter: Enter, connect: Connect, room: str
) -> None:
    clients = await enter(room)
    service = await connect(hubs[1], namespace=SERVICES, auth={"token": TOKEN})
    order = {"event": "news", "rooms": [room], "args": ["once"]}
    answers = [
        await post(hub, order, headers={"Idempotency-Key": room}) for hub in (*hubs, hubs[0])
    ]
    answers.append((200, await service.ask("broadcast", {**order, "key": room})))
    assert answers == [answers[0]] * 4
    assert answers[0][0] == 200
    status, answer = await post(hubs[0], {**order, "args": ["twice"], "key": room})
    assert (status, answer["error"]["code"]) == (422, "key_reused")
    assert await all_until_last(hubs[1], room, clients) == [["once"], ["once"]]


async def test_a_list_keeps_its_order_and_a_wrong_one_sends_nothing(
    hubs: list[str], enter: Enter, room: str
) -> None:
    clients = await enter(room)
    orders = [{"event": "news", "rooms": [room], "args": [number]} for number in range(50)]
    status, answers = await post(hubs[1], orders)
    assert (status, len(answers)) == (200, 50)
    status, answer = await post(hubs[0], [*orders, {**orders[0], "color": 1}])
    assert (status, answer["error"]["message"]) == (400, "[50].color: there is no such field")
    assert await all_until_last(hubs[0], room, clients) == [list(range(50))] * 2


async def test_broadcasts_and_what_clients_say_come_in_one_order_for_all(
    hubs: list[str], enter: Enter, room: str
) -> None:
    clients = await enter(room)
    talking = clients[0].burst(
        "typing", [{"room": room, "typing": True, "nickname": str(n)} for n in range(50)]
    )
    listening = await enter(room)
    sending = [
        broadcast(hubs[n % 2], "typing", {"nick": f"service {n}"}, rooms=[room]) for n in range(50)
    ]
    await asyncio.gather(talking, *sending)
    first, second = [
        [typing["nick"] for typing in await client.several("typing", 100)] for client in listening
    ]
    assert first == second
    assert [nick for nick in first if "service" not in nick] == [str(n) for n in range(50)]
