"""Every ordered pair of {local, S3, GCS, Azure}, and S3 to another S3 endpoint, on real servers.

A side is used if tests/run.sh started its server (GODWIT_TEST_... is set). Sources are filled and
targets read back by the official client of each service, never by godwit.
"""

import hashlib
import io
import os
import random
import time
import uuid

from harness import Case, main, minio

SEED = int(os.environ.get("GODWIT_TEST_SEED", time.time_ns()))
COUNT = 300
LARGE = [70 << 20, 33 << 20, (16 << 20) + 1, 16 << 20, (8 << 20) - 1]
SMALL_BYTES = 56 << 20  # Of all others together: 200 MB in all.
# Kept by every server (reference/servers.md) and every local file system.
PLAIN = [
    "with space", "plus+plus", "percent%2Fslash", "percent%", "quote'\"`", "hash#", "question?", "amp&=;:@,",
    "nfc-\u00e9", "nfd-e\u0301", "\U0001F600", "\uff5e", "\ufffd", "\ud7ff", "n", "n-", "n.x", "n0", "(parens)!*~", "<xml>&amp;",
    "c" * 200, "trailing ", " leading", ".hidden",
]
# Each refused by some service's rules.
REFUSED = ["line\nbreak", "back\\slash", "dot.", "tab\there"]
METADATA = {"colour": "green", "dash-ed": "1", "note": "a b"}
HEADERS = {"content_type": "text/x-odd", "cache_control": "max-age=5", "content_disposition": "attachment",
           "content_language": "de"}
EMPTY = {name: None for name in HEADERS}


def digest(data):
    return len(data), hashlib.sha256(data).hexdigest()


class Tree:
    """Names, sizes and metadata from the seed; the bytes of a name are always the same."""

    def __init__(self, refused):
        dice = random.Random(SEED)
        names = []
        for i in range(COUNT - len(LARGE) - len(refused)):
            # A name is a file or a folder, never both: MinIO and local folders cannot hold that.
            folders = "".join(f"{dice.choice(PLAIN)}.d/" for _ in range(dice.randrange(3)))
            names.append(f"{folders}{dice.choice(PLAIN)} {i}" if i >= len(PLAIN) else f"top/{PLAIN[i]}")
        share = SMALL_BYTES // len(names)
        self.sizes = {name: dice.choice([0, 1, dice.randrange(2 * share), dice.randrange(4 * share)]) for name in names}
        self.sizes.update({f"large/{size}": size for size in LARGE})
        self.sizes.update({f"refused/{name}": 10 for name in refused})
        self.rich = {name for i, name in enumerate(sorted(self.sizes)) if i % 3 == 0}
        self.digests = {name: digest(self.data(name)) for name in self.sizes}

    def data(self, name):
        return random.Random(f"{SEED} {name}").randbytes(self.sizes[name])


class Local:
    name = "local"
    keeps_metadata = False
    refuses = staticmethod(lambda name: False)
    config = ""

    def __init__(self, work):
        self.root = work / f"local-{uuid.uuid4().hex[:8]}"

    @staticmethod
    def available():
        return True

    def url(self):
        return str(self.root)

    def env(self):
        return {}

    def fill(self, tree):
        for name in tree.sizes:
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(tree.data(name))

    def read(self):
        return {str(path.relative_to(self.root)): (digest(path.read_bytes()), {}, EMPTY)
                for path in self.root.rglob("*") if path.is_file()}


