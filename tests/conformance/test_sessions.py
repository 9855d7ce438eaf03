"""Where sessions end and move, beyond the cases of the Socket.IO project: as on Node's server."""

from __future__ import annotations

import threading
import time

import pytest
import websocket

from tests.conformance.frames import CLOSE, FIN, TEXT, Peer, frame
from tests.e2e.raw_clients import CUT, SECONDS, Poller, Wire

ECHO = "/engine.io/"


def test_a_client_between_two_polls_is_told_that_its_session_was_closed(servers):
    """Once; then nothing is known of it."""
    client = Poller(servers.hasty)  # joins no namespace
    time.sleep(0.5)
    status, body = client.get()
    assert status == 200
    assert body in ("1", "6\x1e1")  # Node puts a noop before it
    assert client.get()[0] == 400


def test_a_client_that_polls_is_told_that_its_session_was_closed(servers):
    client = Poller(servers.hasty)
    assert client.get() == (200, "1")
    assert client.get()[0] == 400


def test_a_session_that_was_closed_takes_no_packets_and_no_upgrade(ours):
    client = Poller(ours.hasty)
    time.sleep(0.5)
    assert client.post("40")[0] == 400
    assert client.request("PUT")[0] == 400
    with pytest.raises(websocket.WebSocketBadStatusException, match="400"):
        Wire(ours.hasty, sid=client.sid)
    assert client.get() == (200, "1")


@pytest.mark.parametrize("sid", ["unknown", "constructor"])
def test_an_unknown_session_is_refused(servers, path, sid):
    client = Poller(servers.calm, path=path, connected=False)
    client.sid = sid
    assert client.get()[0] == 400
    assert client.post("4hello")[0] == 400
    with pytest.raises(websocket.WebSocketBadStatusException, match="400"):
        Wire(servers.calm, path=path, sid=sid)


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_an_open_session_takes_gets_and_posts_only(servers, path, method):
    client = Poller(servers.calm, path=path)
    status = client.request(method)[0]
    # Node answers 500, though with an error's number.
    assert status in ((400, 500) if servers.kind == "node" else (400,))


def test_a_poll_that_waits_is_ended_by_the_probe(servers):
    poller = Poller(servers.calm, path=ECHO)
    answers: list[tuple[int, str]] = []
    waiting = threading.Thread(target=lambda: answers.append(poller.get()))
    waiting.start()
    time.sleep(0.05)
    with Wire(servers.calm, path=ECHO, sid=poller.sid) as client:
        client.send("2probe")
        assert client.read() == "3probe"
        waiting.join(SECONDS)
        assert answers == [(200, "6")]


def test_what_was_not_fetched_before_an_upgrade_comes_after_it_in_order(servers):
    poller = Poller(servers.calm, path=ECHO)
    with Wire(servers.calm, path=ECHO, sid=poller.sid) as client:
        client.send("2probe")
        assert client.read() == "3probe"
        assert poller.get() == (200, "6")
        assert poller.post("4one", "4two") == (200, "ok")
        client.send("5", "4three")
        assert [client.read() for _ in range(3)] == ["4one", "4two", "4three"]


WRONG = [("3probe",), ("4hello",), ("2",), ("2probe ",), (b"2probe",), ("2probe", "4hello")]


@pytest.mark.parametrize("packets", WRONG)
def test_a_wrong_upgrade_is_closed_and_the_session_stays_where_it_is(servers, packets):
    stays(servers, *packets)


def test_an_upgrade_without_a_probe_is_closed(ours):
    """Node's server lets it pass."""
    stays(ours, "5")


def stays(servers, *packets):
    poller = Poller(servers.calm, path=ECHO)
    with Wire(servers.calm, path=ECHO, sid=poller.sid) as client:
        client.send(*packets)
        client.ending()
    assert poller.post("4hello") == (200, "ok")
    assert poller.get()[1].endswith("4hello")


def test_an_upgrade_that_breaks_off_leaves_the_session_where_it_is(servers):
    poller = Poller(servers.calm, path=ECHO)
    with Wire(servers.calm, path=ECHO, sid=poller.sid) as client:
        client.send("2probe")
        assert client.read() == "3probe"
    assert poller.post("4hello") == (200, "ok")
    assert poller.get()[1].endswith("4hello")


def test_an_upgrade_that_is_never_completed_is_closed_and_the_session_stays(servers):
    """After the time that was set."""
    poller = Poller(servers.hasty, path=ECHO)
    with Wire(servers.hasty, path=ECHO, sid=poller.sid) as client:
        client.send("2probe")
        assert client.read() == "3probe"
        began = time.monotonic()
        client.ending()
        assert time.monotonic() - began < SECONDS
    assert poller.post("4hello") == (200, "ok")
    assert poller.get()[1].endswith("4hello")


def test_a_second_upgrade_is_closed_and_the_first_one_goes_on(servers):
    poller = Poller(servers.calm, path=ECHO)
    with Wire(servers.calm, path=ECHO, sid=poller.sid) as first:
        first.send("2probe")
        assert first.read() == "3probe"
        with Wire(servers.calm, path=ECHO, sid=poller.sid) as second:
            assert second.ending() != CUT
        first.send("5", "4hello")
        assert first.read() == "4hello"


def test_two_hundred_messages_come_back_in_order_over_an_upgrade(servers):
    """Sent by POST before it, and over the WebSocket after it."""
    poller = Poller(servers.calm, path=ECHO)
    poller.post(*(f"4{number}" for number in range(100)))
    got: list[object] = []
    while len(got) < 50:
        got += poller.get()[1].split("\x1e")
    with Wire(servers.calm, path=ECHO, sid=poller.sid) as client:
        client.send("2probe")
        assert client.read() == "3probe"
        client.send("5", *(f"4{number}" for number in range(100, 200)))
        while len(got) < 200:
            got.append(client.read())
    assert got == [f"4{number}" for number in range(200)]


def test_a_client_that_answers_the_close_frame_is_cut_at_once(ours):
    """Not after the time that others have for it."""
    with Peer(ours.calm) as peer:
        peer.send(frame(FIN | TEXT, b"9"))
        began = time.monotonic()
        assert peer.code() == 1002
        peer.send(frame(FIN | CLOSE, b"\x03\xea"))
        assert peer.ended()
        assert time.monotonic() - began < 1.0
