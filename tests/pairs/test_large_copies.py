"""One large object between clouds in bounded memory: parts side by side, proven by the target.

GODWIT_TEST_LARGE_BYTES is its size, 300 MiB by default: enough for the parallel form of Cloud Storage.
Memory is measured where the program carries no sanitizer.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import subprocess
import time
import unittest
import urllib.request

from harness import CLEAN, GODWIT, Case, Fakecloud, main, minio

SIZE = int(os.environ.get("GODWIT_TEST_LARGE_BYTES", 300 << 20))
RESIDENT_MAX = 110 << 20
PLAIN_BUILD = b"libasan" not in subprocess.run(["ldd", GODWIT], capture_output=True, check=True).stdout
NAME = "models/large model.safetensors"


def digest_of(chunks):
    found = hashlib.sha256()
    for chunk in chunks:
        found.update(chunk)
    return found.hexdigest()


def read_response(response):
    while chunk := response.read(1 << 20):
        yield chunk


def peak_of(process):
    """Waits for the end; the most memory that was resident, as far as 50 looks a second can tell."""
    peak = 0
    while process.poll() is None:
        with contextlib.suppress(OSError):
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            peak = max([peak, *(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM"))])
        time.sleep(0.02)
    return peak


class LargeCopies(Case):
    @classmethod
    def setUpClass(cls):
        # No two parts are alike: the block's length divides no part size.
        block = os.urandom((1 << 20) + 4099)
        cls.block = block

    def chunks(self):
        left = SIZE
        while left > 0:
            yield self.block[:left]
            left -= len(self.block[:left])

    def setUp(self):
        super().setUp()
        self.config = self.work / "config.toml"
        self.config.write_text('[remote.parts]\ntype = "gcs"\nbucket = "bucket"\nparallel_upload = "xml"\n')
        self.digest = digest_of(self.chunks())

    def cloud(self):
        cloud = Fakecloud("--azure-container", "bucket", "--storage-dir", self.work)
        self.addCleanup(cloud.__exit__)
        return cloud

    def env_of(self, cloud):
        return dict(cloud.env(), STORAGE_EMULATOR_HOST=cloud.gcs)

    def source_file(self):
        path = self.work / "tree" / NAME
        path.parent.mkdir(parents=True)
        with open(path, "wb") as out:
            for chunk in self.chunks():
                out.write(chunk)
        return self.work / "tree"

    def copy(self, source, target, env):
        """The action line of the object; memory and exit code are checked."""
        environment = dict(CLEAN, HOME=str(self.work), XDG_STATE_HOME=str(self.state),
                           ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", ""), GODWIT_CONFIG=str(self.config), **env)
        out = self.work / "out"
        with open(out, "wb") as results:
            process = subprocess.Popen([GODWIT, "sync", "--json", "--memory", "64MiB", source, target],
                                       env=environment, stdout=results)
            resident = peak_of(process)
        lines = [json.loads(line) for line in out.read_text().splitlines()]
        self.assertEqual(process.returncode, 0, lines)
        action = next(line for line in lines if line["type"] == "action")
        print(f"{self.id().rsplit('.', 1)[1]}: {SIZE >> 20} MiB, {resident / (1 << 20):.1f} MiB resident, "
              f"verified {action['verified']}", flush=True)
        if PLAIN_BUILD:
            self.assertLess(resident, RESIDENT_MAX)
        return action

    def s3_source(self):
        cloud = self.cloud()
        self.copy(self.source_file(), "s3://bucket/p", cloud.env())
        return cloud

    def env_between(self, source, target):
        """The source by the S3 variables, the target by the others."""
        return {**self.env_of(target), **{k: v for k, v in source.env().items() if k.startswith("AWS_")}}

    def azure_digest(self, connection, container="bucket"):
        from azure.storage.blob import BlobClient

        blob = BlobClient.from_connection_string(connection, container, f"p/{NAME}", api_version="2025-01-05",
                                                 max_single_get_size=8 << 20, max_chunk_get_size=8 << 20)
        return digest_of(blob.download_blob().chunks())

    def gcs_digest(self, host, bucket="bucket"):
        name = urllib.request.quote(f"p/{NAME}", safe="")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{host}/storage/v1/b/{bucket}/o/{name}?alt=media") as response:
            return digest_of(read_response(response))

    def test_s3_to_azure_and_on_to_s3(self):
        source, target = self.s3_source(), self.cloud()
        target.faults()
        action = self.copy("s3://bucket/p", "az://bucket/p", self.env_between(source, target))
        self.assertEqual(action["verified"], "block-crc64")
        self.assertEqual(self.azure_digest(target.azure), self.digest)
        self.assertGreater(target.counters()["in_flight_max"], 1)
        action = self.copy("az://bucket/p", "s3://bucket/back", self.env_between(source, target))
        self.assertEqual(action["verified"], "crc64nvme")
        body = source.client().get_object(Bucket="bucket", Key=f"back/{NAME}")["Body"]
        self.assertEqual(digest_of(body.iter_chunks(1 << 20)), self.digest)

    def test_s3_to_gcs_by_parts_and_on_to_azure(self):
        source, middle, target = self.s3_source(), self.cloud(), self.cloud()
        middle.faults()
        action = self.copy("s3://bucket/p", "parts:p", self.env_between(source, middle))
        self.assertEqual(action["verified"], "crc32c")
        self.assertEqual(self.gcs_digest(middle.gcs), self.digest)
        counted = middle.counters()
        self.assertGreater(counted["in_flight_max"], 1)
        self.assertGreater(counted["requests"].get("gcs:xml.part", 0), 1)
        env = {**self.env_of(target), "STORAGE_EMULATOR_HOST": middle.gcs}
        target.faults()
        action = self.copy("gs://bucket/p", "az://bucket/p", env)
        self.assertEqual(action["verified"], "block-crc64")
        self.assertEqual(self.azure_digest(target.azure), self.digest)
        self.assertGreater(target.counters()["in_flight_max"], 1)

    def test_s3_to_gcs_as_one_stream(self):
        source, target = self.s3_source(), self.cloud()
        target.faults()
        action = self.copy("s3://bucket/p", "gs://bucket/p", self.env_between(source, target))
        self.assertEqual(action["verified"], "crc32c")
        self.assertEqual(self.gcs_digest(target.gcs), self.digest)
        requests = target.counters()["requests"]
        self.assertEqual(requests.get("gcs:resumable.start"), 1)
        self.assertEqual(requests.get("gcs:xml.begin", 0), 0)

    @unittest.skipUnless("GODWIT_TEST_AZURITE_ENDPOINT" in os.environ, "by tests/run.sh, which starts Azurite")
    def test_minio_to_azurite(self):
        server = minio()
        bucket = f"large-{os.getpid()}"
        server.client().create_bucket(Bucket=bucket)
        self.addCleanup(self.empty, server, bucket)
        self.copy(self.source_file(), f"s3://{bucket}/p", server.env())
        account, key, endpoint = (os.environ["GODWIT_TEST_AZURITE_AZURE_" + name]
                                  for name in ("STORAGE_ACCOUNT", "STORAGE_KEY", "BLOB_ENDPOINT"))
        connection = f"AccountName={account};AccountKey={key};BlobEndpoint={endpoint}"
        env = dict(server.env(), AZURE_STORAGE_CONNECTION_STRING=connection)
        self.assertEqual(self.godwit("mb", f"az://{bucket}", env=env).code, 0)
        action = self.copy(f"s3://{bucket}/p", f"az://{bucket}/p", env)
        self.assertEqual(action["verified"], "block-crc64")
        self.assertEqual(self.azure_digest(connection, bucket), self.digest)

    @staticmethod
    def empty(server, bucket):
        server.client().delete_object(Bucket=bucket, Key=f"p/{NAME}")
        server.client().delete_bucket(Bucket=bucket)


if __name__ == "__main__":
    main()
