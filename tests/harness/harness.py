"""What the tests of the program share: running godwit, servers, fakecloud, trees, results.

Standard library only, but for boto3, which reads back as an independent client.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

TOP = pathlib.Path(os.environ.get("GODWIT_TOP", pathlib.Path(__file__).resolve().parents[2]))
BIN = pathlib.Path(os.environ.get("GODWIT_BIN", TOP / "build/asan/bin"))
GODWIT = BIN / "godwit"
FAKECLOUD = BIN / "godwit-fakecloud"

# Nothing of the account that runs the tests may leak into them.
CLEAN = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("AWS_", "GODWIT_", "AZURE_", "GOOGLE_", "XDG_", "CURL_CA", "SSL_CERT"))
    and name.lower() not in ("http_proxy", "https_proxy", "all_proxy")
}


@dataclasses.dataclass
class Run:
    """One finished run of the program."""

    code: int
    out: bytes
    err: str

    @property
    def lines(self):
        return [json.loads(line) for line in self.out.decode().splitlines() if line]

    @property
    def summary(self):
        assert self.lines and self.lines[-1]["type"] == "summary", (self.out, self.err)
        return self.lines[-1]

    def of_type(self, kind):
        return [line for line in self.lines if line["type"] == kind]

    def actions(self, **fields):
        return [a for a in self.of_type("action") if all(a.get(k) == v for k, v in fields.items())]


class Server:
    """An S3 endpoint with its keys."""

    def __init__(self, endpoint, access_key, secret_key, region="us-east-1", ca_bundle=None):
        self.endpoint = endpoint
        self.access_key = access_key
        self.secret_key = secret_key
        self.region = region
        self.ca_bundle = ca_bundle

    def env(self):
        env = {
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": self.region,
        }
        if self.ca_bundle:
            env["AWS_CA_BUNDLE"] = self.ca_bundle
        return env

    def client(self, checksums=True):
        """Without checksums, as older clients put objects: the service keeps nothing but the MD5."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name=self.region,
            verify=self.ca_bundle or True,
            config=Config(
                s3={"addressing_style": "path"},
                retries={"max_attempts": 2},
                request_checksum_calculation="when_supported" if checksums else "when_required",
            ),
        )


