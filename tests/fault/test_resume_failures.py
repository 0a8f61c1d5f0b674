"""What stays of an upload after a failure that outlasts all repeats, and after answers that nobody heard."""

import os

from harness import main
from kills import MIB, S3, KillCase

PARTS = 8
UNAVAILABLE = {"fault": "status", "status": 503, "code": "ServiceUnavailable"}
EXPIRED = {"fault": "status", "status": 400, "code": "ExpiredToken"}
DENIED = {"fault": "status", "status": 403, "code": "AccessDenied"}
PAUSE = 1.5


class ResumeAfterFailure(KillCase):
    def setUp(self):
        super().setUp()
        self.bytes = os.urandom(PARTS * 5 * MIB - 12345)
        self.source = self.tree({"big": self.bytes})
        self.options = ["--part-size", "5MiB", "--jobs", "2", "--retries", "1"]

    def jobs(self, *arguments):
        run = self.godwit("jobs", *arguments, "--json", server=self.cloud)
        self.assertEqual(run.code, 0, run.out.decode() + run.err)
        return run.lines

    def meet(self, operation, do, code, nth=1):
        """A run that meets `do` from the nth request of an operation on."""
        self.cloud.faults({"on": {"op": operation, "nth": nth}, "do": do, "times": 0})
        run = self.rerun(self.source, S3.url, code=code)
        self.cloud.faults()
        return run

    def expect_rest(self, most):
        """The next run sends no more than so many parts."""
        self.rerun(self.source, S3.url)
        self.assertLessEqual(self.cloud.requests("UploadPart"), most)
        self.assertTrue(self.stored(S3) == self.bytes)
        self.assertEqual((self.uploads(S3), self.jobs("list")), ([], []))

    def test_a_failure_that_outlasts_the_repeats_keeps_the_upload(self):
        for do, code in ((UNAVAILABLE, 1), (EXPIRED, 3), (DENIED, 1)):
            with self.subTest(do=do["code"]):
                run = self.meet("UploadPart", do, code, nth=6)
                self.assertTrue(run.summary["resumable"])
                self.assertEqual(run.summary["objects"]["failed"], 1)
                self.assertEqual(len(self.uploads(S3)), 1)
                self.assertEqual([job["state"] for job in self.jobs("list")], ["failed"])
                self.expect_rest(PARTS - 4)
                self.cloud.client().delete_object(Bucket="bucket", Key="d/big")

    def test_parts_that_cannot_be_listed_for_now_keep_the_upload(self):
        self.meet("UploadPart", UNAVAILABLE, 1, nth=6)
        self.meet("ListParts", UNAVAILABLE, 1)
        self.assertEqual(len(self.uploads(S3)), 1)
        self.expect_rest(PARTS - 4)

    def test_no_resume_keeps_nothing(self):
        self.options.append("--no-resume")
        run = self.meet("UploadPart", UNAVAILABLE, 1, nth=6)
        self.assertEqual((run.summary["resumable"], self.uploads(S3), self.jobs("list")), (False, [], []))

    def test_begin_that_nobody_heard_of_is_aborted_by_the_next_run(self):
        foreign = self.cloud.client().create_multipart_upload(Bucket="bucket", Key="d/bigger")["UploadId"]
        self.kill("CreateMultipartUpload", 1, self.source, S3.url, slow=PAUSE)
        self.assertEqual(len(self.uploads(S3)), 2)
        self.rerun(self.source, S3.url)
        self.assertEqual([upload["upload_id"] for upload in self.uploads(S3)], [foreign])

    def test_begin_that_nobody_heard_of_is_aborted_by_clean(self):
        self.kill("CreateMultipartUpload", 1, self.source, S3.url, slow=PAUSE)
        begun = self.cloud.client().create_multipart_upload(Bucket="bucket", Key="d/big")["UploadId"]
        self.cloud.client().upload_part(Bucket="bucket", Key="d/big", UploadId=begun, PartNumber=1, Body=b"x")
        [cleaned] = self.jobs("clean")
        self.assertEqual((cleaned["status"], cleaned["uploads_ended"]), ("done", 1))
        self.assertEqual([upload["upload_id"] for upload in self.uploads(S3)], [begun])
        self.assertEqual(self.jobs("list"), [])

    def test_abort_that_failed_is_repeated_by_clean_and_by_the_next_run(self):
        for again in ("clean", "rerun"):
            with self.subTest(again=again):
                (self.source / "big").write_bytes(os.urandom(len(self.bytes)))
                self.meet("UploadPart", UNAVAILABLE, 1, nth=6)
                (self.source / "big").write_bytes(os.urandom(len(self.bytes)))
                self.meet("AbortMultipartUpload", UNAVAILABLE, 0)
                self.assertEqual(len(self.uploads(S3)), 1)
                self.assertEqual([job["state"] for job in self.jobs("list")], ["failed"])
                self.jobs("clean") if again == "clean" else self.rerun(self.source, S3.url)
                self.assertEqual((self.uploads(S3), self.jobs("list")), ([], []))


if __name__ == "__main__":
    main()
