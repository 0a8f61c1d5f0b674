"""Folders and buckets as {key: bytes}, read and written without any code of the program."""

import argparse
import base64
import hashlib
import http.client
import json
import os
import pathlib
import urllib.parse
import xml.etree.ElementTree

import harness

BUCKET = "lake"
AZURE_TOKEN = "campaign-token"


class Cloud(harness.Fakecloud):
    """One fakecloud with a bucket of each service that this program reads without signatures."""

    def __init__(self, *options):
        super().__init__("--public-bucket", BUCKET, "--azure-container", BUCKET, "--azure-token", AZURE_TOKEN,
                         *options, bucket=BUCKET)
        text = (pathlib.Path(self.folder) / "env").read_text()
        [self.gcs] = [line.partition("=")[2].strip("'") for line in text.splitlines()
                      if line.startswith("STORAGE_EMULATOR_HOST=")]
        fields = dict(f.split("=", 1) for f in self.azure.split(";") if f)
        self.azure_endpoint = fields["BlobEndpoint"]
        self._signer = None
        self._control = http.client.HTTPConnection(urllib.parse.urlsplit(self.control).netloc, timeout=60)

    def call(self, path, body=None):
        """As the harness has it, over one connection."""
        text = None if body is None else json.dumps(body)
        status, data = exchange(self._control, "GET" if body is None else "POST", path, text)
        assert status == 200, (path, status, data[:500])
        return json.loads(data) if data.strip() else None

    def env(self):
        return dict(super().env(), STORAGE_EMULATOR_HOST=self.gcs)

    def signer(self):
        """botocore as a maker of signed URLs: its own connections stall after an empty PUT."""
        if self._signer is None:
            import boto3
            from botocore.config import Config

            self._signer = boto3.client(
                "s3", endpoint_url=self.endpoint, aws_access_key_id=self.access_key,
                aws_secret_access_key=self.secret_key, region_name=self.region,
                config=Config(s3={"addressing_style": "path"}, signature_version="s3v4"))
        return self._signer


def exchange(connection, method, path, body=None, headers=None):
    """(status, body) of one request; a connection that was closed meanwhile is made anew."""
    for last in (False, True):
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (http.client.HTTPException, ConnectionError):
            connection.close()
            if last:
                raise
    return None


def digest(data):
    return hashlib.sha256(data).hexdigest()


def digests(tree):
    return {key: digest(data) for key, data in tree.items()}


class Place:
    """A prefix of a store. `url` is how godwit names it."""

    kind = "?"

    def read(self):
        """What is visible now below the prefix: {key: bytes}."""
        raise NotImplementedError

    def digests(self):
        """What is visible now below the prefix: {key: digest}."""
        raise NotImplementedError

    def put(self, key, data):
        raise NotImplementedError

    def remove(self, key):
        raise NotImplementedError

    def litter(self):
        """What an unfinished run may have left: temporary files, open uploads."""
        raise NotImplementedError


class Folder(Place):
    kind = "local"

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.url = str(self.root)

    def read(self):
        found = {}
        for folder, _, names in os.walk(self.root):
            for name in names:
                if not name.startswith(".godwit-"):
                    path = pathlib.Path(folder) / name
                    found[str(path.relative_to(self.root))] = path.read_bytes()
        return found

    def digests(self):
        return digests(self.read())

    def put(self, key, data):
        path = self.root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def remove(self, key):
        (self.root / key).unlink()

    def litter(self):
        return [os.path.join(folder, name) for folder, _, names in os.walk(self.root)
                for name in names if name.startswith(".godwit-")]


class Bucket(Place):
    """What the three services have in common: keep-alive HTTP without signatures."""

    def __init__(self, cloud, endpoint, prefix):
        self.cloud = cloud
        self.prefix = prefix
        parts = urllib.parse.urlsplit(endpoint)
        self.base = parts.path
        self.connection = http.client.HTTPConnection(parts.netloc, timeout=60)

    def ask(self, method, path, body=None, headers=None, good=(200, 201, 202, 204)):
        status, data = exchange(self.connection, method, self.base + path, body, headers)
        assert status in good, (method, path, status, data[:500])
        return data

    def contents(self, keys, path, headers=None):
        """What lies under keys that were listed; a delete that a killed run had sent may have come since."""
        found = {}
        for key in keys:
            status, data = exchange(self.connection, "GET", self.base + path(key), None, headers or {})
            assert status in (200, 404), (key, status, data[:500])
            if status == 200:
                found[key] = data
        return found

    def digests(self):
        """As the server computes them from the bytes that it holds, past all faults."""
        service = "" if self.kind == "s3" else f"/{self.kind}"
        prefix = urllib.parse.quote(self.prefix, safe="")
        listing = self.cloud.call(f"{service}/digests?bucket={BUCKET}&prefix={prefix}")
        return {base64.b64decode(entry["key_b64"]).decode()[len(self.prefix):]: entry["sha256"] for entry in listing}

    def quoted(self, key):
        return urllib.parse.quote(self.prefix + key, safe="/")

    def relative(self, keys):
        return [key[len(self.prefix):] for key in keys if key.startswith(self.prefix)]


