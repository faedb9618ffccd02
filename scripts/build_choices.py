"""Write completions/choices.py: what Airflow's form offers, so that no DAG file reads tables.

Run after every update of Babel, pycountry or langcodes: `python scripts/build_choices.py`. A test says when it is due.
"""

from __future__ import annotations

from pathlib import Path
from pprint import pformat

from completions import devices, gazetteer, languages

TARGET = Path(__file__).parent.parent / "include/completions/choices.py"


HEAD = '''"""What Airflow's form offers: written by scripts/build_choices.py."""

from __future__ import annotations

# fmt: off
'''


def main() -> None:
    """Ask what a request accepts, write the module."""
    found = {
        "COUNTRIES": dict(sorted(gazetteer.countries().items(), key=lambda country: country[1])),
        "LANGUAGES": tuple(one.name for one in languages.names()),
        "DEVICES": tuple(devices.names()),
    }
    written = [f"{name} = {pformat(all_, width=100, compact=True, sort_dicts=False)}\n" for name, all_ in found.items()]
    TARGET.write_text(HEAD + "".join(written), encoding="utf-8")
    print(", ".join(f"{len(all_)} {name.lower()}" for name, all_ in found.items()), "in", TARGET)


if __name__ == "__main__":
    main()
