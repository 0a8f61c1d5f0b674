"""Transfers between all places that are killed, and the runs after them: I15, I21."""

import os
import shutil

from harness import main
from kills import AZURE, GCS, GCS_PARTS, MIB, S3, KillCase, expire

PARTS = 8
JOBS = 3
COMMANDS = 64 << 10  # Bodies that are no data: lists of parts, metadata.


class Transfer:
    """Kills at several instants; the second run sends what was not there, and leaves nothing behind."""

    source = None  # None: a local folder.
    target = None  # Likewise.
    instants = (1, 3, PARTS - 1)

    def setUp(self):
        super().setUp()
        self.part = (self.target or GCS).part_bytes
        self.options = ["--part-size", f"{self.part // MIB}MiB", "--jobs", str(JOBS)]
        self.data = os.urandom(PARTS * self.part - 300_000)
        self.there = self.tree({"big": self.data, "small": b"x"})
        if self.source:
            self.sync("--part-size", f"{self.source.part_bytes}", self.there, self.source.url, server=self.cloud)
            shutil.rmtree(self.state)
        self.origin = self.source.url if self.source else self.there
        self.goal = self.target.url if self.target else self.work / "back"

    @property
    def moving(self):
        """The operation that moves a part."""
        return self.target.part if self.target else self.source.read

    @property
    def in_flight(self):
        return JOBS if self.target is None or self.target.parallel else 1

    def kill_here(self, count, **options):
        slow = 0.3 if self.in_flight > 1 else 0.15
        return self.kill(self.moving, count, self.origin, self.goal, slow=slow, **options)

    def result(self):
        return self.stored(self.target) if self.target else (self.goal / "big").read_bytes()

    def left_behind(self):
        return self.uploads(self.target) if self.target else self.leftovers(self.goal)

    def check(self, run, data=None):
        """The object is right, and nothing else is left."""
        self.assertTrue(self.result() == (data or self.data), "other bytes")
        self.assertEqual(self.left_behind(), [])
        self.assertEqual(run.summary["exit_code"], 0)

    def forget(self):
        """Everything as before the first run, but the source."""
        shutil.rmtree(self.state)
        if self.target:
            run = self.godwit("rm", "--recursive", "--yes", "--config", self.config, self.target.url, server=self.cloud)
            self.assertEqual(run.code, 0, run.err)
        else:
            shutil.rmtree(self.goal)

    def test_killed_transfer_goes_on_I15(self):
        for count in self.instants:
            with self.subTest(count=count):
                seen = self.kill_here(count, after=self.part // 3 if self.target else 0)
                received = self.received
                run = self.rerun(self.origin, self.goal)
                self.check(run)
                reused = run.summary["bytes"]["reused"]
                self.assertEqual(run.summary["resumed"], reused > 0)
                if count > JOBS + 1:
                    self.assertGreater(reused, 0)
                if self.target:
                    received += self.cloud.counters()["bytes_received"]
                    self.assertLessEqual(received, len(self.data) + self.in_flight * self.part + COMMANDS)
                else:
                    # One more is the small object.
                    self.assertLessEqual(seen + self.cloud.requests(self.source.read), PARTS + JOBS + 1)
                self.forget()


class Changes(Transfer):
    """What can happen in the second run, and to the journal before it."""

    def change_target(self):
        if self.target:
            self.put(self.target, "big", b"somebody else's")
        else:
            (self.goal / "big").write_bytes(b"somebody else's")

    def begun_without_journal(self, run):
        self.assertIn("set aside", run.err)
        self.assertFalse(run.summary["resumed"])
        self.assertTrue(self.result() == self.data)
        if self.target in (None, AZURE):  # Elsewhere nobody can know whose an upload is.
            self.assertEqual(self.left_behind(), [])

    def test_target_that_changes_in_the_second_run_is_left_alone(self):
        self.kill_here(4)
        self.cloud.faults({"on": {"op": self.moving.rpartition(":")[2]}, "do": {"fault": "stall", "seconds": 1}})
        with self.start(self.origin, self.goal) as process:
            self.wait_for(self.moving, 1, process)
            self.change_target()
            out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 10, err)
        self.assertIn(b'"reason":"target-changed"', out)
        self.assertEqual(self.result(), b"somebody else's")
        if self.target is not AZURE:  # Blocks cannot be aborted; they expire.
            self.assertEqual(self.left_behind(), [])

    def test_torn_journal_is_set_aside_and_the_copy_begins_anew(self):
        self.kill_here(4)
        [journal] = self.journals()
        for file in journal.parent.glob("state.db*"):
            file.write_bytes(os.urandom(file.stat().st_size))
        run = self.rerun(self.origin, self.goal)
        self.begun_without_journal(run)

    def test_foreign_journal_is_set_aside_and_not_believed(self):
        self.kill_here(4)
        [journal] = self.journals()
        self.sync(self.there, self.work / "elsewhere")
        [foreign] = [file for file in self.journals() if file != journal]
        for file in journal.parent.glob("state.db*"):
            file.unlink()
        shutil.copy(foreign, journal)
        run = self.rerun(self.origin, self.goal)
        self.begun_without_journal(run)