class S3:
    name = "s3"
    keeps_metadata = True
    refuses = staticmethod(lambda name: False)
    tls = False
    config = ""

    def __init__(self, _work):
        self.server = minio(self.tls)
        self.client = self.server.client()
        # After an empty body that it announced with Expect, botocore waits for ever on MinIO's next answer.
        from botocore.handlers import add_expect_header
        self.client.meta.events.unregister("before-call.s3", add_expect_header)
        self.bucket = f"t-{uuid.uuid4().hex[:16]}"
        self.client.create_bucket(Bucket=self.bucket)

    @classmethod
    def available(cls):
        return f"GODWIT_TEST_MINIO{'_TLS' if cls.tls else ''}_ENDPOINT" in os.environ

    def url(self):
        return f"s3://{self.bucket}/p"

    def env(self):
        return self.server.env()

    def fill(self, tree):
        import boto3.s3.transfer

        config = boto3.s3.transfer.TransferConfig(multipart_threshold=32 << 20)
        for name in tree.sizes:
            extra = {}
            if name in tree.rich:
                extra = {"Metadata": METADATA}
                extra.update({"".join(word.title() for word in key.split("_")): value for key, value in HEADERS.items()})
            if tree.sizes[name] >= 32 << 20:
                self.client.upload_fileobj(io.BytesIO(tree.data(name)), self.bucket, f"p/{name}", ExtraArgs=extra, Config=config)
            else:
                self.client.put_object(Bucket=self.bucket, Key=f"p/{name}", Body=tree.data(name), **extra)

    def read(self):
        found = {}
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix="p/"):
            for entry in page.get("Contents", []):
                answer = self.client.get_object(Bucket=self.bucket, Key=entry["Key"])
                headers = {key: answer.get("".join(word.title() for word in key.split("_"))) for key in HEADERS}
                found[entry["Key"][2:]] = (digest(answer["Body"].read()), answer["Metadata"], headers)
        return found


class OtherS3(S3):
    """A second endpoint with a certificate of a private authority, reached as a remote."""

    name = "other-s3"
    tls = True

    def url(self):
        return f"far:{self.bucket}/p"

    @property
    def config(self):
        return (f'[remote.far]\ntype = "s3"\nendpoint = "{self.server.endpoint}"\nregion = "{self.server.region}"\n'
                f'ca_bundle = "{self.server.ca_bundle}"\n'
                'access_key_id_env = "FAR_KEY"\nsecret_access_key_env = "FAR_SECRET"\n')

    def env(self):
        return {"FAR_KEY": self.server.access_key, "FAR_SECRET": self.server.secret_key}


class Gcs:
    name = "gcs"
    keeps_metadata = True
    refuses = staticmethod(lambda name: "\n" in name or "\r" in name)
    config = ""

    def __init__(self, _work):
        from google.auth.credentials import AnonymousCredentials
        from google.cloud import storage

        self.host = os.environ["GODWIT_TEST_FAKE_GCS_STORAGE_EMULATOR_HOST"]
        self.client = storage.Client(project="test", credentials=AnonymousCredentials(),
                                     client_options={"api_endpoint": self.host})
        self.bucket = self.client.create_bucket(f"t-{uuid.uuid4().hex[:16]}")

    @staticmethod
    def available():
        return "GODWIT_TEST_FAKE_GCS_ENDPOINT" in os.environ

    def url(self):
        return f"gs://{self.bucket.name}/p"

    def env(self):
        return {"STORAGE_EMULATOR_HOST": self.host}

    def fill(self, tree):
        for name in tree.sizes:
            blob = self.bucket.blob(f"p/{name}")
            if name in tree.rich:
                blob.metadata = METADATA
                for key, value in HEADERS.items():
                    setattr(blob, key, value)
            blob.upload_from_string(tree.data(name), content_type=HEADERS["content_type"] if name in tree.rich else None)

    def read(self):
        return {blob.name[2:]: (digest(blob.download_as_bytes(raw_download=True)), blob.metadata or {},
                                {key: getattr(blob, key) for key in HEADERS})
                for blob in self.bucket.list_blobs(prefix="p/")}


class Azure:
    name = "azure"
    keeps_metadata = True
    refuses = staticmethod(lambda name: "\\" in name or name.endswith(".") or any(c < " " for c in name))
    config = ""

    def __init__(self, _work):
        from azure.storage.blob import BlobServiceClient

        prefix = "GODWIT_TEST_AZURITE_"
        self.variables = {name: os.environ[prefix + name]
                          for name in ("AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_KEY", "AZURE_BLOB_ENDPOINT")}
        # Azurite knows no newer version.
        service = BlobServiceClient(self.variables["AZURE_BLOB_ENDPOINT"], api_version="2025-01-05", credential={
            "account_name": self.variables["AZURE_STORAGE_ACCOUNT"], "account_key": self.variables["AZURE_STORAGE_KEY"]})
        self.container = service.create_container(f"t-{uuid.uuid4().hex[:16]}")

    @staticmethod
    def available():
        return "GODWIT_TEST_AZURITE_ENDPOINT" in os.environ

    def url(self):
        return f"az://{self.container.container_name}/p"

    def env(self):
        return self.variables

    # Names are identifiers there; godwit escapes and restores the others.
    METADATA = {name: value for name, value in METADATA.items() if name.isidentifier()}

    def fill(self, tree):
        from azure.storage.blob import ContentSettings

        for name in tree.sizes:
            rich = name in tree.rich
            self.container.upload_blob(f"p/{name}", tree.data(name), metadata=self.METADATA if rich else None,
                                       content_settings=ContentSettings(**HEADERS) if rich else None)

    def read(self):
        found = {}
        for blob in self.container.list_blobs(name_starts_with="p/", include=["metadata"]):
            settings = blob.content_settings
            found[blob.name[2:]] = (digest(self.container.download_blob(blob.name).readall()), blob.metadata or {},
                                    {key: getattr(settings, key) for key in HEADERS})
        return found


