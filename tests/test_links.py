"""Links: what is the same page, and whose it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from completions.links import domain, is_web, url_canonical


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("https://clutch.co/top?utm_source=chatgpt.com", "https://clutch.co/top"),
        ("https://clutch.co/top?page=2&utm_source=chatgpt.com&b=", "https://clutch.co/top?page=2&b="),
        ("https://a.com/x?q=a+b%20c&utm_medium=x&r=%2F", "https://a.com/x?q=a+b%20c&r=%2F"),  # the rest byte for byte
        ("https://a.com/x?gclid=1&fbclid=2&msclkid=3&srsltid=4&oppref=5", "https://a.com/x"),
        ("https://a.com/x#:~:text=some%20words", "https://a.com/x"),
        ("https://a.com/x#part:~:text=some", "https://a.com/x#part"),
        ("https://a.com/x#part", "https://a.com/x#part"),
        ("HTTPS://WWW.Example.COM:443/Path", "https://www.example.com/Path"),
        ("http://a.com:80", "http://a.com/"),
        ("https://a.com:8443", "https://a.com:8443/"),
        ("https://münchen.de/straße", "https://münchen.de/straße"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("https://[broken", "https://[broken"),
    ],
)
def test_the_same_page_has_one_address(url: str, canonical: str) -> None:
    assert url_canonical(url) == canonical
    assert url_canonical(canonical) == canonical


@pytest.mark.parametrize(
    ("url", "registered"),
    [
        ("https://blog.example.co.uk/x", "example.co.uk"),
        ("https://clutch.example.co/top", "example.co"),
        ("http://a.b.c.example.com:8080/", "example.com"),
        ("https://someone.github.io/", "github.io"),
        ("https://例え.テスト.jp/", "テスト.jp"),
        ("http://127.0.0.1:8000/", None),
        ("http://localhost/", None),
        ("https://co.uk/", None),
        ("mailto:a@example.com", None),
        ("", None),
    ],
)
def test_a_domain_is_what_somebody_registered(url: str, registered: str | None) -> None:
    assert domain(url) == registered


@pytest.mark.parametrize("url", ["https://a.com", "http://[::1]/x", " https://a.com "])
def test_web_addresses(url: str) -> None:
    assert is_web(url)


@pytest.mark.parametrize(
    "url", ["", "//a.com", "/x", "ftp://a.com", "data:text/html,x", "https://", "https://a.com:x/"]
)
def test_not_web_addresses(url: str) -> None:
    assert not is_web(url)


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    for url in (text, "https://" + text):
        url_canonical(url), domain(url)
