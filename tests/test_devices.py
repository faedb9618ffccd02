"""Devices: found by any usual spelling, and in step with the installed Playwright."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import sync_playwright

from completions import devices
from completions.errors import Refused


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("iPhone 15", "iPhone 15"),
        ("iPhone+15", "iPhone 15"),
        ("iPhone%2015", "iPhone 15"),
        ("  iphone   15 ", "iPhone 15"),
        ("Galaxy S9+", "Galaxy S9+"),
        ("galaxy s9%2B", "Galaxy S9+"),
        ("Galaxy+S9%2B+landscape", "Galaxy S9+ landscape"),
        ("IPAD (GEN 7)", "iPad (gen 7)"),
        ("blackberry z30", "BlackBerry Z30"),
        ("desktop chrome hidpi", "Desktop Chrome HiDPI"),
    ],
)
def test_finds_any_usual_spelling(written: str, name: str) -> None:
    assert devices.find(written).name == name


@pytest.mark.parametrize("written", ["iPhone 99", "", " ", "+", "%", "chromium"])
def test_refuses_what_is_no_device(written: str) -> None:
    with pytest.raises(Refused, match=r"^device ") as refused:
        devices.find(written)
    assert refused.value.field == "device"


def test_names_the_nearest_when_refusing() -> None:
    with pytest.raises(Refused, match="did you mean Pixel 7"):
        devices.find("Pixle 7")


@settings(deadline=None)
@given(st.text(max_size=40))
def test_finds_or_refuses_whatever_is_written(written: str) -> None:
    with suppress(Refused):
        assert devices.find(devices.find(written).name) == devices.find(written)


def test_file_is_that_of_the_installed_playwright() -> None:
    with sync_playwright() as playwright:
        installed = dict(playwright.devices)
    shipped = {name: devices.find(name) for name in devices.names()}
    assert {
        name: {**device.descriptor, "default_browser_type": device.engine} for name, device in shipped.items()
    } == installed, "run scripts/build_devices.py"


def test_there_are_as_many_as_ever() -> None:
    engines = Counter(devices.find(name).engine for name in devices.names())
    assert engines == {"chromium": 100, "webkit": 105, "firefox": 2}


@pytest.mark.parametrize("name", devices.names())
def test_every_device_by_every_spelling_and_as_a_context(name: str) -> None:
    device = devices.find(name)
    for written in (
        name.upper(),
        f" {name.lower()} ",
        quote(name, safe=""),
        quote_plus(name),
        name.replace(" ", "%20"),
    ):
        assert devices.find(written) == device
    options = devices.context_options(device, "156.0.8078.79")
    unchanged = {key: value for key, value in options.items() if key != "user_agent"}
    assert unchanged == {key: value for key, value in device.descriptor.items() if key != "user_agent"}
    assert {"viewport", "device_scale_factor", "is_mobile", "has_touch"} <= unchanged.keys()
    width, height = unchanged["viewport"].values()
    assert width > height or not name.endswith("landscape")
    products = re.findall(r"(?:Chrome|Edg)/([\d.]+)", options["user_agent"])
    chrome = device.engine == "chromium" and "IEMobile" not in options["user_agent"]
    assert set(products) == ({"156.0.0.0"} if chrome else set())
    assert bool(device.warnings) is (device.engine != "chromium")


def test_user_agent_names_the_running_browser() -> None:
    options = devices.context_options(devices.find("Desktop Edge"), "156.0.8078.79")
    assert "Chrome/156.0.0.0 Safari" in options["user_agent"]
    assert options["user_agent"].endswith("Edg/156.0.0.0")


@pytest.mark.parametrize("name", ["iPhone 15", "Desktop Firefox"])
def test_other_engines_keep_their_user_agent_and_warn(name: str) -> None:
    device = devices.find(name)
    assert devices.context_options(device, "156.0.0.0") == device.descriptor
    assert name in device.warnings[0]
    assert "Chromium plays it" in device.warnings[0]


def test_a_chromium_device_has_no_warning() -> None:
    assert devices.find("Pixel 7").warnings == ()


def test_descriptors_are_not_shared() -> None:
    devices.find("Pixel 7").descriptor["user_agent"] = "changed"
    assert devices.find("Pixel 7").descriptor["user_agent"] != "changed"
