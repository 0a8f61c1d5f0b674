"""Runs that are killed, and the runs after them: I15, I21."""

import os
import signal

from harness import main
from kills import MIB, S3, KillCase

PART = 8 * MIB
PARTS = 20
JOBS = 4


class Resume(KillCase):
    def setUp(self):
        super().setUp()
        self.bytes = os.urandom(PARTS * PART - 12345)
        self.source = self.tree({"big": self.bytes, "small": b"x"})
        self.options = ["--part-size", "8MiB", "--jobs", str(JOBS)]

    def test_killed_upload_goes_on_with_the_parts_that_the_service_has_I15(self):
        for count in (2, 7, 18):
            with self.subTest(count=count):
                self.bytes = os.urandom(len(self.bytes))
                (self.source / "big").write_bytes(self.bytes)
                code, seen, _, err = self.interrupt("UploadPart", count, signal.SIGKILL, self.source, "s3://bucket/d")
                self.assertEqual(code, -signal.SIGKILL, err)
                run = self.sync(*self.options, self.source, "s3://bucket/d", server=self.cloud)
                self.assertLessEqual(seen + self.cloud.requests("UploadPart"), PARTS + JOBS)
                # Of the first parts none may have been answered yet.
                self.assertTrue(run.summary["resumed"] or count < JOBS)
                self.assertTrue(self.stored(S3) == self.bytes)
                self.assertEqual(self.cloud.uploads(), [])

    def test_interrupted_upload_stays_and_goes_on(self):
        code, seen, out, _ = self.interrupt("UploadPart", 6, signal.SIGINT, self.source, "s3://bucket/d")
        self.assertEqual(code, 130)
        self.assertIn(b'"resumable":true', out.splitlines()[-1])
        self.assertEqual(len(self.cloud.uploads()), 1)
        run = self.sync(*self.options, self.source, "s3://bucket/d", server=self.cloud)
        self.assertEqual(seen + self.cloud.requests("UploadPart"), PARTS)
        self.assertEqual(run.summary["bytes"]["reused"], seen * PART)
        self.assertTrue(self.stored(S3) == self.bytes)
        self.assertEqual(self.cloud.uploads(), [])

    def test_no_resume_begins_anew_and_leaves_nothing(self):
        self.interrupt("UploadPart", 6, signal.SIGKILL, self.source, "s3://bucket/d")
        run = self.sync(*self.options, "--no-resume", self.source, "s3://bucket/d", server=self.cloud)
        self.assertEqual(self.cloud.requests("UploadPart"), PARTS)
        self.assertFalse(run.summary["resumed"])
        self.assertEqual(self.cloud.uploads(), [])

    def test_source_that_changed_begins_anew_I21(self):
        self.interrupt("UploadPart", 6, signal.SIGKILL, self.source, "s3://bucket/d")
        self.bytes = os.urandom(len(self.bytes))
        (self.source / "big").write_bytes(self.bytes)
        self.sync(*self.options, self.source, "s3://bucket/d", server=self.cloud)
        self.assertEqual(self.cloud.requests("UploadPart"), PARTS)
        self.assertTrue(self.stored(S3) == self.bytes)
        self.assertEqual(self.cloud.uploads(), [])

    def test_upload_of_a_file_that_is_gone_is_aborted(self):
        self.interrupt("UploadPart", 6, signal.SIGKILL, self.source, "s3://bucket/d")
        (self.source / "big").unlink()
        self.sync(*self.options, self.source, "s3://bucket/d", server=self.cloud)
        self.assertEqual(self.cloud.uploads(), [])

    def test_killed_download_goes_on_with_what_is_on_disk_I15(self):
        self.sync(self.source, "s3://bucket/d", server=self.cloud)
        target = self.work / "back"
        for count in (6, 10, 15):
            with self.subTest(count=count):
                code, seen, _, err = self.interrupt("GetObject", count, signal.SIGKILL, "s3://bucket/d", target)
                self.assertEqual(code, -signal.SIGKILL, err)
                self.assertFalse((target / "big").exists(), "nothing unfinished under a final name")
                run = self.sync(*self.options, "s3://bucket/d", target, server=self.cloud)
                self.assertTrue((target / "big").read_bytes() == self.bytes)
                # One more is the small object.
                self.assertLessEqual(seen + self.cloud.requests("GetObject"), PARTS + JOBS + 1)
                self.assertTrue(run.summary["resumed"])
                self.assertEqual(self.leftovers(target), [])
                (target / "big").unlink()

    def test_damaged_temporary_file_is_repaired_not_believed(self):
        self.sync(self.source, "s3://bucket/d", server=self.cloud)
        target = self.work / "back"
        self.interrupt("GetObject", 10, signal.SIGKILL, "s3://bucket/d", target)
        [name] = self.leftovers(target)
        with open(target / name, "r+b") as file:
            for index in range(PARTS):
                file.seek(index * PART + 4711)
                byte = file.read(1)
                file.seek(index * PART + 4711)
                file.write(bytes([byte[0] ^ 1]))
        self.sync(*self.options, "s3://bucket/d", target, server=self.cloud)
        self.assertTrue((target / "big").read_bytes() == self.bytes)
        self.assertEqual(self.leftovers(target), [])

    def test_temporary_files_of_a_dead_run_are_removed(self):
        target = self.work / "back"
        self.sync(self.source, "s3://bucket/d", server=self.cloud)
        self.interrupt("GetObject", 6, signal.SIGKILL, "s3://bucket/d", target)
        self.assertEqual(len(self.leftovers(target)), 1)
        self.cloud.client().delete_object(Bucket="bucket", Key="d/big")
        self.sync(*self.options, "s3://bucket/d", target, server=self.cloud)
        self.assertEqual(self.leftovers(target), [])


if __name__ == "__main__":
    main()
