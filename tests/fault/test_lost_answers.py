"""I17: the answer to each kind of write is lost after it took effect: recognised, not repeated, one
version at the server."""

import os

from harness import Case, Fakecloud, bucket_contents, main

LARGE = 20 << 20


class LostAnswers(Case):
    def setUp(self):
        super().setUp()
        self.cloud = Fakecloud(bucket="bucket")
        self.addCleanup(self.cloud.__exit__)
        self.client = self.cloud.client()
        self.client.put_bucket_versioning(Bucket="bucket",
                                          VersioningConfiguration={"Status": "Enabled"})

    def lose(self, operation, by, nth=1):
        self.cloud.faults({"on": {"op": operation, "nth": nth},
                           "do": {"fault": "lose_answer", "by": by}, "times": 1})

    def versions(self):
        listed = self.client.list_object_versions(Bucket="bucket")
        return [v["Key"] for v in listed.get("Versions", [])]

    def test_put_is_recognised_and_not_repeated_I17(self):
        for by in ("reset", "close"):
            with self.subTest(by=by):
                tree = self.tree({f"put-{by}": b"hello"}, f"tree-{by}")
                self.lose("PutObject", by)
                run = self.sync(tree, f"s3://bucket/{by}", server=self.cloud)
                self.assertEqual(self.cloud.fired(), [1])
                self.assertEqual(self.cloud.requests("PutObject"), 1)
                self.assertEqual(run.summary["objects"]["copied"], 1)
                self.assertEqual(self.versions().count(f"{by}/put-{by}"), 1)

    def test_overwrite_is_recognised_I17(self):
        tree = self.tree({"f": b"old"})
        self.sync(tree, "s3://bucket/o", server=self.cloud)
        (tree / "f").write_bytes(b"newer")
        self.lose("PutObject", "reset")
        self.sync(tree, "s3://bucket/o", server=self.cloud)
        self.assertEqual(self.cloud.fired(), [1])
        self.assertEqual(self.cloud.requests("PutObject"), 1)
        self.assertEqual(self.versions().count("o/f"), 2)

    def check_multipart(self, operation, requests):
        data = os.urandom(LARGE)
        tree = self.tree({"big": data})
        self.lose(operation, "reset")
        run = self.sync("--part-size", "8MiB", tree, "s3://bucket/m", server=self.cloud)
        self.assertEqual(self.cloud.fired(), [1])
        self.assertEqual(self.cloud.requests(operation), requests)
        self.assertEqual(run.summary["objects"]["copied"], 1)
        self.assertEqual(bucket_contents(self.client, "bucket"), {"m/big": data})
        self.assertEqual(self.versions(), ["m/big"])
        self.assertEqual(self.cloud.uploads(), [])

    def test_begin_may_start_another_but_leaves_no_orphan_I17(self):
        self.check_multipart("CreateMultipartUpload", 2)

    def test_part_is_recognised_I17(self):
        self.check_multipart("UploadPart", 3)

    def test_finish_is_recognised_I17(self):
        self.check_multipart("CompleteMultipartUpload", 1)

    def test_delete_is_recognised_I17(self):
        tree = self.tree({"keep": b"k", "go": b"g"})
        self.sync(tree, "s3://bucket/d", server=self.cloud)
        (tree / "go").unlink()
        self.cloud.faults({"on": {"op": "Delete"}, "do": {"fault": "lose_answer"}, "times": 1})
        run = self.sync("--delete", tree, "s3://bucket/d", server=self.cloud)
        self.assertEqual(self.cloud.fired(), [1])
        self.assertEqual(run.summary["objects"]["deleted"], 1)
        markers = self.client.list_object_versions(Bucket="bucket").get("DeleteMarkers", [])
        self.assertEqual([m["Key"] for m in markers], ["d/go"])

    def test_server_side_copy_is_recognised_I17(self):
        tree = self.tree({"f": b"copied inside"})
        self.sync(tree, "s3://bucket/a", server=self.cloud)
        self.lose("CopyObject", "reset")
        run = self.sync("s3://bucket/a", "s3://bucket/b", server=self.cloud)
        self.assertEqual(self.cloud.fired(), [1])
        self.assertEqual(self.cloud.requests("CopyObject"), 1)
        self.assertIn(run.actions(action="copy")[0]["verified"], ("service-copy", "crc64nvme"))
        self.assertEqual(self.versions().count("b/f"), 1)


if __name__ == "__main__":
    main()
