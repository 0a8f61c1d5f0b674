"""Local folder to MinIO and back, over http and https with a private CA; read back by boto3."""

import os
import random
import uuid

import harness
from harness import Case, bucket_contents, main, minio, read_tree

PART = 8 << 20
ODD_NAMES = [
    "with space", "plus+plus", "percent%2Fslash", "percent%", "quote'\"`", "hash#", "question?", "amp&=;:@,",
    "line\nbreak", "tab\there", "nfc-\u00e9", "nfd-e\u0301", "emoji-\U0001F600", "c" * 255, "dot.", ".hidden",
    "back\\slash", "a-b", "a.b", "a0b", "(parens)!*~", "<xml>&amp;", "trailing ",
]
SIZES = [0, 1, PART - 1, PART, PART + 1]


def odd_tree():
    files = {}
    for i, name in enumerate(ODD_NAMES):
        files[name] = f"content {i}".encode()
        files[f"folder {i}/{name}"] = os.urandom(i * 37)
    for size in SIZES:
        files[f"sizes/{size}"] = os.urandom(size)
    return files


class RoundTrip:
    """The same tests for each scheme."""

    tls = False

    def setUp(self):
        super().setUp()
        self.server = minio(self.tls)
        self.client = self.server.client()
        self.bucket = f"t-{uuid.uuid4().hex[:16]}"
        self.client.create_bucket(Bucket=self.bucket)

    def url(self, prefix):
        return f"s3://{self.bucket}/{prefix}"

    def test_odd_names_and_sizes_round_trip_with_mtime(self):
        files = odd_tree()
        tree = self.tree(files)
        random.seed(7)
        for name in files:
            stamp = random.randrange(10**18, 17 * 10**17)
            os.utime(tree / name, ns=(stamp, stamp))
        up = self.sync("--part-size", "8MiB", tree, self.url("p"), server=self.server)
        self.assertEqual(up.summary["objects"]["copied"], len(files))
        self.assertEqual({a["verified"] for a in up.actions(action="copy")}, {"crc64nvme"})
        found = bucket_contents(self.client, self.bucket, "p/")
        self.assertEqual(found, {f"p/{name}": data for name, data in files.items()})
        down = self.sync("--part-size", "8MiB", self.url("p"), self.work / "back", server=self.server)
        self.assertEqual(down.summary["objects"]["copied"], len(files))
        self.assertEqual(read_tree(self.work / "back"), read_tree(tree))
        for source, target in ((tree, self.url("p")), (self.url("p"), self.work / "back")):
            again = self.sync(source, target, server=self.server)
            self.assertEqual(again.summary["objects"]["copied"], 0)
            self.assertEqual(again.summary["objects"]["unchanged"], len(files))
            requests = again.summary["requests"]
            self.assertEqual((requests["get"], requests["head"], requests["put"]), (0, 0, 0))

    def test_two_hundred_mebibytes(self):
        data = os.urandom(200 << 20)
        tree = self.tree({"big.bin": data})
        self.sync(tree, self.url("big"), server=self.server)
        head = self.client.head_object(Bucket=self.bucket, Key="big/big.bin", ChecksumMode="ENABLED")
        self.assertEqual(head["ContentLength"], len(data))
        self.assertIn("ChecksumCRC64NVME", head)
        self.sync(self.url("big"), self.work / "back", server=self.server)
        self.assertEqual(read_tree(self.work / "back"), read_tree(tree))

    def test_objects_of_another_client_come_down_and_stay_equal(self):
        body = os.urandom(100_000)
        self.client.put_object(Bucket=self.bucket, Key="o/x", Body=body, ContentType="text/x-odd",
                               Metadata={"colour": "green"}, CacheControl="max-age=5")
        self.client.put_object(Bucket=self.bucket, Key="o/empty/", Body=b"")
        self.sync(self.url("o"), self.work / "down", server=self.server)
        self.assertEqual((self.work / "down/x").read_bytes(), body)
        self.assertTrue((self.work / "down/empty").is_dir())
        again = self.sync(self.url("o"), self.work / "down", server=self.server)
        self.assertEqual(again.summary["objects"]["copied"], 0)
        self.sync(self.url("o"), self.url("copy"), server=self.server)
        head = self.client.head_object(Bucket=self.bucket, Key="copy/x")
        self.assertEqual(head["ContentType"], "text/x-odd")
        self.assertEqual(head["Metadata"].get("colour"), "green")
        self.assertEqual(head["CacheControl"], "max-age=5")

    def test_delete_removes_what_the_source_lost(self):
        tree = self.tree({"a": b"1", "b/c": b"2", "b/d": b"3"})
        self.sync(tree, self.url("del"), server=self.server)
        (tree / "b/c").unlink()
        run = self.sync("--delete", tree, self.url("del"), server=self.server)
        self.assertEqual(run.summary["objects"]["deleted"], 1)
        self.assertEqual(set(bucket_contents(self.client, self.bucket, "del/")), {"del/a", "del/b/d"})

    def test_simple_commands(self):
        url = self.url("s")
        tree = self.tree({"one": b"1", "two/three": b"333"})
        self.sync(tree, url, server=self.server)
        self.assertEqual(self.godwit("ls", url, server=self.server).out, b"one\ntwo/\n")
        self.assertEqual(self.godwit("ls", "-r", url, server=self.server).out, b"one\ntwo/three\n")
        self.assertEqual(self.godwit("cat", url + "/two/three", server=self.server).out, b"333")
        self.assertEqual(self.godwit("cat", "--range", "0-0", url + "/two/three", server=self.server).out, b"3")
        usage = self.godwit("du", "--json", url, server=self.server).lines
        self.assertEqual(usage, [{"type": "du", "objects": 2, "bytes": 4}])
        stat = self.godwit("stat", "--json", url + "/one", server=self.server).lines[0]
        self.assertEqual((stat["key"].split("/")[-1], stat["bytes"]), ("one", 1))
        self.assertIn("crc64nvme", stat["digests"])
        self.assertEqual(self.godwit("stat", url + "/none", server=self.server).code, 7)
        piped = self.godwit("cp", "-", url + "/piped", server=self.server, stdin=b"from stdin")
        self.assertEqual(piped.code, 0, piped.err)
        self.assertEqual(self.godwit("cp", url + "/piped", "-", server=self.server).out, b"from stdin")
        self.assertEqual(self.godwit("rm", url + "/piped", server=self.server).code, 0)
        self.assertEqual(self.godwit("rm", url + "/piped", server=self.server).code, 7)
        self.assertEqual(self.godwit("rm", "-r", url, server=self.server).code, 2)
        self.assertEqual(self.godwit("rm", "-r", "--yes", url, server=self.server).code, 0)
        self.assertEqual(bucket_contents(self.client, self.bucket, "s/"), {})
        self.assertEqual(self.godwit("mb", f"s3://{self.bucket}", server=self.server).code, 0)
        self.assertEqual(self.godwit("mb", f"s3://n-{self.bucket}", server=self.server).code, 0)


class OverHttp(RoundTrip, Case):
    pass


class OverHttps(RoundTrip, Case):
    tls = True

    def test_untrusted_certificate_is_refused(self):
        stranger = harness.Server(self.server.endpoint, self.server.access_key, self.server.secret_key)
        run = self.godwit("sync", "--json", "--retries", "0", self.tree({"a": b"1"}), self.url("x"), server=stranger)
        self.assertEqual(run.code, 7, run.err)
        self.assertRegex(run.err, "(?i)certificate")


if __name__ == "__main__":
    main()
