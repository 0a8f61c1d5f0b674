#!/usr/bin/env python3
"""Kills transfers of one large object and repeats the command until it ends; counts what was sent again.

    tests/campaigns/large_objects.py [--size 2GiB] [--kills 10] [--legs upload-minio,...] [--seed N]

Takes the servers that tests/servers started (GODWIT_TEST_MINIO_*, GODWIT_TEST_AZURITE_*), a fakecloud of its own
for Cloud Storage, and boto3 and azure-storage-blob to look at what is left. Every transfer passes a
counting proxy, is killed when so many bytes have passed, and must end with the same sha256, exit 0, no orphaned upload
and no temporary file, having sent at most the parts in flight again for each kill. Ends with a table
for tests/campaigns.md.
"""

import argparse
import hashlib
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))

import harness
from counting_proxy import CountingProxy

MIB = 1 << 20
UNITS = {"MiB": MIB, "GiB": MIB << 10}
CHUNK = 4 * MIB
# Headers, lists of parts, listings; and what a client's kernel had taken when it died.
OTHER_BYTES = 6 * MIB


def sha256(stream):
    digest = hashlib.sha256()
    while data := stream.read(CHUNK):
        digest.update(data)
    return digest.hexdigest()


class Minio:
    scheme = "s3://{}/d"
    parallel = True

    def __init__(self, _work):
        server = harness.minio()
        self.proxy = CountingProxy(server.endpoint)
        self.bucket = f"campaign-{os.getpid()}"
        self.client = server.client()
        self.old_client = server.client(checksums=False)
        self.client.create_bucket(Bucket=self.bucket)
        server.endpoint = self.proxy.url
        self.env = server.env()

    def read(self):
        return self.client.get_object(Bucket=self.bucket, Key="d/big")["Body"]

    def write_plain(self, path):
        """One request, of which the service keeps the MD5 alone."""
        with open(path, "rb") as body:
            self.old_client.put_object(Bucket=self.bucket, Key="d/big", Body=body)

    def orphans(self):
        return self.client.list_multipart_uploads(Bucket=self.bucket, Prefix="d/big").get("Uploads", [])

    def clear(self):
        self.client.delete_object(Bucket=self.bucket, Key="d/big")


class Azurite:
    scheme = "az://{}/d"
    parallel = True

    def __init__(self, _work):
        from azure.storage.blob import BlobServiceClient

        self.bucket = f"campaign-{os.getpid()}"
        service = BlobServiceClient.from_connection_string(harness.azurite(), api_version="2025-01-05")
        self.container = service.create_container(self.bucket)
        self.proxy = CountingProxy(os.environ["GODWIT_TEST_AZURITE_AZURE_BLOB_ENDPOINT"])
        self.env = {"AZURE_STORAGE_CONNECTION_STRING": harness.azurite(self.proxy.url)}

    def read(self):
        stream = self.container.download_blob("d/big")

        class Reader:
            read = staticmethod(lambda count: stream.read(count))

        return Reader

    def orphans(self):
        return self.container.get_blob_client("d/big").get_block_list("uncommitted")[1]

    def clear(self):
        self.container.delete_blob("d/big")


class Gcs:
    scheme = "gs://{}/d"
    parallel = False

    def __init__(self, work):
        self.bucket = "bucket"
        self.cloud = harness.Fakecloud("--storage-dir", tempfile.mkdtemp(dir=work))
        self.proxy = CountingProxy(self.cloud.gcs)
        self.env = {"STORAGE_EMULATOR_HOST": self.proxy.url}

    def read(self):
        return self.cloud.open(f"{self.cloud.gcs}/storage/v1/b/bucket/o/d%2Fbig?alt=media")

    def orphans(self):
        return self.cloud.uploads("bucket", "gcs")

    def clear(self):
        import urllib.request

        self.cloud.open(urllib.request.Request(f"{self.cloud.gcs}/storage/v1/b/bucket/o/d%2Fbig", method="DELETE"))


class GcsInParts(Gcs):
    scheme = "parts:d"
    parallel = True


class Folder:
    def __init__(self, path):
        self.path = path

    def read(self):
        return open(self.path / "big", "rb")

    def orphans(self):
        return [name for name in os.listdir(self.path) if name.startswith(".godwit")]

    def clear(self):
        shutil.rmtree(self.path)


