"""I1, I2, I24: a listing that fails, in whatever way and on whichever side, deletes nothing.

Ten ways at pages 1, 2 and 3, of the source and of the target; and the one way that no client can see,
a well-formed page without its end, which the second proof must catch (I3).
"""

import harness
from harness import Case, Fakecloud, main

PAGE = 10

# Always: the repeats must not find a good page either.
WAYS = {
    "forbidden": {"fault": "status", "status": 403, "code": "AccessDenied"},
    "error": {"fault": "status", "status": 500, "code": "InternalError"},
    "cut": {"fault": "cut_body", "after": 300},
    "truncated XML": {"fault": "replace_body", "text": "<ListBucketResult><Name>b</Name><Contents><Key>a"},
    "repeated token": {"fault": "listing", "how": "repeated_token"},
    "unordered": {"fault": "listing", "how": "unordered"},
    "captive portal": {"fault": "replace_body", "preset": "captive_portal"},
    "empty body": {"fault": "replace_body", "preset": "empty"},
    "wrong root": {"fault": "replace_body", "preset": "wrong_root"},
    "timeout": {"fault": "stall", "seconds": 4},
}


class ListingFaults(Case):
    @classmethod
    def setUpClass(cls):
        cls.cloud = Fakecloud("--page-size", str(PAGE), bucket="source")
        cls.client = cls.cloud.client()
        cls.client.create_bucket(Bucket="target")
        for i in range(35):
            cls.client.put_object(Bucket="source", Key=f"d/{i:03}", Body=b"x" * i)
        for i in range(45):  # Ten more than the source: candidates for deletion.
            cls.client.put_object(Bucket="target", Key=f"d/{i:03}", Body=b"x" * i)

    @classmethod
    def tearDownClass(cls):
        cls.cloud.__exit__()

    def run_with(self, bucket, page, way):
        self.cloud.faults({"on": {"op": "ListObjects", "bucket": bucket, "page": page},
                           "do": WAYS[way], "times": 0})
        run = self.godwit("sync", "--json", "--delete", "--retries", "2", "--timeout", "1s",
                          "s3://source/d", "s3://target/d", server=self.cloud)
        fired = self.cloud.fired()
        self.cloud.faults()
        self.assertGreater(fired[0], 0, "the fault did not fire")
        return run

    def check_all(self, bucket):
        for way in WAYS:
            # The first page has no token that a second could repeat.
            for page in (2, 3) if way == "repeated token" else (1, 2, 3):
                with self.subTest(bucket=bucket, way=way, page=page):
                    before = self.cloud.requests("DeleteObjects") + self.cloud.requests("DeleteObject")
                    run = self.run_with(bucket, page, way)
                    self.assertEqual(run.code, 7, run.err + run.out.decode())
                    self.assertEqual(run.summary["objects"]["deleted"], 0)
                    listed = self.client.list_objects_v2(Bucket="target", MaxKeys=1000)
                    keys = len(harness.bucket_contents(self.client, "target"))
                    self.assertEqual(keys, 45, listed)
                    self.assertEqual(before, 0)
                    self.assertTrue(run.of_type("error"))

    def test_source_listing_failure_deletes_nothing_I1(self):
        self.check_all("source")

    def test_target_listing_failure_deletes_nothing_I2(self):
        self.check_all("target")

    def test_page_without_its_end_is_caught_by_the_second_proof_I3(self):
        self.cloud.faults({"on": {"op": "ListObjects", "bucket": "source", "page": 2},
                           "do": {"fault": "listing", "how": "missing_end"}, "times": 1})
        run = self.godwit("sync", "--json", "--delete", "--max-delete", "all",
                          "s3://source/d", "s3://target/d", server=self.cloud)
        self.assertEqual(self.cloud.fired(), [1])
        self.cloud.faults()
        self.assertEqual(run.code, 7, run.err)
        self.assertEqual(run.summary["objects"]["deleted"], 0)
        self.assertEqual(len(harness.bucket_contents(self.client, "target")), 45)


if __name__ == "__main__":
    main()
