"""Interrupted runs as `godwit jobs` sees them, and the journal of cp."""

import json
import os
import pathlib
import signal
import subprocess
import time

import harness
from harness import Case, Fakecloud, main

MIB = 1 << 20
PART = 5 * MIB
PARTS = 8
SLOW = {"fault": "stall", "seconds": 0.5}
STUCK = {"fault": "stall", "seconds": 120}


class Jobs(Case):
    def setUp(self):
        super().setUp()
        self.cloud = Fakecloud()
        self.addCleanup(self.cloud.__exit__)
        self.bytes = os.urandom(PARTS * PART - 12345)
        self.source = self.tree({"big": self.bytes, "small": b"x"})
        self.options = ["--part-size", "5MiB", "--jobs", "2", "--json"]

    def start(self, *arguments, env=None, cwd=None):
        environment = dict(harness.CLEAN, HOME=str(self.work), XDG_STATE_HOME=str(self.state),
                           **self.cloud.env(), **(env or {}))
        process = subprocess.Popen([harness.GODWIT, *arguments], env=environment, cwd=cwd or self.work,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def slow(self, operation="UploadPart", fault=None):
        on = dict(zip(("op", "service"), reversed(operation.split(":"))))
        self.cloud.faults({"on": on, "do": fault or SLOW, "times": 0})

    def wait_for(self, count, process, operation="UploadPart"):
        deadline = time.monotonic() + 60
        while self.cloud.requests(operation) < count:
            self.assertLess(time.monotonic(), deadline)
            self.assertIsNone(process.poll(), "it ended before it could be interrupted")
            time.sleep(0.01)
        time.sleep(0.25)  # In the middle of a pause: what was answered is remembered by now.

    def interrupt(self, *arguments, count=4, number=signal.SIGKILL, operation="UploadPart", **options):
        """Ends a run by a signal once `count` requests of an operation were seen."""
        self.slow(operation)
        process = self.start(*arguments, **options)
        self.wait_for(count, process, operation)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        seen = self.cloud.requests(operation)
        self.cloud.faults()
        self.assertEqual(process.returncode, -number if number == signal.SIGKILL else 128 + number, err)
        return seen, out

    def jobs(self, *arguments, code=0, **options):
        run = self.godwit("jobs", *arguments, "--json", server=options.pop("server", self.cloud), **options)
        self.assertEqual(run.code, code, run.out.decode() + run.err)
        return run

    def listed(self):
        return self.jobs("list").of_type("job")

    def stored(self, key="d/big"):
        return self.cloud.client().get_object(Bucket="bucket", Key=key)["Body"].read()

    def records(self):
        return [path for path in self.state.rglob("job-*") if path.is_file()]

    def leftovers(self, folder):
        return [name for _, _, names in os.walk(folder) for name in names if name.startswith(".godwit")]

    def test_a_killed_sync_is_listed_and_resumed_and_then_forgotten(self):
        seen, _ = self.interrupt("sync", *self.options, "tree", "s3://bucket/d")
        [job] = self.listed()
        self.assertEqual((job["state"], job["source"], job["target"], job["uploads"]),
                         ("interrupted", "tree", "s3://bucket/d", 1))
        self.assertLess(job["bytes_left"], len(self.bytes))
        self.assertGreater(job["bytes_left"], 0)
        text = self.godwit("jobs", "list")
        self.assertIn(job["id"].encode(), text.out)
        # From another folder: the paths of the record are those of then.
        run = self.jobs("resume", job["id"], cwd="/")
        self.assertTrue(run.summary["resumed"])
        self.assertLessEqual(seen + self.cloud.requests("UploadPart"), PARTS + 2)
        self.assertTrue(self.stored() == self.bytes)
        self.assertEqual((self.listed(), self.cloud.uploads(), self.records()), ([], [], []))

    def test_resume_without_an_id_repeats_all_with_their_options_and_the_worst_exit_code(self):
        # By environment then; a record keeps what mattered.
        self.interrupt("sync", *self.options, "tree", "s3://bucket/one", env={"GODWIT_EXCLUDE": "small"})
        self.interrupt("cp", *self.options, "tree/big", "s3://bucket/two", number=signal.SIGINT)
        self.assertEqual([job["target"] for job in self.listed()], ["s3://bucket/one", "s3://bucket/two"])
        for path in self.records():
            self.assertNotIn(self.cloud.secret_key, path.read_text())
        (self.source / "big").rename(self.source / "moved")
        run = self.jobs("resume", code=7)
        self.assertEqual([s["command"] for s in run.of_type("summary")], ["sync", "cp"])
        self.assertEqual([s["exit_code"] for s in run.of_type("summary")], [0, 7])
        self.assertEqual(set(harness.bucket_contents(self.cloud.client(), "bucket")), {"one/moved"})
        self.assertEqual([job["target"] for job in self.listed()], ["s3://bucket/two"])
        self.jobs("resume", "nosuchjob", code=2)

    def test_a_running_job_is_shown_as_running_and_left_alone(self):
        self.slow()
        process = self.start("sync", *self.options, "tree", "s3://bucket/d")
        self.wait_for(2, process)
        [job] = self.listed()
        self.assertEqual((job["state"], job["pid"]), ("running", process.pid))
        self.assertIn("pid", self.jobs("resume", job["id"], code=10).err)
        [cleaned] = self.jobs("clean").of_type("cleaned")
        self.assertEqual(cleaned["status"], "running")
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err)
        self.assertEqual(self.listed(), [])

    def test_clean_aborts_our_uploads_and_no_others(self):
        client = self.cloud.client()
        foreign = client.create_multipart_upload(Bucket="bucket", Key="d/big")["UploadId"]
        self.interrupt("sync", *self.options, "tree", "s3://bucket/d")
        self.assertEqual(len(self.cloud.uploads()), 2)
        self.jobs("clean", "--older", "1d")
        self.assertEqual(len(self.cloud.uploads()), 2)
        [cleaned] = self.jobs("clean").of_type("cleaned")
        self.assertEqual((cleaned["status"], cleaned["uploads_ended"]), ("done", 1))
        parts = client.list_parts(Bucket="bucket", Key="d/big", UploadId=foreign)
        self.assertNotIn("Parts", parts)
        self.assertEqual(len(self.cloud.uploads()), 1)
        self.assertEqual(self.listed(), [])

    def test_clean_keeps_the_record_of_what_it_cannot_reach(self):
        self.interrupt("cp", *self.options, "tree/big", "s3://bucket/d/big")
        nowhere = harness.Server("http://127.0.0.1:1", "a", "b")
        self.assertIn("another place", self.jobs("clean", server=nowhere, code=2).err)
        self.cloud.faults({"on": {"op": "AbortMultipartUpload"},
                           "do": {"fault": "status", "status": 403, "code": "AccessDenied"}, "times": 0})
        self.jobs("clean", code=1)
        self.cloud.faults()
        self.assertEqual(len(self.listed()), 1)
        self.jobs("clean")
        self.assertEqual((self.listed(), self.cloud.uploads(), self.records()), ([], [], []))

    def test_clean_removes_temporary_files_of_a_local_target(self):
        self.sync(self.source, "s3://bucket/d", server=self.cloud)
        self.interrupt("sync", *self.options, "s3://bucket/d", "back", operation="GetObject")
        self.assertEqual(len(self.leftovers(self.work / "back")), 1)
        self.jobs("clean", cwd="/")
        self.assertEqual((self.leftovers(self.work / "back"), self.listed()), ([], []))

    def test_clean_lists_the_blocks_that_azure_keeps_for_a_week(self):
        self.cloud.__exit__()
        self.cloud.__init__("--azure-container", "lake")
        self.interrupt("sync", *self.options, "tree", "az://lake/d", operation="azure:PutBlock")
        run = self.jobs("clean")
        [blocks] = run.of_type("uncommitted")
        self.assertEqual((blocks["key"], blocks["expires_days"]), ("d/big", 7))
        self.assertGreaterEqual(blocks["blocks"], 2)
        self.assertEqual(self.listed(), [])

    def test_a_killed_cp_goes_on_and_leaves_no_state(self):
        for arguments in (["tree/big", "s3://bucket/d/big"], ["--recursive", "tree", "s3://bucket/d"]):
            with self.subTest(arguments=arguments):
                seen, _ = self.interrupt("cp", *self.options, *arguments)
                self.assertEqual(len(self.listed()), 1)
                run = self.godwit("cp", *self.options, *arguments, server=self.cloud)
                self.assertEqual(run.code, 0, run.err)
                self.assertLessEqual(seen + self.cloud.requests("UploadPart"), PARTS + 2)
                self.assertTrue(run.summary["resumed"])
                self.assertTrue(self.stored() == self.bytes)
                self.assertEqual((self.listed(), self.cloud.uploads()), ([], []))
                self.assertEqual(list((self.state / "godwit/jobs").iterdir()), [])

    def test_a_small_cp_makes_nothing_in_the_state_folder(self):
        run = self.godwit("cp", "tree/small", "s3://bucket/small", server=self.cloud)
        self.assertEqual(run.code, 0, run.err)
        self.assertFalse(self.state.exists())
        run = self.godwit("cp", "--state-dir", "tree/small/x", "tree/small", "s3://bucket/small", server=self.cloud)
        self.assertEqual(run.code, 2)

    def test_two_equal_cp_at_once_do_not_touch_each_others_uploads(self):
        self.slow(fault={"fault": "stall", "seconds": 1})
        first = self.start("cp", *self.options, "tree/big", "s3://bucket/d/big")
        self.wait_for(2, first)
        second = self.start("cp", *self.options, "tree/big", "s3://bucket/d/big")
        # With four parts at the service, two of its own were answered to each.
        deadline = time.monotonic() + 30
        while len(self.cloud.uploads()) < 2 or min(upload["parts"] for upload in self.cloud.uploads()) < 4:
            self.assertLess(time.monotonic(), deadline)
            self.assertIsNone(first.poll(), "it ended before the second was on its way")
            time.sleep(0.02)
        time.sleep(0.25)
        self.assertEqual(len({job["id"] for job in self.listed()}), 2)
        second.kill()
        second.wait()
        first.communicate(timeout=60)
        self.assertEqual(first.returncode, 0)
        self.assertEqual(len(self.cloud.uploads()), 1)
        self.cloud.faults()
        run = self.godwit("cp", *self.options, "tree/big", "s3://bucket/d/big", server=self.cloud)
        self.assertEqual(run.code, 0, run.err)
        self.assertTrue(run.summary["resumed"], run.err)
        self.assertEqual((self.cloud.uploads(), self.listed()), ([], []))

    def test_the_temporary_file_of_a_running_cp_is_no_leftover(self):
        self.sync(self.source, "s3://bucket/d", server=self.cloud)
        self.interrupt("sync", *self.options, "s3://bucket/d", "back", operation="GetObject")
        self.slow("GetObject")
        copy = self.start("cp", *self.options, "s3://bucket/d/big", "back/copy")
        self.wait_for(3, copy, "GetObject")
        self.sync(*self.options, "s3://bucket/d", "back", server=self.cloud)
        out, err = copy.communicate(timeout=60)
        self.assertEqual(copy.returncode, 0, err)
        summary = json.loads(out.splitlines()[-1])
        self.assertEqual(summary["requests"]["get"], PARTS, "nothing was read twice")
        self.assertTrue((self.work / "back/copy").read_bytes() == self.bytes)
        self.assertTrue((self.work / "back/big").read_bytes() == self.bytes)
        self.assertEqual(self.leftovers(self.work / "back"), [])

    def test_a_run_that_leaves_a_key_out_leaves_its_upload_to_the_job_that_began_it(self):
        self.interrupt("sync", *self.options, "tree", "s3://bucket/d")
        self.sync("--exclude", "big", *self.options, "tree", "s3://bucket/d", server=self.cloud)
        self.assertEqual((len(self.cloud.uploads()), len(self.listed())), (1, 1))
        # Output and limits are not the job.
        run = self.sync("--part-size", "5MiB", "--retries", "3", "tree", "s3://bucket/d", server=self.cloud)
        self.assertTrue(run.summary["resumed"])
        self.assertEqual((self.cloud.uploads(), self.listed()), ([], []))

    def test_max_runtime_stops_cleanly_and_the_same_command_goes_on(self):
        self.slow()
        run = self.sync("--max-runtime", "1s", *self.options, "tree", "s3://bucket/d", code=1, server=self.cloud)
        self.assertTrue(run.summary["resumable"])
        self.assertEqual((run.summary["objects"]["failed"], run.of_type("error")), (0, []))
        seen = self.cloud.requests("UploadPart")
        [job] = self.listed()
        self.assertEqual(job["state"], "interrupted")
        self.cloud.faults()
        self.sync(*self.options, "tree", "s3://bucket/d", server=self.cloud)
        self.assertEqual(seen + self.cloud.requests("UploadPart"), PARTS)
        self.assertEqual((self.cloud.uploads(), self.listed()), ([], []))

    def test_a_stop_takes_ten_seconds_at_most_while_a_part_is_stalled(self):
        self.slow(fault=STUCK)
        process = self.start("sync", *self.options, "tree", "s3://bucket/d")
        self.wait_for(2, process)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 143)
        self.assertLess(time.monotonic() - began, 10)
        summary = json.loads(out.splitlines()[-1])
        self.assertTrue(summary["resumable"])
        self.assertEqual((summary["objects"]["copied"], summary["objects"]["failed"]), (1, 0))

    def test_a_second_interrupt_stops_at_once(self):
        self.slow(fault=STUCK)
        process = self.start("sync", *self.options, "tree", "s3://bucket/d")
        self.wait_for(2, process)
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        self.assertLess(time.monotonic() - began, 2)
        self.assertEqual([job["state"] for job in self.listed()], ["interrupted"])

    def test_the_second_run_on_a_target_is_refused_and_the_next_takes_over_from_the_dead(self):
        # Four parts get through, then it hangs: it lives however long the others take.
        self.cloud.faults({"on": {"op": "UploadPart", "nth": 5}, "times": 0,
                           "do": {"fault": "stall", "seconds": "forever"}})
        first = self.start("sync", *self.options, "tree", "s3://bucket/d")
        self.wait_for(6, first)
        boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        for target in ("s3://bucket/d", "s3://bucket", "s3://bucket/d/deeper"):
            began = time.monotonic()
            run = self.sync("tree", target, server=self.cloud, code=10)
            self.assertLess(time.monotonic() - began, 3)
            [error] = run.of_type("error")
            for part in (f"pid {first.pid} ", os.uname().nodename, boot, "started 2"):
                self.assertIn(part, error["message"])
        first.kill()
        first.wait()
        self.cloud.faults()
        run = self.sync(*self.options, "tree", "s3://bucket/d", server=self.cloud)
        self.assertTrue(run.summary["resumed"])
        self.assertEqual(self.cloud.uploads(), [])
        self.assertTrue(self.stored() == self.bytes)


if __name__ == "__main__":
    main()
