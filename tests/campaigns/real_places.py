"""Buckets of the real servers that tests/run.sh started, as places.py has those of fakecloud.

`proxies` of a place stand between godwit and its server; the checker goes past them.
"""

import base64
import datetime
import hashlib
import hmac
import json
import os
import shutil
import urllib.parse
import uuid
import xml.etree.ElementTree

import harness
from faulty_proxy import FaultyProxy
from places import Bucket, Folder

BUCKET_PREFIX = "net-"


def missing():
    """The servers that were not started."""
    return [name for name in ("MINIO", "FAKE_GCS", "AZURITE") if f"GODWIT_TEST_{name}_ENDPOINT" not in os.environ]


class Minio:
    """Its client is botocore's: one of them a thread."""

    kind = "s3"
    prefix = "p/"

    def __init__(self):
        from botocore.handlers import add_expect_header

        server = harness.minio()
        self.client = server.client()
        # After an empty body that it announced with Expect, botocore waits for ever on MinIO's next answer.
        self.client.meta.events.unregister("before-call.s3", add_expect_header)
        self.bucket = BUCKET_PREFIX + uuid.uuid4().hex[:16]
        self.client.create_bucket(Bucket=self.bucket)
        self.proxy = FaultyProxy(server.endpoint)
        server.endpoint = self.proxy.url
        self.env = server.env()
        self.url = f"s3://{self.bucket}/p"

    def read(self):
        return {key[2:]: data for key, data in harness.bucket_contents(self.client, self.bucket, self.prefix).items()}

    def put(self, key, data):
        self.client.put_object(Bucket=self.bucket, Key=self.prefix + key, Body=data)

    def remove(self, key):
        self.client.delete_object(Bucket=self.bucket, Key=self.prefix + key)

    def end(self):
        """The server forgets it: some become slow when they hold much."""
        for key in self.read():
            self.remove(key)
        self.client.delete_bucket(Bucket=self.bucket)

    def litter(self):
        return [upload["Key"] for upload in self.client.list_multipart_uploads(Bucket=self.bucket).get("Uploads", [])]


class FakeGcs(Bucket):
    kind = "gcs"

    def __init__(self):
        endpoint = os.environ["GODWIT_TEST_FAKE_GCS_STORAGE_EMULATOR_HOST"]
        super().__init__(None, endpoint, "p/")
        self.bucket = BUCKET_PREFIX + uuid.uuid4().hex[:16]
        self.ask("POST", "/storage/v1/b?project=test", json.dumps({"name": self.bucket}),
                 {"Content-Type": "application/json"})
        self.proxy = FaultyProxy(endpoint)
        self.env = {"STORAGE_EMULATOR_HOST": self.proxy.url}
        self.url = f"gs://{self.bucket}/p"

    def path(self, key):
        return f"/storage/v1/b/{self.bucket}/o/{urllib.parse.quote(self.prefix + key, safe='')}"

    def read(self):
        found = {}
        token = ""
        while True:
            page = json.loads(self.ask("GET", f"/storage/v1/b/{self.bucket}/o?prefix=p%2F&pageToken={token}"))
            for key in self.relative(entry["name"] for entry in page.get("items", [])):
                found[key] = self.ask("GET", self.path(key) + "?alt=media")
            token = page.get("nextPageToken", "")
            if not token:
                return found

    def put(self, key, data):
        name = urllib.parse.quote(self.prefix + key, safe="")
        self.ask("POST", f"/upload/storage/v1/b/{self.bucket}/o?uploadType=media&name={name}", data)

    def remove(self, key):
        self.ask("DELETE", self.path(key))

    def end(self):
        for key in self.read():
            self.remove(key)
        self.ask("DELETE", f"/storage/v1/b/{self.bucket}")

    def litter(self):
        return []  # Sessions cannot be listed, and none is begun: see network_faults.py.


class Azurite(Bucket):
    kind = "azure"

    def __init__(self):
        self.account, self.key, endpoint = (os.environ["GODWIT_TEST_AZURITE_" + name] for name in (
            "AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_KEY", "AZURE_BLOB_ENDPOINT"))
        super().__init__(None, endpoint, "p/")
        self.sas = self.signature()
        self.bucket = BUCKET_PREFIX + uuid.uuid4().hex[:16]
        self.ask("PUT", f"/{self.bucket}?restype=container&{self.sas}")
        self.proxy = FaultyProxy(endpoint)
        self.env = {"AZURE_STORAGE_CONNECTION_STRING": harness.azurite(self.proxy.url)}
        self.url = f"az://{self.bucket}/p"

    def signature(self):
        """The query of a shared access signature of the account."""
        end = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
        text = "\n".join([self.account, "rwdlac", "b", "sco", "", end, "", "http", "2020-02-10", ""])
        digest = hmac.new(base64.b64decode(self.key), text.encode(), hashlib.sha256).digest()
        return urllib.parse.urlencode({"sv": "2020-02-10", "ss": "b", "srt": "sco", "sp": "rwdlac", "se": end,
                                       "spr": "http", "sig": base64.b64encode(digest).decode()})

    def blob(self, method, key, body=None, query="", **headers):
        return self.ask(method, f"/{self.bucket}/{self.quoted(key)}?{query}{self.sas}", body,
                        {"x-ms-version": "2025-01-05", **headers})

    def names(self, include=""):
        marker = ""
        while True:
            listing = xml.etree.ElementTree.fromstring(self.ask(
                "GET", f"/{self.bucket}?restype=container&comp=list&include={include}&marker={marker}&{self.sas}"))
            yield from self.relative(name.text for name in listing.iter("Name"))
            marker = listing.findtext("NextMarker")
            if not marker:
                return

    def read(self):
        return {key: self.blob("GET", key) for key in self.names()}

    def put(self, key, data):
        self.blob("PUT", key, data, **{"x-ms-blob-type": "BlockBlob"})

    def remove(self, key):
        self.blob("DELETE", key)

    def end(self):
        self.ask("DELETE", f"/{self.bucket}?restype=container&{self.sas}")

    def litter(self):
        """Blobs of which there are only blocks, and blocks beside those that make a blob."""
        found = list(set(self.names("uncommittedblobs")) - set(self.names()))
        for key in self.names():
            blocks = xml.etree.ElementTree.fromstring(
                self.blob("GET", key, query="comp=blocklist&blocklisttype=uncommitted&"))
            found += [f"{key}: {name.text}" for name in blocks.iter("Name")]
        return found


class LocalFolder(Folder):
    env = {}
    proxy = None

    def end(self):
        shutil.rmtree(self.root, ignore_errors=True)


def make(kind, work, name):
    """A new place of a kind: "local", "s3", "gcs" or "azure"."""
    return LocalFolder(work / name) if kind == "local" else {"s3": Minio, "gcs": FakeGcs, "azure": Azurite}[kind]()