class S3(Bucket):
    kind = "s3"

    def __init__(self, cloud, prefix):
        super().__init__(cloud, cloud.endpoint, prefix)
        self.url = f"s3://{BUCKET}/{prefix.rstrip('/')}"
        self.client = cloud.signer()

    def read(self):
        keys = self.relative(entry["key"] for entry in self.cloud.call(f"/objects?bucket={BUCKET}"))
        return self.contents(keys, lambda key: f"/{BUCKET}/{self.quoted(key)}")

    def signed(self, method, operation, key, body=None, **more):
        url = self.client.generate_presigned_url(operation, {"Bucket": BUCKET, "Key": self.prefix + key, **more})
        parts = urllib.parse.urlsplit(url)
        self.ask(method, f"{parts.path}?{parts.query}", body)

    def put(self, key, data):
        self.signed("PUT", "put_object", key, data)

    def remove(self, key):
        self.signed("DELETE", "delete_object", key)

    def litter(self):
        return [entry for entry in self.cloud.uploads(BUCKET) if self.name_of(entry).startswith(self.prefix)]

    @staticmethod
    def name_of(upload):
        return base64.b64decode(upload["key_b64"]).decode()


class Gcs(Bucket):
    kind = "gcs"

    def __init__(self, cloud, prefix):
        super().__init__(cloud, cloud.gcs, prefix)
        self.url = f"gs://{BUCKET}/{prefix.rstrip('/')}"

    def path(self, key):
        return f"/storage/v1/b/{BUCKET}/o/{urllib.parse.quote(self.prefix + key, safe='')}"

    def read(self):
        keys = self.relative(entry["key"] for entry in self.cloud.call(f"/gcs/objects?bucket={BUCKET}"))
        return self.contents(keys, lambda key: self.path(key) + "?alt=media")

    def put(self, key, data):
        name = urllib.parse.quote(self.prefix + key, safe="")
        self.ask("POST", f"/upload/storage/v1/b/{BUCKET}/o?uploadType=media&name={name}", data)

    def remove(self, key):
        self.ask("DELETE", self.path(key))

    def litter(self):
        """Uploads by parts; sessions cannot be listed, and expire by themselves."""
        listing = xml.etree.ElementTree.fromstring(self.ask("GET", f"/{BUCKET}?uploads"))
        return [entry for entry in listing.iter() if entry.tag.rpartition("}")[2] == "Upload"]


class Azure(Bucket):
    kind = "azure"
    HEADERS = {"Authorization": f"Bearer {AZURE_TOKEN}", "x-ms-version": "2025-01-05"}

    def __init__(self, cloud, prefix):
        super().__init__(cloud, cloud.azure_endpoint, prefix)
        self.url = f"az://{BUCKET}/{prefix.rstrip('/')}"

    def blob(self, method, key, body=None, **headers):
        return self.ask(method, f"/{BUCKET}/{self.quoted(key)}", body, dict(self.HEADERS, **headers))

    def read(self):
        found = {}
        marker = ""
        while True:
            listing = xml.etree.ElementTree.fromstring(self.ask(
                "GET", f"/{BUCKET}?restype=container&comp=list&marker={marker}", headers=self.HEADERS))
            keys = self.relative(name.text for name in listing.iter("Name"))
            found.update(self.contents(keys, lambda key: f"/{BUCKET}/{self.quoted(key)}", self.HEADERS))
            marker = listing.findtext("NextMarker")
            if not marker:
                return found

    def put(self, key, data):
        self.blob("PUT", key, data, **{"x-ms-blob-type": "BlockBlob"})

    def remove(self, key):
        self.blob("DELETE", key)

    def litter(self):
        return []  # Uncommitted blocks cannot be aborted; they expire after a week.


def make(kind, cloud, work, name):
    """The place `name` of a kind: "local", "s3", "gcs" or "azure"."""
    if kind == "local":
        return Folder(work / name)
    return {"s3": S3, "gcs": Gcs, "azure": Azure}[kind](cloud, name + "/")


class Bench:
    """A cloud, and scenarios that are made when they are first asked for: `make(cloud, source, target)`. Each one's
    begin() may bring the cloud back to what it was when all of them had just been made."""

    def __init__(self, make):
        self.make = make
        self.made = {}
        self.cloud = Cloud()
        self.cloud.call("/save", {})

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.cloud.__exit__(*what)

    def scenario(self, pair):
        if pair not in self.made:
            self.cloud.call("/restore", {})
            self.made[pair] = self.make(self.cloud, *pair.split("-"))
            self.cloud.call("/save", {})
        return self.made[pair]


def pairs_option(parser, pairs):
    """--pairs, a list out of those that there are."""
    def chosen(text):
        wanted = text.split(",")
        if unknown := set(wanted) - set(pairs):
            raise argparse.ArgumentTypeError(f"no such pair: {', '.join(sorted(unknown))}")
        return wanted

    parser.add_argument("--pairs", type=chosen, default=pairs, help=f"out of {','.join(pairs)}")


def fill(place, tree):
    for key, data in tree.items():
        place.put(key, data)


def describe(tree):
    """A tree for a message."""
    return json.dumps({key: len(data) for key, data in sorted(tree.items())})[:2000]