def minio(tls=False):
    """The MinIO that tests/run.sh started; a missing one fails the test."""
    prefix = "GODWIT_TEST_MINIO_TLS_" if tls else "GODWIT_TEST_MINIO_"
    names = ("AWS_ENDPOINT_URL_S3", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION")
    values = [os.environ.get(prefix + name) for name in names]
    if not all(values):
        raise RuntimeError(f"no MinIO: {prefix}* is not set; run tests/run.sh e2e")
    return Server(*values, ca_bundle=os.environ.get(prefix + "CA_BUNDLE"))


def azurite(endpoint=None):
    """A connection string for the Azurite that tests/run.sh started, at `endpoint` if that leads there, too."""
    names = ("AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_KEY", "AZURE_BLOB_ENDPOINT")
    account, key, own = (os.environ.get("GODWIT_TEST_AZURITE_" + name) for name in names)
    if not (account and key and own):
        raise RuntimeError("no Azurite: GODWIT_TEST_AZURITE_* is not set; run tests/run.sh e2e")
    return f"BlobEndpoint={endpoint or own};AccountName={account};AccountKey={key}"


class Fakecloud(Server):
    """A fakecloud process of its own; a context manager."""

    def __init__(self, *options, bucket="bucket"):
        self.folder = tempfile.mkdtemp(prefix="fakecloud-")
        env_file = pathlib.Path(self.folder) / "env"
        command = [FAKECLOUD, "--env-file", env_file, *options]
        if bucket:
            command += ["--bucket", bucket]
        self.log = open(pathlib.Path(self.folder) / "log", "wb")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, env=CLEAN)
        deadline = time.monotonic() + 30
        while not env_file.exists() or not env_file.read_text():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((pathlib.Path(self.folder) / "log").read_text())
            time.sleep(0.02)
        values = {}
        for line in env_file.read_text().splitlines():
            name, _, value = line.removeprefix("export ").partition("=")
            values[name] = value.strip("'\"")
        super().__init__(values["AWS_ENDPOINT_URL_S3"], values["AWS_ACCESS_KEY_ID"],
                         values["AWS_SECRET_ACCESS_KEY"], values.get("AWS_REGION", "us-east-1"))
        self.azure = values["AZURE_STORAGE_CONNECTION_STRING"]
        self.gcs = values["STORAGE_EMULATOR_HOST"]
        self.control = values["GODWIT_FAKECLOUD_CONTROL"]

    def env(self):
        return dict(super().env(), AZURE_STORAGE_CONNECTION_STRING=self.azure, STORAGE_EMULATOR_HOST=self.gcs)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()
        shutil.rmtree(self.folder)

    @staticmethod
    def open(request, ok=()):
        """A plain request, past any proxy; statuses of `ok` are no errors."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            return opener.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            if error.code not in ok:
                raise
            return error

    def call(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        with self.open(urllib.request.Request(self.control + path, data=data)) as answer:
            text = answer.read()
        return json.loads(text) if text.strip() else None

    def faults(self, *script):
        """Replaces the fault script; all counters begin anew."""
        self.call("/faults", list(script))
        self.reset_counters()

    def counters(self):
        return self.call("/counters")

    def requests(self, operation=None):
        """Requests of one operation ("GetObject", "azure:GetBlob"), or all as {operation: count}."""
        counts = {name.removeprefix("s3:"): n for name, n in self.counters()["requests"].items() if n}
        return counts if operation is None else counts.get(operation, 0)

    def uploads(self, bucket="bucket", service="s3"):
        """The open uploads of a bucket: multipart uploads, sessions, blobs with uncommitted blocks."""
        return self.call(f"{'' if service == 's3' else '/' + service}/uploads?bucket={bucket}")

    def settle(self):
        """Waits until the server has noticed that a client is gone."""
        before = None
        while before != (before := self.counters()["bytes_received"]):
            time.sleep(0.1)

    def fired(self):
        """How often each fault of the script fired, in its order."""
        return [fault["fired"] for fault in self.counters()["faults"]]

    def reset_counters(self):
        self.call("/reset-counters", {})


class Case(unittest.TestCase):
    """A test with a folder, a state folder and a way to run godwit."""

    maxDiff = 4000

    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="godwit-test-"))
        self.state = self.work / "state"
        self.addCleanup(shutil.rmtree, self.work, ignore_errors=True)

    def godwit(self, *arguments, server=None, env=None, stdin=None, timeout=300, cwd=None):
        environment = dict(CLEAN, HOME=str(self.work), XDG_STATE_HOME=str(self.state))
        environment["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "")
        environment.update(server.env() if server else {})
        environment.update(env or {})
        done = subprocess.run(
            [GODWIT, *map(os.fspath, arguments)], env=environment, input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True, timeout=timeout, cwd=cwd or self.work, check=False)
        return Run(done.returncode, done.stdout, done.stderr.decode(errors="replace"))

    def sync(self, *arguments, code=0, **options):
        run = self.godwit("sync", "--json", *arguments, **options)
        self.assertEqual(run.code, code, run.out.decode(errors="replace")[-3000:] + run.err[-3000:])
        return run

    def tree(self, files, name="tree"):
        """Makes a folder from {relative name: bytes}."""
        root = self.work / name
        root.mkdir(exist_ok=True)
        for key, data in files.items():
            path = os.path.join(os.fsencode(root), key if isinstance(key, bytes) else os.fsencode(key))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as out:
                out.write(data)
        return root


def read_tree(root):
    """{relative name: (sha256, mtime_ns)} of a folder, names as bytes."""
    found = {}
    top = os.fsencode(root)
    for folder, _, names in os.walk(top):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as data:
                digest = hashlib.sha256(data.read()).hexdigest()
            found[os.path.relpath(path, top)] = (digest, os.stat(path).st_mtime_ns)
    return found


def bucket_contents(client, bucket, prefix=""):
    """{key: bytes} by the independent client."""
    found = {}
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            found[entry["Key"]] = client.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
    return found


@contextlib.contextmanager
def bucket(client, name):
    client.create_bucket(Bucket=name)
    yield name


def main():
    """Runs the caller's tests and leaves their counts for tests/run.sh."""
    program = unittest.main(module="__main__", exit=False, verbosity=1)
    result = program.result
    bad = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    folder = os.environ.get("GODWIT_RESULTS")
    if folder:
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        counts = {"passed": result.testsRun - bad - len(result.skipped), "failed": bad,
                  "skipped": len(result.skipped)}
        name = pathlib.Path(sys.argv[0]).stem
        (pathlib.Path(folder) / f"{name}.json").write_text(json.dumps(counts))
    sys.exit(1 if bad else 0)
