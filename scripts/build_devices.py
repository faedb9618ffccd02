"""Write data/devices.json from the installed Playwright, so that no driver has to start to know a device.

Run after every Playwright update: `python scripts/build_devices.py`. One device a line, so that a diff reads well.
"""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import sync_playwright

TARGET = Path(__file__).parent.parent / "include/completions/data/devices.json"


def main() -> None:
    """Ask the driver, write the file."""
    with sync_playwright() as playwright:
        devices = dict(playwright.devices)
    had = json.loads(TARGET.read_text("utf-8")) if TARGET.exists() else {}
    lines = [f"  {json.dumps(name)}: {json.dumps(devices[name])}" for name in sorted(devices, key=str.casefold)]
    TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"{len(lines)} devices in {TARGET}")
    print("no longer known, and refused from now on:", ", ".join(sorted(set(had) - set(devices))) or "none")


if __name__ == "__main__":
    main()
