"""`python -m completions.rehearsal`: serve the stand-ins alone; prints one line, their URL, when they are ready."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from completions.rehearsal import Rehearsal, serve
from completions.rehearsal.faults import NAMES


def main() -> None:
    """Read the options and serve until told to stop."""
    parser = ArgumentParser("python -m completions.rehearsal", description="Serve stand-ins for the chat sites.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--latency", type=float, default=1.0, help="seconds from prompt to end of answer")
    parser.add_argument("--ui", default="mixed", help="front end, where a site has it; mixed: all; usual: one each")
    parser.add_argument("--fault", choices=sorted(NAMES), help="dealt to everyone")
    parser.add_argument("--log", type=Path, help="file that gets a line per prompt asked")
    options = vars(parser.parse_args())
    serve(Rehearsal(**options), lambda url: print(url, flush=True))


if __name__ == "__main__":
    main()
