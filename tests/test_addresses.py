"""What may be called back: the grammar of URLs, and the addresses behind them."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from completions.addresses import ALLOW_LIST, Checked, Resolver, Unresolved, check, origin
from completions.errors import Refused
from completions.notify import deliver

PUBLIC = "93.184.216.34"


def resolver(*answers: str) -> Resolver:
    return lambda host, port: answers


# Nothing here needs a resolver: the URL itself says enough.
HOSTILE = [
    "http://169.254.169.254/latest/meta-data/",
    "https://169.254.169.254/",
    "https://169.254.170.2/v2/credentials",
    "https://169.254.0.1/",
    "https://[fd00:ec2::254]/",
    "https://[fd20:ce::254]/",
    "https://[fd00:c1::a9fe:a9fe]/",
    "https://[::ffff:169.254.169.254]/",
    "https://[::ffff:a9fe:a9fe]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[64:ff9b:1::a9fe:a9fe]/",
    "https://[2002:a9fe:a9fe::]/",
    "https://[2001:0:a9fe:a9fe::]/",
    "https://[2001:db8::1]/",
    "https://[3fff::1]/",
    "https://[::169.254.169.254]/",
    "https://[::127.0.0.1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:0:127.0.0.1]/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
    "https://[2001:10::1]/",
    "https://[100::1]/",
    "https://[5f00::1]/",
    "https://[fec0::1]/",
    "https://[4000::1]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fe80::1%eth0]/",
    "https://[ff02::1]/",
    "https://[fc00::1]/",
    "https://[::]/",
    "https://[::1]/",
    "https://[::1",
    "https://[127.0.0.1]/",
    "https://[::1].example.com/",
    "https://2852039166/",
    "https://0xa9fea9fe/",
    "https://0xA9.0xFE.0xA9.0xFE/",
    "https://0251.0376.0251.0376/",
    "https://169.254.43518/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://0177.0.0.1/",
    "https://0x7f.1/",
    "https://2130706433/",
    "https://017700000001/",
    "https://127.0.0.1:80@example.com/",
    "https://127.127.127.127/",
    "https://127.0.0.1./",
    "https://0/",
    "https://0.0.0.0/",
    "https://localhost/",
    "https://LOCALHOST./",
    "https://foo.localhost/",
    "https://metadata.google.internal/computeMetadata/v1/",
    "https://printer.local/",
    "https://instance-data/latest/meta-data/",
    "https://kubernetes.default.svc.cluster.local/",
    "https://host.docker.internal/",
    "https://100.100.100.200/",
    "https://100.64.0.1/",
    "https://192.0.0.192/",
    "https://192.0.2.1/",
    "https://192.88.99.1/",
    "https://10.0.0.1/",
    "https://172.17.0.1/",
    "https://192.168.1.1/",
    "https://168.63.129.16/",
    "https://198.18.0.1/",
    "https://198.51.100.1/",
    "https://203.0.113.1/",
    "https://224.0.0.1/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://user:pw@example.com/",
    "https://example.com@169.254.169.254/",
    "https://example.com#@169.254.169.254/",
    "https://example.com/#fragment",
    "https://169.254.169.254\\@example.com/",
    "https://example.com\\@169.254.169.254/",
    "https://example.com:22/",
    "https://example.com:6379/",
    "https://example.com:99999/",
    "https://example.com:0/",
    "https://example.com:-1/",
    "https://example.com:/",
    "https://example.com:4 43/",
    "https://①②⑦.⓪.⓪.①/",
    "https://127。0。0。1/",
    "https://exämple.com/",
    "https://ex%61mple.com/",
    "https://example..com/",
    "https://-example.com/",
    "https://example.com./",
    f"https://{'a' * 64}.com/",
    f"https://{'a.' * 127}com/",
    "https://exam\tple.com/",
    "https://example.com/a\r\nHost: 169.254.169.254",
    "https://example.com/\r\n",
    "https://example.com/\n",
    " https://example.com/",
    "https://example.com/ ",
    "https://example.com/a b",
    "https://example.com/\x00",
    "https:///etc/passwd",
    "https://",
    "https:example.com",
    "https:/example.com/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_INFO",
    "ftp://example.com/",
    "//example.com/",
    "example.com",
    "javascript:alert(1)",
    "http://airflow-apiserver:8080/",
    "http://redis/",
    "redis",
    "",
    "https://example.com/" + "a" * 2028,
]


@pytest.mark.parametrize("url", HOSTILE)
def test_hostile_urls_are_refused_before_anything_is_resolved(url: str) -> None:
    with pytest.raises(Refused) as refusal:
        check(url, resolve=None)
    assert str(refusal.value).startswith("callback ")
    assert "\n" not in str(refusal.value)


def none(host: str, port: int) -> list[str]:
    raise AssertionError(f"{host} was resolved")


@pytest.mark.parametrize("url", HOSTILE)
def test_hostile_urls_are_refused_when_sent_to(url: str) -> None:
    attempt = deliver(url, b"{}", "msg_1", resolve=none)
    assert (attempt.delivered, attempt.final, attempt.status_code) == (False, True, None)


# Only their resolution tells: refused by check-callback, and whenever something is to be sent.
HOSTILE_NAMES = [
    ("https://127.0.0.1.nip.io/", "127.0.0.1"),
    ("https://169.254.169.254.nip.io/", "169.254.169.254"),
    ("https://7f000001.c0a80001.rbndr.us/", "192.168.0.1"),
    ("https://localtest.me/", "::1"),
    ("https://db.example.com/", "10.0.0.1"),
    ("https://metadata.example.com/", "100.100.100.200"),
    ("https://wire.example.com/", "168.63.129.16"),
    ("https://oracle.example.com/", "192.0.0.192"),
    ("https://nat64.example.com/", "64:ff9b::a9fe:a9fe"),
    ("https://mapped.example.com/", "::ffff:127.0.0.1"),
    ("https://6to4.example.com/", "2002:a9fe:a9fe::"),
    ("https://teredo.example.com/", "2001:0:a9fe:a9fe::1"),
    ("https://ula.example.com/", "fd00:ec2::254"),
    ("https://link.example.com/", "fe80::1%eth0"),
    ("https://all.example.com/", "255.255.255.255"),
    ("https://unset.example.com/", "0.0.0.0"),
]


@pytest.mark.parametrize(("url", "address"), HOSTILE_NAMES)
@pytest.mark.parametrize("others", [[], [PUBLIC]], ids=["alone", "after a public one"])
def test_names_that_lead_to_hostile_addresses_are_refused_when_sent_to(
    url: str, address: str, others: list[str]
) -> None:
    with pytest.raises(Refused, match="the address is not a public one"):
        check(url, resolve=resolver(*others, address))
    attempt = deliver(url, b"{}", "msg_1", resolve=resolver(*others, address))
    assert (attempt.delivered, attempt.final, attempt.status_code) == (False, True, None)


def test_enough_is_tried() -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) >= 59


BENIGN = [
    ("https://example.com/hook?token=1&x=%20y", "example.com", 443),
    ("HTTPS://EXAMPLE.com", "example.com", 443),
    ("http://example.com", "example.com", 80),
    ("http://example.com:8080/a/b;c", "example.com", 8080),
    ("https://example.com?no=path", "example.com", 443),
    ("https://example.com/@someone/[x]|{y}", "example.com", 443),
    ("https://hooks.a-b.c_d.xn--p1ai:8443/", "hooks.a-b.c_d.xn--p1ai", 8443),
    ("https://example.com/" + "a" * 2027, "example.com", 443),
    (f"https://{PUBLIC}/", PUBLIC, 443),
    ("https://[2606:4700:0::1111]/", "2606:4700::1111", 443),
]


@pytest.mark.parametrize(("url", "host", "port"), BENIGN)
def test_benign_urls_pass(url: str, host: str, port: int) -> None:
    checked = check(url, resolve=resolver(PUBLIC, "2606:4700::1111"))
    assert checked == Checked(url, host, port, host if ip_or_none(host) else PUBLIC)
    assert check(url, resolve=None).address == ip_or_none(host)


def ip_or_none(host: str) -> str | None:
    try:
        return str(ip_address(host))
    except ValueError:
        return None


@pytest.mark.parametrize(
    "answers",
    [
        ("127.0.0.1",),  # 127.0.0.1.nip.io, and other names that mirror an address
        (PUBLIC, "10.0.0.1"),
        ("10.0.0.1", PUBLIC),
        (PUBLIC, "::1"),
        (PUBLIC, "64:ff9b::a9fe:a9fe"),
        (PUBLIC, "fe80::1%eth0"),
        ("::ffff:127.0.0.1",),
        ("169.254.169.254",),
    ],
)
def test_every_answer_must_be_public(answers: tuple[str, ...]) -> None:
    with pytest.raises(Refused) as refusal:
        check("https://mirror.example.com/?token=canary", resolve=resolver(*answers))
    assert str(refusal.value) == (
        "callback 'https://mirror.example.com': the address is not a public one; give a public receiver, "
        f"or have the operator add mirror.example.com:443 to {ALLOW_LIST}"
    )


def test_a_name_is_resolved_once_so_that_it_cannot_change_its_mind() -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    assert check("https://rebinding.example.com/", resolve=lambda host, port: next(answers)).address == PUBLIC
    assert next(answers) == ["127.0.0.1"]


def test_the_first_of_the_checked_addresses_is_taken() -> None:
    assert check("https://example.com/", resolve=resolver("2606:4700::1111", PUBLIC)).address == "2606:4700::1111"


def unknown(host: str, port: int) -> list[str]:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.mark.parametrize("resolve", [unknown, resolver()])
def test_a_name_that_leads_nowhere_may_lead_somewhere_later(resolve: Resolver) -> None:
    with pytest.raises(Unresolved, match="does not resolve"):
        check("https://gone.example.com/", resolve=resolve)


ALLOWED = [
    (["receiver.internal"], "http://receiver.internal:9000/", "10.1.2.3"),
    (["Receiver.Internal:9000"], "http://receiver.internal:9000/", "10.1.2.3"),
    (["receiver:80"], "http://receiver/", "10.1.2.3"),
    (["127.0.0.1"], "http://127.0.0.1:41234/", "127.0.0.1"),
    (["127.0.0.1:41234"], "http://127.0.0.1:41234/", "127.0.0.1"),
    (["[::1]:9000"], "http://[0:0::1]:9000/", "::1"),
    (["::1"], "http://[::1]:9000/", "::1"),
    (["10.1.0.0/16"], "http://10.1.2.3:8080/", "10.1.2.3"),
    (["10.9.0.0/16", "10.1.0.0/16"], "https://hooks.example.com/", "10.1.2.3"),
    (["fd00::/8"], "https://[fd00::7]/", "fd00::7"),
    (["hooks.example.com:9000"], "https://hooks.example.com:9000/", PUBLIC),
]


@pytest.mark.parametrize(("allow", "url", "address"), ALLOWED)
def test_the_operator_opens_chosen_receivers(allow: list[str], url: str, address: str) -> None:
    resolve = resolver(address)
    assert check(url, allow=allow, resolve=resolve).address == address
    with pytest.raises(Refused):
        check(url, resolve=resolve)


NOT_ALLOWED = [
    (["receiver.internal:9000"], "http://receiver.internal:9001/", "10.1.2.3"),
    (["receiver.internal"], "http://other.receiver.internal/", "10.1.2.3"),
    (["127.0.0.1:41234"], "http://127.0.0.1:41235/", None),
    (["127.0.0.1:41234"], "http://localhost:41234/", "127.0.0.1"),
    (["10.1.0.0/16"], "http://10.2.2.3/", None),
    (["10.1.0.0/16"], "http://10.1.2.3:6379/", None),
    (["10.1.0.0/16"], "https://hooks.example.com/", "10.2.2.3"),
    (["10.1.0.0/16"], "http://redis/", "10.1.2.3"),
    (["2852039166"], "http://2852039166/", "169.254.169.254"),
    (["example.com"], "https://user@example.com/", PUBLIC),
    ([""], "https:///", PUBLIC),
]


@pytest.mark.parametrize(("allow", "url", "answer"), NOT_ALLOWED)
def test_and_opens_nothing_else(allow: list[str], url: str, answer: str | None) -> None:
    with pytest.raises(Refused):
        check(url, allow=allow, resolve=resolver(answer) if answer else None)


@pytest.mark.parametrize("entry", ["10.0.0.1/8", "10.0.0.0/33", "http://receiver/"])
def test_a_malformed_entry_of_the_allow_list_is_named(entry: str) -> None:
    with pytest.raises(Refused, match=r"10\.1\.0\.0/16") as refusal:
        check("https://example.com/", allow=[entry], resolve=None)
    assert (refusal.value.field, refusal.value.value) == (ALLOW_LIST, entry)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://hooks.example.com:8443/T0/secret?token=secret#secret", "https://hooks.example.com:8443"),
        ("https://user:secret@example.com/", "https://example.com"),
        ("https://secret@secret@example.com?secret", "https://example.com"),
        ("https://example.com\\secret", "https://example.com"),
        ("//example.com/secret", "//example.com"),
        ("https:///secret", "https://"),
        ("example.com/secret", "example.com"),
        ("", ""),
    ],
)
def test_messages_show_the_origin_alone(url: str, shown: str) -> None:
    assert origin(url) == shown


ADDRESSES = st.ip_addresses() | st.sampled_from(
    [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "168.63.129.16",
        "192.0.0.192",
        "100.64.0.1",
        "::1",
        "::ffff:8.8.8.8",
        "2002:808:808::1",
    ]
).map(ip_address)


@given(ADDRESSES)
def test_an_accepted_literal_is_a_public_unicast_address(address: IPv4Address | IPv6Address) -> None:
    host = f"[{address}]" if address.version == 6 else str(address)
    try:
        checked = check(f"https://{host}/")
    except Refused:
        return
    assert checked.address == str(address)
    assert address.is_global
    assert not address.is_multicast
    assert not address.is_private
    assert not address.is_reserved
    assert address.version == 4 or not (address.ipv4_mapped or address.sixtofour or address.teredo)


ODD_HOSTS = st.from_regex(r"[a-z0-9.@:\[\]%_-]{0,20}", fullmatch=True)
HOSTS = st.from_regex(r"([a-zA-Z0-9_-]{1,6}\.){1,2}(com|xn--[a-z0-9]{1,6})", fullmatch=True)
PORTS = st.sampled_from(["", ":80", ":443", ":08443", ":", ":0", ":65536"])
RESTS = st.from_regex(r"([/?][!-~]{0,20})?", fullmatch=True)
URLS = st.builds("{}://{}{}{}".format, st.sampled_from(["http", "HTTPS", "ftp"]), HOSTS | ODD_HOSTS, PORTS, RESTS)


@given(URLS | st.text(), st.sampled_from([None, resolver(PUBLIC), resolver("10.0.0.1"), unknown]))
def test_only_refusals_are_raised_and_what_passes_can_be_called(url: str, resolve: Resolver | None) -> None:
    try:
        checked = check(url, resolve=resolve)
    except Refused:
        return
    called = httpx.URL(url)
    assert called.raw_host.decode() == checked.host
    assert (called.port or {"http": 80, "https": 443}[called.scheme]) == checked.port
    assert httpx.Request("POST", called.copy_with(host=checked.address or PUBLIC)).url.userinfo == b""