class Campaign:
    def __init__(self, options):
        self.options = options
        self.dice = random.Random(options.seed)
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="godwit-campaign-", dir=options.work))
        self.config = self.work / "config.toml"
        self.config.write_text('[remote.parts]\ntype = "gcs"\nbucket = "bucket"\nparallel_upload = "xml"\n')
        self.places = {}
        self.source = self.work / "source"
        self.source.mkdir()
        self.write_source()
        self.rows = []
        self.bad = 0

    def write_source(self):
        left = self.options.size
        with open(self.source / "big", "wb") as out:
            while left:
                out.write(self.dice.randbytes(min(left, CHUNK)))
                left -= min(left, CHUNK)
        with open(self.source / "big", "rb") as stream:
            self.digest = sha256(stream)

    def place(self, kind):
        if kind not in self.places:
            self.places[kind] = kind(self.work)
        return self.places[kind]

    def command(self, origin, goal):
        return [harness.GODWIT, "sync", "--json", "--config", self.config, "--jobs", str(self.options.jobs), "--part-size",
                f"{self.options.part // MIB}MiB", origin, goal]

    def run(self, command, env, proxy=None, upward=True, kill_at=None):
        """One run; killed once so many bytes have passed the proxy. Returns exit code, stdout, stderr."""
        environment = dict(harness.CLEAN, HOME=str(self.work), XDG_STATE_HOME=str(self.work / "state"), **env)
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            while kill_at is not None and process.poll() is None:
                if (proxy.up if upward else proxy.down) >= kill_at:
                    process.send_signal(signal.SIGKILL)
                    break
                time.sleep(0.001)
            out, err = process.communicate()
        return process.returncode, out, err

    def leg(self, name, origin, goal, env, target, proxy, upward, parallel):
        """One transfer with all its kills."""
        command = self.command(origin, goal)
        size, kills = self.options.size, self.options.kills
        began = time.monotonic()
        proxy.reset()
        killed = 0
        for index in range(kills):
            # Of the bytes that must pass: what is sent again does not count.
            share = (index + self.dice.random()) / kills
            passed = proxy.up if upward else proxy.down
            first = int(size * share) if index == 0 else max(passed + MIB, int(size * share))
            code, _, err = self.run(command, env, proxy, upward, first)
            if code == 0:
                break
            if code != -signal.SIGKILL:
                return self.judge(name, [f"exit {code}: {err.decode()[-500:]}"], killed, 0, began)
            killed += 1
        code, out, err = self.run(command, env)
        problems = []
        if code != 0:
            problems.append(f"exit {code}: {err.decode()[-500:]}")
        if killed > 0 and b'"resumed":true' not in out and killed == kills:
            problems.append("the last run did not resume")
        time.sleep(0.3)
        again = (proxy.up if upward else proxy.down) - size
        most = killed * self.options.part * (self.options.jobs if parallel else 1) + (killed + 1) * OTHER_BYTES
        if again > most:
            problems.append(f"{again / MIB:.1f} MiB were sent again, {most / MIB:.0f} MiB are the most")
        if not problems:
            if sha256(target.read()) != self.digest:
                problems.append("other bytes")
            if left := target.orphans():
                problems.append(f"left behind: {left}")
        self.judge(name, problems, killed, again, began)

    def judge(self, name, problems, killed, again, began):
        self.bad += bool(problems)
        row = (name, killed, f"{again / MIB:.1f} MiB", f"{time.monotonic() - began:.0f} s", "; ".join(problems) or "equal")
        self.rows.append(row)
        print("| " + " | ".join(map(str, row)) + " |", flush=True)

    def upload(self, name, kind):
        place = self.place(kind)
        self.leg(f"upload-{name}", self.source, kind.scheme.format(place.bucket), place.env, place, place.proxy, True,
                 kind.parallel)

    def download(self, name, kind):
        place = self.place(kind)
        target = Folder(self.work / f"back-{name}")
        self.ensure(kind)
        self.leg(f"download-{name}", kind.scheme.format(place.bucket), target.path, place.env, target, place.proxy, False, True)
        target.clear()

    def ensure(self, kind):
        """The object is there, also if no leg has put it there."""
        place = self.place(kind)
        code, _, err = self.run(self.command(self.source, kind.scheme.format(place.bucket)), place.env)
        if code != 0:
            raise SystemExit(f"the source of a leg could not be made: {err.decode()[-500:]}")

    def between(self, name, kind, other, make=True):
        origin, target = self.place(kind), self.place(other)
        if make:
            self.ensure(kind)
        self.leg(name, kind.scheme.format(origin.bucket), other.scheme.format(target.bucket), {**origin.env, **target.env},
                 target, target.proxy, True, other.parallel)

    def clear(self, kind):
        if kind in self.places:
            self.places[kind].clear()

    def all(self):
        kinds = {"minio": Minio, "azurite": Azurite, "gcs": Gcs, "gcs-parts": GcsInParts}
        wanted = self.options.legs.split(",") if self.options.legs else None
        for name, kind in kinds.items():
            for direction in ("upload", "download"):
                if (not wanted or f"{direction}-{name}" in wanted) and (direction, name) != ("download", "gcs-parts"):
                    getattr(self, direction)(name, kind)
            if name != "minio":  # Stays, as a source.
                self.clear(kind)
        if not wanted or "minio-to-azurite" in wanted:
            self.between("minio-to-azurite", Minio, Azurite)
            self.clear(Azurite)
        for name, other in (("azurite", Azurite), ("gcs", Gcs)):
            if not wanted or f"minio-md5-to-{name}" in wanted:
                self.place(Minio).write_plain(self.source / "big")
                self.between(f"minio-md5-to-{name}", Minio, other, False)
                self.clear(other)

    def close(self):
        for place in self.places.values():
            if hasattr(place, "cloud"):
                place.cloud.__exit__()
        shutil.rmtree(self.work, ignore_errors=True)


def bytes_of(text):
    for unit, factor in UNITS.items():
        if text.endswith(unit):
            return int(text.removesuffix(unit)) * factor
    return int(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--size", type=bytes_of, default=bytes_of("2GiB"))
    parser.add_argument("--kills", type=int, default=10, help="of each leg")
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--part", type=bytes_of, default=8 * MIB)
    parser.add_argument("--legs", help="of them only: upload-minio, download-azurite, minio-to-azurite, minio-md5-to-gcs, ...")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("--work", help="a folder with room for three times the size")
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.size} bytes, parts of {options.part}, {options.jobs} at once", flush=True)
    print("| leg | kills | sent again | time | result |\n|---|---|---|---|---|", flush=True)
    campaign = Campaign(options)
    try:
        campaign.all()
    finally:
        campaign.close()
    sys.exit(1 if campaign.bad else 0)


if __name__ == "__main__":
    main()
