"""What each kind of receiver makes of an attempt, over real HTTP."""

from __future__ import annotations

import gzip
import socket
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from completions.notify import READ_BYTES, deliver, seconds_to_wait
from receivers import BODY, NOW, Answer, Receiver, listening, raw, reset, status, then_wait


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening(Receiver()) as server:
        yield server


RECEIVERS = [
    # answer, delivered, final, status, retry_after
    (status(200), True, True, 200, None),
    (status(202), True, True, 202, None),
    (status(204), True, True, 204, None),
    (status(304), False, True, 304, None),
    (status(400), False, True, 400, None),
    (status(404), False, True, 404, None),
    (status(410), False, True, 410, None),
    (status(408), False, False, 408, None),
    (status(425), False, False, 425, None),
    (status(429, Retry_After="7"), False, False, 429, 7.0),
    (status(429, Retry_After="Mon, 23 Nov 2026 12:05:00 GMT"), False, False, 429, 0.0),
    (status(410, Retry_After="7"), False, True, 410, 7.0),
    (status(500), False, False, 500, None),
    (status(503, Retry_After="soon"), False, False, 503, None),
    (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbroke"), True, True, 200, None),
    (raw(b""), False, False, None, None),
    (reset, False, False, None, None),
    (raw(b"SSH-2.0-OpenSSH_9.9\r\n"), False, False, None, None),
    (raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000), False, False, None, None),
    (raw(b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 50_000), False, False, None, None),
]


@pytest.mark.parametrize(("answer", "delivered", "final", "code", "retry_after"), RECEIVERS)
def test_an_answer_decides(
    receiver: Receiver, answer: Answer, delivered: bool, final: bool, code: int | None, retry_after: float | None
) -> None:
    receiver.answer = answer
    attempt = receiver.deliver()
    assert (attempt.delivered, attempt.final, attempt.status_code) == (delivered, final, code)
    assert attempt.retry_after == retry_after
    assert attempt.reason.startswith(f"http://receiver.test:{receiver.server_port} ")
    assert datetime.now(UTC) - attempt.attempted_at < timedelta(seconds=60)
    assert len(receiver.received) == 1


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_redirects_are_never_followed(receiver: Receiver, code: int) -> None:
    with listening(Receiver()) as elsewhere:
        receiver.answer = status(code, Location=f"http://127.0.0.1:{elsewhere.server_port}/")
        attempt = receiver.deliver(allow=[*receiver.allow, "127.0.0.1"])
        assert (attempt.delivered, attempt.final, attempt.status_code) == (False, True, code)
        assert attempt.reason.endswith("redirects are not followed")
        assert not elsewhere.received


def test_a_receiver_that_never_answers_is_left(receiver: Receiver) -> None:
    receiver.answer = then_wait(raw(b""))
    attempt = receiver.deliver(answer_seconds=0.3)
    assert (attempt.delivered, attempt.final, attempt.status_code) == (False, False, None)
    assert 0.3 <= attempt.seconds < 10


@pytest.mark.parametrize(
    ("start", "delivered"), [(b"HTTP/1.1 200 OK\r\nX-Drip: ", False), (b"HTTP/1.1 200 OK\r\n\r\n", True)]
)
def test_the_time_is_limited_as_a_whole_not_per_read(receiver: Receiver, start: bytes, delivered: bool) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(start)
        for _ in range(1000):
            handler.wfile.write(b"x")
            if receiver.released.wait(0.02):
                break

    receiver.answer = drip
    attempt = receiver.deliver(answer_seconds=0.5)
    assert (attempt.delivered, attempt.final) == (delivered, delivered)
    assert attempt.seconds < 10


def test_a_receiver_that_never_gets_past_go_is_left(receiver: Receiver) -> None:
    def go_on(handler: BaseHTTPRequestHandler) -> None:
        while not receiver.released.wait(0.001):
            handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    receiver.answer = go_on
    attempt = receiver.deliver(answer_seconds=0.5)
    assert (attempt.delivered, attempt.final, attempt.status_code) == (False, False, None)
    assert attempt.reason.endswith("did not answer in time")


def test_a_receiver_that_takes_connections_and_never_speaks_tls_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        target = f"https://127.0.0.1:{mute.getsockname()[1]}/"
        attempt = deliver(target, BODY, "msg_1", allow=["127.0.0.1"], answer_seconds=0.3)
    assert (attempt.delivered, attempt.final, attempt.status_code) == (False, False, None)
    assert attempt.reason.endswith("did not answer in time")


def test_what_is_packed_stays_packed(receiver: Receiver) -> None:
    bomb = gzip.compress(bytes(2**26))
    assert len(bomb) < READ_BYTES < 2**26
    receiver.answer = raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", bomb)
    tracemalloc.start()
    try:
        assert receiver.deliver().delivered
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()


def test_little_is_read_of_a_huge_answer(receiver: Receiver) -> None:
    sent: list[int] = []
    gone = Event()

    def flood(handler: BaseHTTPRequestHandler) -> None:
        status(200)(handler)
        try:
            sent.extend(handler.wfile.write(b"x" * 65_536) for _ in range(4096))
        finally:
            gone.set()

    receiver.answer = flood
    assert receiver.deliver().delivered
    assert gone.wait(10)
    assert sum(sent) < 64 * 2**20  # what fits the sockets' buffers, of 256 MiB


def test_nobody_there_is_worth_another_try() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    attempt = deliver(f"http://127.0.0.1:{port}/", BODY, "msg_1", allow=["127.0.0.1"])
    assert (attempt.delivered, attempt.final, attempt.status_code) == (False, False, None)
    assert "could not be reached" in attempt.reason


STARTS = st.sampled_from([b"", b"HTTP/1.1 ", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 503 X\r\nRetry-After: ", b"HTTP/1.1 3"])
ENDS = st.sampled_from([b"", b"\r\n", b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n"])
ANSWERS = st.tuples(STARTS, st.binary(max_size=60), ENDS, st.binary(max_size=20)).map(b"".join)


@given(ANSWERS)
def test_whatever_comes_back_is_an_answer_or_none(answer: bytes) -> None:
    with listening(Receiver()) as receiver:
        receiver.answer = raw(answer)
        attempt = receiver.deliver()
    assert attempt.final or not attempt.delivered
    assert attempt.status_code is not None or not attempt.final
    assert attempt.reason.startswith(f"http://receiver.test:{receiver.server_port} ")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("0", 0),
        ("120", 120),
        ("Mon, 23 Nov 2026 12:05:00 GMT", 300),
        ("Monday, 23-Nov-26 12:05:00 GMT", 300),
        ("Mon Nov 23 12:05:00 2026", 300),
        ("Mon, 23 Nov 2026 11:55:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:49:37 -2359", 251_606_951_317),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0),
        ("Mon, 23 Nov 99999999999999999999 12:05:00 GMT", None),
        ("Mon, 23 Nov 2026 12:05:00 +99999999999999999999", None),
        ("-1", None),
        ("1.5", None),
        ("1e9", None),
        ("9" * 400, None),
        ("soon", None),
        ("", None),
        ("٣", None),
    ],
)
def test_retry_after(text: str | None, seconds: float | None) -> None:
    assert seconds_to_wait(text, NOW) == seconds


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ \d+:\d+:\d+ ([A-Z]+|[+-]\d+)"))
def test_any_retry_after_can_be_read(text: str) -> None:
    seconds = seconds_to_wait(text, NOW)
    assert seconds is None or seconds >= 0
