"""stdin and stdout: cat, cp to and from '-', and results that cannot be printed."""

import os
import signal
import subprocess
import time

import harness
from harness import Case, Fakecloud, main


class Streams(Case):
    @classmethod
    def setUpClass(cls):
        cls.cloud = Fakecloud(bucket="bucket")
        cls.client = cls.cloud.client()
        cls.data = os.urandom(300_000)
        cls.client.put_object(Bucket="bucket", Key="x", Body=cls.data)

    @classmethod
    def tearDownClass(cls):
        cls.cloud.__exit__()

    def tearDown(self):
        self.cloud.faults()

    def start(self, *arguments, **options):
        env = dict(harness.CLEAN, HOME=str(self.work), XDG_STATE_HOME=str(self.state), **self.cloud.env())
        return subprocess.Popen([harness.GODWIT, *arguments], env=env, cwd=self.work, **options)

    def test_damage_on_the_way_to_stdout_is_exit_5(self):
        for command in (["cat", "s3://bucket/x"], ["cp", "s3://bucket/x", "-"]):
            run = self.godwit(*command, server=self.cloud)
            self.assertEqual((run.code, run.out), (0, self.data), run.err)
            for offset in ("first", "middle", "last"):
                with self.subTest(command=command, offset=offset):
                    self.cloud.faults({"on": {"op": "GetObject"}, "times": 1,
                                       "do": {"fault": "corrupt", "how": "flip", "offset": offset}})
                    run = self.godwit(*command, server=self.cloud)
                    self.assertEqual(self.cloud.fired(), [1])
                    self.assertEqual(run.code, 5, run.err)
                    self.assertIn("s3://bucket/x", run.err)

    def test_a_cut_answer_is_continued_without_a_gap(self):
        self.cloud.faults({"on": {"op": "GetObject"}, "do": {"fault": "cut_body", "after": 100_000}})
        run = self.godwit("cat", "s3://bucket/x", server=self.cloud)
        self.assertEqual((run.code, run.out), (0, self.data), run.err)

    def test_a_range_is_inclusive(self):
        run = self.godwit("cat", "--range", "10-19", "s3://bucket/x", server=self.cloud)
        self.assertEqual((run.code, run.out), (0, self.data[10:20]), run.err)

    def test_a_range_ends_with_the_object(self):
        local = self.work / "x"
        local.write_bytes(self.data)
        for place in ("s3://bucket/x", local):
            run = self.godwit("cat", "--range", f"{len(self.data) - 5}-999999999", place, server=self.cloud)
            self.assertEqual((run.code, run.out), (0, self.data[-5:]), run.err)
            run = self.godwit("cat", "--range", f"{len(self.data)}-999999999", place, server=self.cloud)
            self.assertNotEqual(run.code, 0)
            self.assertEqual(run.out, b"")

    def test_stdin_obeys_conflict_and_dry_run(self):
        self.client.put_object(Bucket="bucket", Key="kept", Body=b"old")
        for mode, code, status in (("fail", 1, "failed"), ("skip", 0, "skipped")):
            run = self.godwit("cp", "--json", "--conflict", mode, "-", "s3://bucket/kept", stdin=b"new",
                              server=self.cloud)
            self.assertEqual(run.code, code, run.err)
            self.assertEqual([(a["status"], a["reason"]) for a in run.actions()],
                             [(status, "exists-at-target")])
            self.assertEqual(run.summary["objects"][status], 1)
        run = self.godwit("cp", "--json", "-n", "-", "s3://bucket/kept", stdin=b"new", server=self.cloud)
        self.assertEqual((run.code, run.summary["dry_run"]), (0, True))
        self.assertEqual(self.client.get_object(Bucket="bucket", Key="kept")["Body"].read(), b"old")
        run = self.godwit("cp", "--conflict", "fail", "-", "s3://bucket/fresh", stdin=b"new", server=self.cloud)
        self.assertEqual(run.code, 0, run.err)
        self.assertEqual(self.client.get_object(Bucket="bucket", Key="fresh")["Body"].read(), b"new")

    def test_a_signal_aborts_the_upload_from_stdin(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            process = self.start("cp", "-", "s3://bucket/stopped", stdin=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
            process.stdin.write(b"x" * (20 << 20))
            process.stdin.flush()
            deadline = time.monotonic() + 30
            while not self.cloud.call("/uploads?bucket=bucket") and time.monotonic() < deadline:
                time.sleep(0.02)
            process.send_signal(number)
            error = process.stderr.read()
            self.assertEqual(process.wait(20), code, error)
            process.stdin.close()
            process.stderr.close()
            self.assertEqual(self.cloud.call("/uploads?bucket=bucket"), [])
            self.assertNotIn("Contents", self.client.list_objects_v2(Bucket="bucket", Prefix="stopped"))

    def test_a_closed_pipe_is_no_failure_and_a_full_disk_is(self):
        self.tree({"a": b"1"})
        for command in (["version"], ["--help"], ["ls", "tree"], ["ls", "s3://bucket"], ["cat", "s3://bucket/x"]):
            with self.subTest(command=command):
                process = self.start(*command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
                process.stdout.close()
                self.assertEqual(process.wait(30), 0)
                with open("/dev/full", "wb") as full:
                    self.assertEqual(self.start(*command, stdout=full, stderr=subprocess.DEVNULL).wait(30), 8)


if __name__ == "__main__":
    main()