class Upload(Changes):
    """What can have happened between the two runs."""

    def begins_anew(self, run, data=None):
        self.assertFalse(run.summary["resumed"])
        self.assertEqual(run.summary["bytes"]["reused"], 0)
        self.check(run, data)

    def test_finish_whose_answer_nobody_heard_is_found_done(self):
        self.kill(self.target.finish, 1, self.origin, self.goal)
        run = self.rerun(self.origin, self.goal)
        self.check(run)
        self.assertEqual(run.summary["objects"]["copied"], 0)
        self.assertLess(self.cloud.counters()["bytes_received"], COMMANDS)

    def test_finish_of_a_cp_whose_answer_nobody_heard_is_found_done(self):
        copy = ["cp", "--config", self.config, *self.options, self.there / "big", f"{self.goal}/big"]
        self.kill(self.target.finish, 1, *copy, command=True)
        run = self.godwit(*copy, "--json", server=self.cloud)
        self.assertEqual(run.code, 0, run.err)
        self.check(run)
        if self.target is not GCS:  # There the last part goes with the finish: no journal knows it.
            self.assertEqual(run.summary["bytes"]["reused"], len(self.data))
            self.assertLess(self.cloud.counters()["bytes_received"], COMMANDS)

    def test_upload_that_the_service_forgot_begins_anew(self):
        self.kill_here(4)
        expire(self, self.target)
        self.begins_anew(self.rerun(self.origin, self.goal))

    def test_list_of_parts_that_is_refused_begins_anew(self):
        self.kill_here(4)
        status = {"fault": "status", "status": 403}
        if self.target is AZURE:
            status["code"] = "AuthorizationPermissionMismatch"
        self.cloud.faults({"on": {"service": self.target.name, "op": self.target.lists}, "do": status})
        run = self.rerun(self.origin, self.goal)
        self.assertEqual(self.cloud.fired(), [1])
        self.begins_anew(run)

    def test_source_that_changed_begins_anew_I21(self):
        self.kill_here(4)
        changed = os.urandom(len(self.data))
        (self.there / "big").write_bytes(changed)
        self.begins_anew(self.rerun(self.origin, self.goal), changed)

    def test_other_part_size_goes_on_in_the_one_that_was_begun(self):
        self.kill_here(4)
        self.options[1] = f"{2 * self.part // MIB}MiB"
        run = self.rerun(self.origin, self.goal)
        self.assertGreater(run.summary["bytes"]["reused"], 0)
        self.check(run)

    def test_other_metadata_begins_anew(self):
        self.kill_here(4)
        self.begins_anew(self.rerun("--content-type", "text/x-odd", self.origin, self.goal))

    def test_target_that_changed_between_the_runs_is_replaced(self):
        self.kill_here(4)
        self.put(self.target, "big", b"somebody else's")
        self.check(self.rerun(self.origin, self.goal))


class UploadToS3(Upload, KillCase):
    target = S3


