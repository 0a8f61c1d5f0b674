"""I11, I14: one flipped bit, up or down, at the first, a middle and the last byte, single and
multipart, is never published: repaired by a repeat and counted, or exit 5."""

import os

from harness import Case, Fakecloud, bucket_contents, main, read_tree

SMALL = 200_000
LARGE = 20 << 20  # Three parts of 8 MiB.
PLACES = ("first", "middle", "last")


class BitFlips(Case):
    @classmethod
    def setUpClass(cls):
        cls.cloud = Fakecloud(bucket="bucket")
        cls.client = cls.cloud.client()
        cls.data = {"small": os.urandom(SMALL), "large": os.urandom(LARGE)}
        for name, data in cls.data.items():
            cls.client.put_object(Bucket="bucket", Key=f"down/{name}", Body=data)

    @classmethod
    def tearDownClass(cls):
        cls.cloud.__exit__()

    def flips(self, operation, side, size, times):
        for place in PLACES:
            yield place, {"on": {"op": operation, "key": f"*{size}"},
                          "do": {"fault": "corrupt", "how": "flip", "offset": place, "side": side},
                          "times": times}

    def test_damaged_download_is_repaired_and_counted_I14(self):
        for size in self.data:
            for place, fault in self.flips("GetObject", "response", size, 1):
                with self.subTest(size=size, place=place):
                    self.cloud.faults(fault)
                    target = self.work / f"repaired-{size}-{place}"
                    run = self.sync("--part-size", "8MiB", "--include", size, "s3://bucket/down", target,
                                    server=self.cloud)
                    self.assertEqual(self.cloud.fired(), [1])
                    self.assertEqual((target / size).read_bytes(), self.data[size])
                    self.assertGreaterEqual(run.summary["retries"], 1)

    def test_download_that_stays_damaged_is_exit_5_and_never_published_I14(self):
        for size in self.data:
            for place, fault in self.flips("GetObject", "response", size, 0):
                with self.subTest(size=size, place=place):
                    self.cloud.faults(fault)
                    target = self.work / f"damaged-{size}-{place}"
                    run = self.sync("--part-size", "8MiB", "--retries", "1", "--include", size,
                                    "s3://bucket/down", target, server=self.cloud, code=5)
                    self.assertGreater(self.cloud.fired()[0], 0)
                    self.assertEqual(read_tree(target), {})
                    self.assertEqual(run.summary["objects"]["failed"], 1)

    def test_damaged_upload_is_repaired_and_counted_I11(self):
        for size, operation in (("small", "PutObject"), ("large", "UploadPart")):
            tree = self.tree({size: self.data[size]}, f"up-{size}")
            for place, fault in self.flips(operation, "request", size, 1):
                with self.subTest(size=size, place=place):
                    self.cloud.faults(fault)
                    prefix = f"up-{size}-{place}"
                    run = self.sync("--part-size", "8MiB", tree, f"s3://bucket/{prefix}",
                                    server=self.cloud)
                    self.assertEqual(self.cloud.fired(), [1])
                    found = bucket_contents(self.client, "bucket", prefix + "/")
                    self.assertEqual(found, {f"{prefix}/{size}": self.data[size]})
                    self.assertGreaterEqual(run.summary["retries"], 1)

    def test_upload_that_stays_damaged_is_exit_5_and_never_published_I11(self):
        for size, operation in (("small", "PutObject"), ("large", "UploadPart")):
            tree = self.tree({size: self.data[size]}, f"bad-{size}")
            for place, fault in self.flips(operation, "request", size, 0):
                with self.subTest(size=size, place=place):
                    self.cloud.faults(fault)
                    prefix = f"bad-{size}-{place}"
                    self.sync("--part-size", "8MiB", "--retries", "1", tree, f"s3://bucket/{prefix}",
                              server=self.cloud, code=5)
                    self.assertGreater(self.cloud.fired()[0], 0)
                    self.assertEqual(bucket_contents(self.client, "bucket", prefix + "/"), {})
                    self.assertEqual(self.cloud.uploads(), [])


if __name__ == "__main__":
    main()
