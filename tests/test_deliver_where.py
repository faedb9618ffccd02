"""Where an attempt goes: to the address that was checked, in the name of the host, and nowhere else."""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from completions.notify import check_callback, deliver
from receivers import BODY, SECRETS, Receiver, listening, raw, status


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening(Receiver()) as server:
        yield server


def test_the_connection_goes_to_the_checked_address_in_the_name_of_the_host(receiver: Receiver) -> None:
    asked = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["127.0.0.1"] if len(asked) == 1 else ["192.0.2.1"]

    assert receiver.deliver(resolve=resolve).delivered
    assert asked == [("receiver.test", receiver.server_port)]
    assert receiver.received[0][1]["host"] == f"receiver.test:{receiver.server_port}"


class ReceiverOnIPv6(Receiver):
    address_family = socket.AF_INET6
    address = "::1"


def test_an_ipv6_address_is_connected_to_like_any_other() -> None:
    try:
        server = ReceiverOnIPv6()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with listening(server) as receiver:
        assert receiver.deliver().delivered
        literal = f"http://[::1]:{receiver.server_port}/"
        assert deliver(literal, BODY, "msg_1", allow=["::1"]).delivered
        assert [headers["host"] for _, headers, _ in receiver.received] == [
            f"receiver.test:{receiver.server_port}",
            f"[::1]:{receiver.server_port}",
        ]


@pytest.mark.parametrize("answers", [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"]])
def test_a_name_that_was_public_at_submission_is_checked_again(answers: list[str]) -> None:
    target = "http://receiver.test:8080/?token=canary"
    assert check_callback(target, resolve=lambda host, port: ["93.184.216.34"])
    attempt = deliver(target, BODY, "msg_1", resolve=lambda host, port: answers)
    assert (attempt.delivered, attempt.final, attempt.status_code) == (False, True, None)
    assert "the address is not a public one" in attempt.reason
    assert "canary" not in attempt.reason


def test_a_name_that_does_not_resolve_is_worth_another_try() -> None:
    attempt = deliver("http://nowhere.invalid/", BODY, "msg_1", resolve=lambda host, port: [])
    assert (attempt.delivered, attempt.final) == (False, False)
    assert "does not resolve" in attempt.reason


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_proxies_of_the_environment_are_ignored(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    with listening(Receiver()) as proxy:
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.server_port}")
        assert receiver.deliver().delivered
        assert not proxy.received


def test_neither_logs_nor_reasons_hold_secrets(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for answer in (status(200), status(500), status(302, Location="/canary"), raw(b"canary\r\n\r\n"), raw(b"")):
        receiver.answer = answer
        assert "canary" not in receiver.deliver(secrets=SECRETS).reason
    assert len(receiver.received) == 5
    logged = "\n".join(record.getMessage() for record in caplog.records if record.levelno >= logging.INFO)
    assert "canary" not in logged
    assert "receiver.test" not in logged


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for `receiver.test`, with its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "receiver.test")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("receiver.test")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "receiver.pem"
    encoding = serialization.Encoding.PEM
    path.write_bytes(
        key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(encoding)
    )
    return path


@pytest.fixture
def named(receiver: Receiver, authority: Path) -> list[str | None]:
    """Makes the receiver speak TLS; the names that clients ask it for (SNI)."""
    names: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    context.sni_callback = lambda connection, name, context: names.append(name)
    receiver.socket = context.wrap_socket(receiver.socket, server_side=True)
    receiver.scheme = "https"
    return names


def test_tls_asks_for_the_name_and_verifies_it(
    receiver: Receiver, named: list[str | None], authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    assert receiver.deliver().delivered
    assert named == ["receiver.test"]


def test_a_certificate_for_another_name_is_not_accepted(
    receiver: Receiver, named: list[str | None], authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    target = f"https://other.test:{receiver.server_port}/"
    attempt = deliver(target, BODY, "msg_1", allow=["other.test"], resolve=lambda host, port: ["127.0.0.1"])
    assert (attempt.delivered, attempt.final) == (False, False)
    assert "certificate is not valid for 'other.test'" in attempt.reason
    assert not receiver.received


def test_an_unknown_authority_is_not_accepted(receiver: Receiver, named: list[str | None]) -> None:
    assert "self-signed certificate" in receiver.deliver().reason
    assert not receiver.received