SIDES = [Local, S3, Gcs, Azure]
PAIRS = [(a, b) for a in SIDES for b in SIDES] + [(S3, OtherS3)]


def own(name):
    return name == "mtime" or name.startswith("godwit_")


class Pairs(Case):
    """One test a pair, made below."""

    def expected_metadata(self, source, target):
        if not (source.keeps_metadata and target.keeps_metadata):
            return {}
        wanted = getattr(source, "METADATA", METADATA)
        # What is no identifier stands escaped at Azure: compared by its value only.
        return wanted if target.name != "azure" else {k: v for k, v in wanted.items() if k.isidentifier()}

    def run_pair(self, source_kind, target_kind):
        print(f"seed {SEED}: {source_kind.name} to {target_kind.name}", flush=True)
        refused = [name for name in REFUSED if not source_kind.refuses(name)]
        tree = Tree(refused)
        source, target = source_kind(self.work), target_kind(self.work)
        source.fill(tree)
        conflicts = {f"refused/{name}" for name in refused if target.refuses(name)}
        config = self.work / "config.toml"
        config.write_text(source.config + target.config)
        env = {"GODWIT_CONFIG": str(config), **source.env(), **target.env()}
        first = self.sync(source.url(), target.url(), env=env, code=1 if conflicts else 0)
        found = target.read()
        wanted = {name: value for name, value in tree.digests.items() if name not in conflicts}
        self.assertEqual({name: entry[0] for name, entry in found.items()}, wanted)
        self.assertEqual({line["key"] for line in first.of_type("error")}, conflicts)
        self.assertEqual({a["key"] for a in first.actions(reason="key-not-representable", status="failed")}, conflicts)
        copied = first.actions(action="copy", status="done")
        self.assertEqual(len(copied), len(wanted))
        self.assertEqual([a for a in copied if "verified" not in a and target_kind is not Local], [])
        self.check_metadata(tree, source, target, found, copied)
        second = self.sync(source.url(), target.url(), env=env, code=1 if conflicts else 0)
        self.assertEqual(second.summary["objects"]["unchanged"], len(wanted))
        requests = second.summary["requests"]
        self.assertEqual({k: requests[k] for k in ("get", "head", "put", "copy", "delete")},
                         {"get": 0, "head": 0, "put": 0, "copy": 0, "delete": 0})

    def check_metadata(self, tree, source, target, found, copied):
        dropped = {a["key"]: a["dropped"] for a in copied if "dropped" in a}
        if source.keeps_metadata and not target.keeps_metadata:
            names = {"content-type", "cache-control", "content-disposition", "content-language"}
            names |= {f"metadata:{name}" for name in getattr(source, "METADATA", METADATA)}
            rich = {key for key in tree.rich if key in found}
            self.assertEqual(set(dropped), rich)
            self.assertEqual({frozenset(listed) for listed in dropped.values()}, {frozenset(names)})
            return
        self.assertEqual(dropped, {})
        if not source.keeps_metadata:
            return
        wanted = self.expected_metadata(source, target)
        for name in tree.rich & set(found):
            _, metadata, headers = found[name]
            kept = {k.lower(): v for k, v in metadata.items() if not own(k.lower())}
            self.assertEqual({k: kept.get(k) for k in wanted}, wanted, name)
            if target.name != "azure":
                self.assertEqual(kept, wanted, name)
            self.assertEqual(headers, HEADERS, name)


def add_pair(source, target):
    def test(self):
        self.run_pair(source, target)

    setattr(Pairs, f"test_{source.name}_to_{target.name}".replace("-", "_"), test)


for pair in PAIRS:
    if pair[0].available() and pair[1].available():
        add_pair(*pair)


if __name__ == "__main__":
    main()
