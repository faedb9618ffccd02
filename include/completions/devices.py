"""Which device: a Playwright descriptor by its name.

The descriptors are those of the pinned Playwright, read from a file that `scripts/build_devices.py` writes: Playwright
itself only tells them through its driver, which takes half a second to start.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from completions.errors import Refused
from completions.spelling import nearest, readings

Engine = Literal["chromium", "webkit", "firefox"]

_PRODUCT = re.compile(r"\b(Chrome|Edg)/\d[\d.]*")


@dataclass(frozen=True)
class Device:
    """`descriptor` has Playwright's keys: user_agent, viewport, screen, device_scale_factor, is_mobile, has_touch."""

    name: str
    descriptor: dict[str, Any]
    engine: Engine

    @property
    def warnings(self) -> tuple[str, ...]:
        """How it differs from the real device: Chromium is the only engine it is run on."""
        if self.engine == "chromium":
            return ()
        return (
            f"device {self.name} is a {self.engine} device: Chromium plays it, with its user agent, screen and touch",
        )


def names() -> list[str]:
    """Every device that can be asked for, sorted."""
    return sorted(_devices(), key=str.casefold)


def find(name: str) -> Device:
    """The device called `name`: in any case, plain or form-/URL-encoded. Raises `Refused` with the nearest names."""
    known = {_squeezed(device): device for device in _devices()}
    for reading in readings(name):
        if found := known.get(_squeezed(reading)):
            descriptor = dict(_devices()[found])
            return Device(found, descriptor, descriptor.pop("default_browser_type"))
    near = " or ".join(nearest(name, known))
    raise Refused(
        "device", name, f"is not a known device; {f'did you mean {near}?' if near else 'see the devices list'}"
    )


def context_options(device: Device, browser_version: str) -> dict[str, Any]:
    """Options of `Browser.new_context` that make a context this device.

    A Chromium descriptor's user agent names the version Playwright was built with; it is given the major version of the
    running browser (`browser_version`, as `Browser.version` says it), in the reduced form that Chrome sends, so that it
    agrees with the client hints. A user agent of another engine stays as it is.
    """
    major = browser_version.partition(".")[0]
    user_agent = _PRODUCT.sub(rf"\g<1>/{major}.0.0.0", device.descriptor["user_agent"])
    return {**device.descriptor, "user_agent": user_agent}


@cache
def _devices() -> dict[str, dict[str, Any]]:
    devices: dict[str, dict[str, Any]] = json.loads((files(__package__) / "data/devices.json").read_text("utf-8"))
    return devices


def _squeezed(name: str) -> str:
    return " ".join(name.split()).casefold()