class UploadToGcs(Upload, KillCase):
    target = GCS

    def test_session_that_ended_in_one_of_its_ways_begins_anew(self):
        for status in (404, 410):
            with self.subTest(status=status):
                self.kill_here(3)
                self.cloud.faults({"on": {"op": "resumable.query"}, "do": {"fault": "status", "status": status}})
                run = self.rerun(self.origin, self.goal)
                self.assertEqual(self.cloud.fired(), [1])
                self.assertFalse(run.summary["resumed"])
                self.assertTrue(self.result() == self.data)
                expire(self, self.target)  # The server knows it all the same.
                self.forget()

    def test_offset_of_the_service_counts_within_a_part_I15(self):
        # How much of a part has left the kernel when the kill comes is not ours to say: up to ten tries.
        for _ in range(10):
            self.kill_here(4, after=3 * self.part // 4)
            [upload] = self.uploads(self.target)
            if upload["size"] % self.part:
                break
            self.rerun(self.origin, self.goal)
            self.forget()
        self.assertEqual(upload["size"] % (256 << 10), 0)
        self.assertNotEqual(upload["size"] % self.part, 0)
        self.rerun(self.origin, self.goal)
        # Nothing that the service had was sent again.
        left = len(self.data) - upload["size"]
        self.assertLess(self.cloud.counters()["bytes_received"], left + COMMANDS)
        self.assertTrue(self.result() == self.data)

    def test_address_of_the_session_is_kept_secret(self):
        self.kill_here(3)
        [upload] = self.uploads(self.target)
        [journal] = self.journals()
        kept = b"".join(file.read_bytes() for file in journal.parent.glob("state.db*"))
        self.assertIn(upload["upload_id"].encode(), kept)
        for file in journal.parent.glob("state.db*"):
            self.assertEqual(file.stat().st_mode & 0o777, 0o600, file)
        # What goes wrong with it is told without it.
        self.cloud.faults({"on": {"op": "resumable.put"}, "do": {"fault": "status", "status": 503}})
        run = self.rerun("-vv", self.origin, self.goal)
        self.assertEqual(self.cloud.fired(), [1])
        self.assertIn("list parts", run.err)
        for text in (run.err, run.out.decode()):
            self.assertNotIn(upload["upload_id"], text)


class UploadToGcsInParts(Upload, KillCase):
    target = GCS_PARTS


class UploadToAzure(Upload, KillCase):
    target = AZURE

    def test_blocks_of_another_upload_are_never_used(self):
        self.kill_here(4)
        shutil.rmtree(self.state)  # Now they are nobody's.
        run = self.rerun(self.origin, self.goal)
        self.begins_anew(run)
        self.assertEqual(self.cloud.requests(AZURE.part), PARTS)
        self.assertEqual({a["verified"] for a in run.actions(key="big")}, {"block-crc64"})

    def test_blocks_are_looked_at_again_before_the_commit(self):
        self.kill_here(6)
        self.cloud.reset_counters()
        run = self.rerun(self.origin, self.goal)
        self.assertTrue(run.summary["resumed"])
        self.assertGreaterEqual(self.cloud.requests("azure:GetBlockList"), 2)
        self.assertEqual({a["verified"] for a in run.actions(key="big")}, {"block-crc64"})


class Download(Changes):
    def test_source_that_changed_begins_anew_I21(self):
        self.kill_here(4)
        changed = os.urandom(len(self.data))
        self.put(self.source, "big", changed)
        run = self.rerun(self.origin, self.goal)
        self.assertFalse(run.summary["resumed"])
        self.check(run, changed)


class DownloadFromS3(Download, KillCase):
    source = S3


class DownloadFromGcs(Download, KillCase):
    source = GCS


class DownloadFromAzure(Download, KillCase):
    source = AZURE

    def test_blob_that_is_known_by_its_md5_only_goes_on_and_is_proven_by_it(self):
        self.put(self.source, "big", self.data)  # In one piece.
        self.kill_here(6)
        self.cloud.faults({"on": {"op": "GetBlob"}, "do": {"fault": "corrupt", "offset": "middle"}})
        run = self.rerun(self.origin, self.goal)
        self.assertEqual(self.cloud.fired(), [1])
        self.assertTrue(run.summary["resumed"])
        self.assertEqual({action["verified"] for action in run.actions(key="big")}, {"md5"})
        self.check(run)


class S3ToAzure(Transfer, KillCase):
    source, target, instants = S3, AZURE, (5,)


class S3ToGcs(Transfer, KillCase):
    source, target, instants = S3, GCS, (5,)


class GcsToS3(Transfer, KillCase):
    source, target, instants = GCS, S3, (5,)


class GcsToAzure(Transfer, KillCase):
    source, target = GCS, AZURE


class AzureToGcs(Transfer, KillCase):
    source, target = AZURE, GCS


class AzureToS3(Transfer, KillCase):
    source, target, instants = AZURE, S3, (5,)


if __name__ == "__main__":
    main()
