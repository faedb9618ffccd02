"""Ceph's RGW, an S3 that checks signatures and policies and survives being killed, started without anything around it.

Installed by `apt-get install --no-install-recommends radosgw ceph-osd ceph-mon` (Debian 12: 16.2). One monitor, one
disk in a file, no authentication between them; they listen on 127.0.0.1 only. One that was killed is forgotten after
three seconds: its successor makes no bucket before that.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import boto3
import httpx
import pytest

from completions.embedded import free_port
from completions.store import AwsAccess, Store
from stores import new_bucket

PROGRAMS = ("radosgw", "radosgw-admin", "ceph", "ceph-mon", "ceph-osd", "monmaptool")
UNSIGNED = ("--auth_client_required=none", "--ms_mon_client_mode=crc")
"""RGW insists on authenticating to the monitor otherwise."""
CONFIGURED = """
[global]
fsid = {fsid}
mon host = v2:127.0.0.1:{mon}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
mon client mode = crc
ms mon client mode = crc
ms client mode = crc
ms bind ipv6 = false
ms bind port min = {osd}
ms bind port max = {osd_end}
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon data avail crit = 1
osd objectstore = bluestore
bluestore block size = 6442450944
osd client watch timeout = 3
admin socket =
run dir = {folder}
log file = {folder}/$name.log
keyring = {folder}/keyring
osd data = {folder}/osd
mon data = {folder}/mon
rgw data = {folder}/rgw
rgw frontends = beast endpoint=127.0.0.1:{rgw}
"""


class Rgw:
    """The server; `kill` ends all that holds data at once, as a power cut does."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        for name in ("mon", "osd", "rgw"):
            (folder / name).mkdir()
        ports = {"mon": free_port(), "rgw": self.port, "osd": (osd := free_port()), "osd_end": osd + 500}
        self.fsid = str(uuid4())
        self.conf.write_text(CONFIGURED.format(fsid=self.fsid, folder=folder, **ports))
        self._make(ports["mon"])

    @property
    def conf(self) -> Path:
        return self.folder / "ceph.conf"

    def access(self, key: str = "owner", secret: str = "secret") -> AwsAccess:
        return AwsAccess(boto3.Session(key, secret, region_name="us-east-1"), self.endpoint)

    def start(self) -> None:
        """Start what does not run and wait until it answers."""
        if "ceph-osd" not in self.running:
            self._run("ceph-osd", "-i", "0")
        if "radosgw" not in self.running:
            self._run("radosgw", "-n", "client.rgw.a", *UNSIGNED)
        for _ in range(1800):
            try:
                httpx.get(self.endpoint, timeout=30).raise_for_status()
                return
            except httpx.HTTPError:
                time.sleep(0.1)
        raise AssertionError(f"RGW does not answer, see {self.folder}")

    def kill(self, *programs: str) -> None:
        """End these with SIGKILL."""
        for program in programs or ("radosgw", "ceph-osd"):
            process = self.running.pop(program)
            process.kill()
            process.wait()

    def stop(self) -> None:
        self.kill(*self.running)

    def _make(self, port: int) -> None:
        osd = str(uuid4())
        monmap = str(self.folder / "monmap")
        self._do("monmaptool", "--create", "--fsid", self.fsid, "--addv", "a", f"[v2:127.0.0.1:{port}]", monmap)
        self._do("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap)
        self._run("ceph-mon", "-i", "a")
        self._do("ceph", "osd", "new", osd)
        self._do("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
        self._run("ceph-osd", "-i", "0")
        for user in ("owner", "guest"):
            keys = ("--access-key", user, "--secret", "secret")
            self._do("radosgw-admin", "user", "create", "--uid", user, "--display-name", user, *keys, *UNSIGNED)
        self.kill("ceph-osd")

    def _do(self, program: str, *arguments: str) -> None:
        subprocess.run([program, "-c", str(self.conf), *arguments], check=True, capture_output=True, timeout=120)

    def _run(self, program: str, *arguments: str) -> None:
        with (self.folder / f"{program}.out").open("ab") as out:
            command = [program, "-c", str(self.conf), *arguments, "-f"]
            self.running[program] = subprocess.Popen(command, stdout=out, stderr=out)


@pytest.fixture(scope="session")
def rgw(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rgw]:
    """The server, running."""
    if missing := [program for program in PROGRAMS if not shutil.which(program)]:
        pytest.skip(f"no {missing[0]}: apt-get install --no-install-recommends radosgw ceph-osd ceph-mon")
    server = Rgw(tmp_path_factory.mktemp("rgw"))
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def signed(rgw: Rgw) -> Store:
    """An empty store in a bucket of its own there."""
    return new_bucket(rgw.access())
