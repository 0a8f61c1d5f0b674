"""Signals: what a stopped run says, how soon it ends, and what it leaves behind."""

import json
import os
import signal
import time

import harness
from harness import bucket_contents, main
from kills import MIB, KillCase

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STUCK = {"fault": "stall", "seconds": 120}
PARTS = ["--part-size", "5MiB", "--jobs", "2"]


class Stops(KillCase):
    def setUp(self):
        super().setUp()
        self.client = self.cloud.client()

    def stop(self, *arguments, operation, count=1, fault=STUCK, number=signal.SIGTERM):
        """Ends a command by a signal once `count` requests were seen: exit code, last line, seconds, stderr."""
        self.cloud.faults({"on": {"op": operation.rpartition(":")[2]}, "do": fault, "times": 0})
        with self.launch(*arguments, "--json") as process:
            try:
                self.wait_for(operation, count, process)
                time.sleep(0.2)
                begin = time.monotonic()
                process.send_signal(number)
                out, err = process.communicate(timeout=30)
            finally:
                process.kill()
        took = time.monotonic() - begin
        self.cloud.faults()
        self.assertTrue(out, err)
        return process.returncode, json.loads(out.splitlines()[-1]), took, err.decode()

    def test_every_stop_signal_ends_every_command_with_its_own_code(self):
        self.tree({f"f{i}": b"x" for i in range(30)})
        self.tree({"big": b"x" * (20 * MIB)}, "large")
        for number in STOPS:
            self.sync("tree", "s3://bucket/there", server=self.cloud)
            for arguments, operation in ((["sync", "tree", f"s3://bucket/a{number}", f"s3://bucket/b{number}"], "PutObject"),
                                         (["cp", *PARTS, "large/big", f"s3://bucket/c{number}"], "UploadPart"),
                                         (["rm", "--recursive", "--yes", "s3://bucket/there"], "DeleteObjects")):
                with self.subTest(command=arguments[0], number=number):
                    code, last, _, err = self.stop(*arguments, operation=operation, number=number)
                    self.assertEqual((code, last["type"], last["exit_code"]), (128 + number, "summary", 128 + number), err)

    def test_a_hangup_ends_a_resume_of_several_jobs(self):
        self.tree({"big": os.urandom(20 * MIB)})
        for target in ("one", "two"):
            self.interrupt("UploadPart", 2, signal.SIGKILL, "sync", *PARTS, "tree", f"s3://bucket/{target}", command=True)
        code, _, _, err = self.stop("jobs", "resume", operation="UploadPart", number=signal.SIGHUP)
        self.assertEqual(code, 129, err)
        self.assertEqual(len(self.godwit("jobs", "list", "--json", server=self.cloud).lines), 2)
        self.assertEqual(self.godwit("jobs", "resume", server=self.cloud).code, 0)
        self.assertEqual(len(bucket_contents(self.client, "bucket")), 2)

    def test_a_stop_ends_the_calls_before_the_job_with_a_summary(self):
        self.tree({"a": b"x"})
        for arguments, operation in ((["sync", "tree", "s3://bucket/d"], "ListObjects"),
                                     (["sync", "s3://bucket/d", "back"], "ListObjects"),
                                     (["sync", "gs://bucket/d", "back"], "gcs:objects.list"),
                                     (["cp", "s3://bucket/d", "back"], "HeadObject"),
                                     (["cp", "--recursive", "s3://bucket/d", "back"], "ListObjects"),
                                     (["rm", "s3://bucket/d"], "HeadObject")):
            with self.subTest(arguments=arguments):
                code, last, took, err = self.stop(*arguments, operation=operation)
                self.assertEqual((code, last["type"], last["exit_code"]), (143, "summary", 143), err)
                self.assertLess(took, 10)

    def test_only_what_can_go_on_is_resumable(self):
        self.tree({"big": os.urandom(20 * MIB)})
        self.sync(self.tree({"a": b"x", "b": b"y"}, "small"), "s3://bucket/there", server=self.cloud)
        for arguments, operation, resumable in (
                (["sync", *PARTS, "tree", "s3://bucket/a"], "UploadPart", True),
                (["sync", *PARTS, "--no-resume", "tree", "s3://bucket/b"], "UploadPart", False),
                (["cp", *PARTS, "--no-resume", "tree/big", "s3://bucket/c"], "UploadPart", False),
                (["rm", "--recursive", "--yes", "s3://bucket/there"], "DeleteObjects", False)):
            with self.subTest(arguments=arguments):
                code, last, _, err = self.stop(*arguments, operation=operation)
                self.assertEqual((code, last["resumable"]), (143, resumable), err)
        self.assertEqual(len(self.cloud.uploads()), 1)

    def test_a_full_disk_under_the_state_is_the_same_to_sync_and_cp(self):
        self.tree({"big": os.urandom(12 * MIB)})
        full = {"LD_PRELOAD": str(harness.BIN / "fault_shim.so"), "GODWIT_SHIM_UNDER": str(self.state),
                "GODWIT_SHIM_AT": "write:1+:ENOSPC",
                "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
        for command in (["sync", *PARTS, "tree", "s3://bucket/a"], ["cp", *PARTS, "tree/big", "s3://bucket/b"]):
            with self.subTest(command=command[0]):
                run = self.godwit(*command, "--json", server=self.cloud, env=full)
                self.assertEqual(run.code, 8, run.err)
                self.assertIn("no space left", run.err.lower())
                self.assertEqual(run.summary["exit_code"], 8)
        run = self.godwit("sync", "--state-dir", "tree/big", "tree", "s3://bucket/a", server=self.cloud)
        self.assertEqual(run.code, 2, run.err)


if __name__ == "__main__":
    main()
