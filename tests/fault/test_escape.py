"""I20, I9, I29: no key and no symlink makes godwit write outside the target folder."""

import os
import threading
import time

from harness import Case, Fakecloud, main, read_tree

UNSAFE = ["../x", "x/../../y", "/etc/x", "a//b", ".", "..", "a/./b", "./c", "a/../b", "n/" + "c" * 256]


class Escape(Case):
    @classmethod
    def setUpClass(cls):
        cls.cloud = Fakecloud(bucket="bucket")
        cls.client = cls.cloud.client()

    @classmethod
    def tearDownClass(cls):
        cls.cloud.__exit__()

    def fill(self, prefix, keys):
        for key in keys:
            self.client.put_object(Bucket="bucket", Key=prefix + "/" + key, Body=b"evil " + key.encode())

    def test_unsafe_keys_are_named_and_the_rest_is_copied_I20_I29(self):
        self.fill("k", [*UNSAFE, "good/one", "a..b", "..c/d.."])
        outside = self.work / "outside"
        target = outside / "target"
        run = self.sync("s3://bucket/k", target, server=self.cloud, code=1)
        failed = {a["key"] for a in run.actions(status="failed", reason="key-not-representable")}
        self.assertEqual(failed, set(UNSAFE))
        self.assertEqual({e["key"] for e in run.of_type("error")}, set(UNSAFE))
        self.assertEqual(set(read_tree(target)), {b"good/one", b"a..b", b"..c/d.."})
        self.assertEqual(os.listdir(outside), ["target"])
        self.assertEqual(run.summary["objects"]["failed"], len(UNSAFE))

    def test_file_and_folder_of_one_name_are_a_conflict_I29(self):
        self.fill("c", ["a", "a/b", "a-b", "z"])
        target = self.work / "clash"
        run = self.sync("s3://bucket/c", target, server=self.cloud, code=1)
        self.assertEqual([a["key"] for a in run.actions(status="failed")], ["a/b"])
        self.assertEqual(set(read_tree(target)), {b"a", b"a-b", b"z"})

    def test_planted_symlink_is_never_followed_I20(self):
        self.fill("s", ["link/file", "leaf", "ok"])
        victim = self.tree({"file": b"precious", "leaf": b"precious"}, "victim")
        target = self.work / "linked"
        target.mkdir()
        (target / "link").symlink_to(victim)
        (target / "leaf").symlink_to(victim / "leaf")
        run = self.sync("s3://bucket/s", target, server=self.cloud, code=1)
        self.assertEqual({a["key"] for a in run.actions(status="failed")}, {"link/file", "leaf"})
        self.assertEqual((victim / "file").read_bytes(), b"precious")
        self.assertEqual((victim / "leaf").read_bytes(), b"precious")
        self.assertEqual((target / "ok").read_bytes(), b"evil ok")

    def test_symlink_planted_during_the_run_is_never_followed_I20(self):
        self.fill("r", [f"d/{i}" for i in range(20)])
        victim = self.work / "victim"
        victim.mkdir()
        target = self.work / "raced"
        stop = threading.Event()

        def plant():
            while not stop.is_set():
                try:
                    os.rename(target / "d", target / "d-moved")
                    os.symlink(victim, target / "d")
                    return
                except OSError:
                    time.sleep(0.001)

        self.cloud.faults({"on": {"op": "GetObject"}, "do": {"fault": "stall", "seconds": 0.2},
                           "times": 0})
        planter = threading.Thread(target=plant)
        planter.start()
        run = self.godwit("sync", "--json", "--jobs", "2", "--retries", "1", "s3://bucket/r", target,
                          server=self.cloud)
        stop.set()
        planter.join()
        self.cloud.faults()
        self.assertTrue((target / "d").is_symlink(), "the link was not planted in time")
        self.assertIn(run.code, (1, 10))
        self.assertEqual(os.listdir(victim), [])


if __name__ == "__main__":
    main()
