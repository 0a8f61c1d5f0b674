"""What a run may touch: the places of its record, not its own state, and no other job's temporary files."""

import os
import signal
import time

from harness import Fakecloud, bucket_contents, main
from kills import MIB, KillCase

PARTS = ["--part-size", "4MiB", "--jobs", "2"]
LARGE = ["--part-size", "5MiB", "--jobs", "2"]


class OwnPlaces(KillCase):
    def setUp(self):
        super().setUp()
        self.client = self.cloud.client()

    def killed(self, operation, count, *arguments, number=signal.SIGKILL, **options):
        code, seen, _, err = self.interrupt(operation, count, number, *arguments, command=True, **options)
        self.assertEqual(code, -number if number == signal.SIGKILL else 128 + number, err)
        return seen

    def jobs(self):
        return self.godwit("jobs", "list", "--json", server=self.cloud).lines

    # The places of a record.

    def test_a_resume_at_another_endpoint_is_refused_before_it_asks_anything(self):
        other = Fakecloud()
        self.addCleanup(other.__exit__)
        other.client().put_object(Bucket="bucket", Key="d/precious", Body=b"of another account")
        other.client().put_object(Bucket="bucket", Key="d/big", Body=b"of another account")
        self.tree({"big": os.urandom(20 * MIB)})
        self.client.put_object(Bucket="bucket", Key="from/big", Body=os.urandom(20 * MIB))
        for command, operation in ((["sync", "--delete", *LARGE, "tree", "s3://bucket/d"], "UploadPart"),
                                   (["cp", *LARGE, "tree/big", "s3://bucket/d/big"], "UploadPart"),
                                   (["cp", "--recursive", *LARGE, "tree", "s3://bucket/d"], "UploadPart"),
                                   (["sync", *LARGE, "s3://bucket/from", "back"], "GetObject"),
                                   (["cp", *LARGE, "s3://bucket/from/big", "file"], "GetObject")):
            with self.subTest(command=command):
                self.killed(operation, 2, *command)
                other.reset_counters()
                run = self.godwit("jobs", "resume", "--json", server=other)
                self.assertEqual(run.code, 2, run.err)
                for place in (self.cloud, other):
                    self.assertIn(place.endpoint.rpartition(":")[2], run.err)
                self.assertEqual(other.requests(), {})
                self.assertEqual(len(self.jobs()), 1)
                self.assertEqual(self.godwit("jobs", "resume", server=self.cloud).code, 0)
                self.assertEqual(self.jobs(), [])
        self.assertEqual(set(bucket_contents(other.client(), "bucket").values()), {b"of another account"})

    def test_a_resume_into_a_link_that_leads_elsewhere_now_is_refused(self):
        self.client.put_object(Bucket="bucket", Key="a/big", Body=os.urandom(20 * MIB))
        for name in ("one", "two"):
            (self.work / name).mkdir()
        (self.work / "two/precious").write_bytes(b"p")
        link = self.work / "current"
        link.symlink_to("one")
        self.killed("GetObject", 3, "sync", "--delete", *PARTS, "s3://bucket/a", "current")
        link.unlink()
        link.symlink_to("two")
        run = self.godwit("jobs", "resume", server=self.cloud)
        self.assertEqual(run.code, 2, run.err)
        for name in ("one", "two"):
            self.assertIn(str(self.work / name), run.err)
        self.assertEqual(os.listdir(self.work / "two"), ["precious"])
        link.unlink()
        link.symlink_to("one")
        self.assertEqual(self.godwit("jobs", "resume", server=self.cloud).code, 0)
        self.assertEqual(os.listdir(self.work / "one"), ["big"])

    def test_a_cp_into_a_folder_that_it_made_is_resumed_there(self):
        self.client.put_object(Bucket="bucket", Key="a/big", Body=os.urandom(20 * MIB))
        self.killed("GetObject", 3, "cp", "--recursive", *PARTS, "s3://bucket/a", "made")
        run = self.godwit("jobs", "resume", server=self.cloud)
        self.assertEqual(run.code, 0, run.err)
        self.assertEqual(os.listdir(self.work / "made"), ["big"])

    # The state folder.

    def home(self):
        home = self.tree({"doc": b"d"}, "home")
        return home, home / ".local/state/godwit", {"HOME": str(home), "XDG_STATE_HOME": str(home / ".local/state")}

    def contents(self, folder):
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def test_a_state_folder_in_the_source_is_no_data(self):
        home, state, env = self.home()
        (self.work / "link").symlink_to(home)
        (home / "in").symlink_to(state)
        for command in (["sync", "home", "s3://bucket/b"], ["sync", "home", "s3://bucket/b"],
                        ["sync", "--symlinks", "follow", "home", "s3://bucket/b"], ["sync", "link", "s3://bucket/b"],
                        ["sync", "--state-dir", "link/../home/.local//state/godwit", "home", "s3://bucket/b"],
                        ["cp", "--recursive", "home", "s3://bucket/c"], ["cp", "-r", "home", "there"]):
            run = self.godwit(*command, server=self.cloud, env=env)
            self.assertEqual(run.code, 0, run.err)
        self.assertTrue(state.is_dir())
        self.assertEqual(set(bucket_contents(self.client, "bucket")), {"b/doc", "c/doc"})
        self.assertEqual(set(self.contents(self.work / "there")), {"doc"})
        # What an earlier version has copied goes.
        self.client.put_object(Bucket="bucket", Key="b/.local/state/godwit/locks/registry", Body=b"old")
        run = self.godwit("sync", "--delete", "home", "s3://bucket/b", server=self.cloud, env=env)
        self.assertEqual(run.code, 0, run.err)
        self.assertEqual(set(bucket_contents(self.client, "bucket", "b/")), {"b/doc"})

    def test_a_state_folder_in_the_target_is_left_alone(self):
        home, state, env = self.home()
        self.tree({"doc": b"new", "x/y": b"1"})
        self.sync("tree", "s3://bucket/r", server=self.cloud, env=env)
        before = self.contents(state / "jobs")
        self.assertTrue(before)
        run = self.sync("--delete", "s3://bucket/r", home, server=self.cloud, env=env)
        self.assertEqual(run.summary["objects"]["deleted"], 0)
        self.assertEqual(before, {key: data for key, data in self.contents(state / "jobs").items() if key in before})
        self.assertEqual((home / "x/y").read_bytes(), b"1")
        run = self.godwit("rm", "--recursive", "--yes", "--json", home, env=env)
        self.assertEqual(run.code, 0, run.out.decode() + run.err)
        self.assertEqual(run.summary["objects"]["deleted"], 2)
        self.assertEqual(before, {key: data for key, data in self.contents(state / "jobs").items() if key in before})
        self.assertEqual({p.name for p in home.iterdir()}, {".local"})
        self.assertIn(b"locks", self.godwit("ls", state, env=env).out)

    def test_keys_that_would_be_written_into_the_state_folder_fail_one_by_one(self):
        home, state, env = self.home()
        for key in ("doc", ".local/state/godwit/locks/registry", ".local/state/godwit", ".local/state/godwit-2"):
            self.client.put_object(Bucket="bucket", Key=key, Body=b"theirs")
        for command in (["sync", "-n"], ["sync"], ["sync"], ["cp", "--recursive"]):
            with self.subTest(command=command):
                run = self.godwit(*command, "--json", "s3://bucket", home, server=self.cloud, env=env)
                self.assertEqual(run.code, 1, run.err)
                failed = run.actions(status="failed")
                self.assertEqual({a["key"] for a in failed},
                                 {".local/state/godwit/locks/registry", ".local/state/godwit"})
                self.assertEqual({a["reason"] for a in failed}, {"key-not-representable"})
                self.assertIn("godwit's own state", run.err)
        self.assertEqual((home / ".local/state/godwit-2").read_bytes(), b"theirs")
        self.assertNotIn(b"theirs", self.contents(state).values())

    def test_a_state_folder_is_no_source_and_no_target(self):
        self.tree({"a": b"x"})
        (self.work / "s/jobs").mkdir(parents=True)
        (self.work / "link").symlink_to("s")
        for place in ("s", "link", "s/jobs", "new"):
            state = "new" if place == "new" else "s"
            for command in (["sync", "tree", place], ["cp", "-r", "tree", f"{place}/"], ["rm", "-r", "--yes", place],
                            ["sync", place, "back"]):
                if place == "new" and command[:2] != ["sync", "tree"]:
                    continue
                with self.subTest(command=command):
                    run = self.godwit(*command, "--state-dir", state, server=self.cloud)
                    self.assertEqual(run.code, 2, run.err)
                    self.assertIn("own state", run.err)
        self.assertEqual(self.contents(self.work / "s"), {})

    # Temporary files.

    def download(self, *keys):
        for key in keys:
            self.client.put_object(Bucket="bucket", Key=key, Body=os.urandom(40 * MIB))

    def test_taking_over_spares_the_files_of_all_jobs_that_can_go_on(self):
        self.download("a/big", "c/copied")
        self.client.put_object(Bucket="bucket", Key="b/small", Body=b"y")
        seen = self.killed("GetObject", 7, "sync", *PARTS, "s3://bucket/a", "back")
        copied = self.killed("GetObject", 7, "cp", *PARTS, "s3://bucket/c/copied", "back/copied")
        orphan = self.work / "back/.godwit-0123456789abcdef-1"
        orphan.write_bytes(b"nobody's")
        self.assertEqual(len(self.leftovers(self.work / "back")), 3)
        self.sync("s3://bucket/b", "back", server=self.cloud)
        self.assertEqual(len(self.leftovers(self.work / "back")), 2)
        self.assertFalse(orphan.exists())
        for command, before in ((["sync", *PARTS, "s3://bucket/a", "back"], seen),
                                (["cp", *PARTS, "s3://bucket/c/copied", "back/copied"], copied)):
            self.cloud.reset_counters()
            run = self.godwit(*command, "--json", server=self.cloud)
            self.assertEqual(run.code, 0, run.err)
            self.assertTrue(run.summary["resumed"])
            self.assertLessEqual(before + self.cloud.requests("GetObject"), 12)
        self.assertEqual(self.leftovers(self.work / "back"), [])

    def test_cleaning_one_job_spares_the_files_of_another(self):
        self.download("a/big", "b/other")
        self.killed("GetObject", 5, "sync", *PARTS, "s3://bucket/b", "back", number=signal.SIGINT)
        between = time.time()
        time.sleep(0.5)
        self.killed("GetObject", 7, "sync", *PARTS, "s3://bucket/a", "back", number=signal.SIGINT)
        self.assertEqual(len(self.leftovers(self.work / "back")), 2)
        age = f"{int((time.time() - between) * 1000)}ms"
        run = self.godwit("jobs", "clean", "--json", "--older", age, server=self.cloud)
        self.assertEqual((run.code, len(run.lines)), (0, 1), run.err)
        self.assertEqual(len(self.leftovers(self.work / "back")), 1)
        run = self.sync(*PARTS, "s3://bucket/a", "back", server=self.cloud)
        self.assertTrue(run.summary["resumed"])

    def test_files_that_no_job_goes_on_with_are_removed_by_the_next_run_that_sees_them(self):
        self.tree({"x/f": b"1", "y/s": b"2"}, "back")
        self.tree({"x/f": b"1", "y/s": b"2"}, "from")
        left = [self.work / "back/x/.godwit-0123456789abcdef-1", self.work / "back/x/.godwit-0123456789abcdef-2"]
        for path in left:
            path.write_bytes(b"a small cp was killed")
        os.utime(left[0], (time.time() - 60, time.time() - 60))
        self.sync("-n", "from", "back")
        self.sync("from/y", "back/y")
        self.assertTrue(left[0].exists())
        self.sync("from", "back")
        # The other one may be about to be claimed.
        self.assertEqual([path.exists() for path in left], [False, True])

    def test_what_a_killed_small_cp_left_is_removed_by_the_next_cp_into_that_folder(self):
        self.tree({"f": b"1", "deep/g": b"2"}, "from")
        self.download("a/big")
        for command, folder in ((["cp", "from/f", "back/f"], "back"), (["cp", "-r", "from", "there"], "there/from/deep")):
            (self.work / folder).mkdir(parents=True)
            left = self.work / folder / ".godwit-0123456789abcdef-1"
            left.write_bytes(b"a small cp was killed")
            os.utime(left, (time.time() - 60, time.time() - 60))
            self.assertEqual(self.godwit(*command).code, 0)
            self.assertFalse(left.exists(), command)
        self.killed("GetObject", 5, "cp", *PARTS, "s3://bucket/a/big", "back/big")
        [left] = [path for path in (self.work / "back").iterdir() if path.name.startswith(".godwit")]
        os.utime(left, (time.time() - 60, time.time() - 60))
        self.assertEqual(self.godwit("cp", "from/f", "back/f").code, 0)
        self.assertEqual(len(self.leftovers(self.work / "back")), 1)

    def test_a_target_that_is_not_mounted_is_not_cleaned(self):
        self.download("a/big")
        self.killed("GetObject", 5, "sync", *PARTS, "s3://bucket/a", "back", number=signal.SIGINT)
        (self.work / "back").rename(self.work / "unmounted")
        run = self.godwit("jobs", "clean", "--json", server=self.cloud)
        self.assertEqual(run.code, 7, run.err)
        self.assertEqual([line["status"] for line in run.of_type("cleaned")], ["failed"])
        self.assertEqual(len(self.jobs()), 1)
        (self.work / "unmounted").rename(self.work / "back")
        self.assertEqual(self.godwit("jobs", "clean", server=self.cloud).code, 0)
        self.assertEqual((self.leftovers(self.work / "back"), self.jobs()), ([], []))


if __name__ == "__main__":
    main()
