"""I3, I4, I5, I7, I8: every guard in front of a delete, on fakecloud."""

import os

from harness import Case, Fakecloud, bucket_contents, main, read_tree


class DeleteGuards(Case):
    def setUp(self):
        super().setUp()
        self.cloud = Fakecloud(bucket="bucket")
        self.addCleanup(self.cloud.__exit__)
        self.client = self.cloud.client()

    def fill(self, prefix, names):
        for name in names:
            self.client.put_object(Bucket="bucket", Key=f"{prefix}/{name}", Body=name.encode())

    def keys(self, prefix):
        return {k.split("/", 1)[1] for k in bucket_contents(self.client, "bucket", prefix + "/")}

    def test_cap_stops_all_deletes_I5(self):
        names = [f"{i:03}" for i in range(200)]
        self.fill("cap", names)
        tree = self.tree({n: n.encode() for n in names[:100]})
        run = self.sync("--delete", tree, "s3://bucket/cap", server=self.cloud, code=6)
        self.assertEqual(run.summary["objects"]["deleted"], 0)
        self.assertEqual(len(self.keys("cap")), 200)
        self.assertIn("--max-delete", run.err)
        self.assertIn("100", run.err)
        run = self.sync("--delete", "--max-delete", "100", tree, "s3://bucket/cap", server=self.cloud)
        self.assertEqual(run.summary["objects"]["deleted"], 100)

    def test_floor_of_twenty_belongs_to_the_default_I5(self):
        names = [f"{i:02}" for i in range(25)]
        self.fill("floor", names)
        tree = self.tree({n: n.encode() for n in names[:5]})
        self.sync("--delete", "--max-delete", "25%", tree, "s3://bucket/floor", server=self.cloud, code=6)
        self.sync("--delete", tree, "s3://bucket/floor", server=self.cloud)
        self.assertEqual(self.keys("floor"), set(names[:5]))

    def test_empty_source_is_refused_unless_allowed_I4(self):
        self.fill("empty", ["a", "b"])
        tree = self.tree({})
        run = self.sync("--delete", tree, "s3://bucket/empty", server=self.cloud, code=6)
        self.assertIn("--allow-empty-source", run.err)
        self.assertEqual(self.keys("empty"), {"a", "b"})
        self.sync("--delete", "--allow-empty-source", tree, "s3://bucket/empty", server=self.cloud)
        self.assertEqual(self.keys("empty"), set())

    def test_names_without_data_make_no_source_I4(self):
        self.fill("hollow", ["a", "b"])
        tree = self.tree({})
        os.symlink("nowhere", tree / "link")
        os.mkfifo(tree / "pipe")
        self.sync("--delete", tree, "s3://bucket/hollow", server=self.cloud, code=6)
        self.client.put_object(Bucket="bucket", Key="marker/", Body=b"")
        self.sync("--delete", "s3://bucket/marker", "s3://bucket/hollow", server=self.cloud, code=6)
        self.assertEqual(self.keys("hollow"), {"a", "b"})

    def test_keys_that_the_source_cannot_hold_are_proven_absent_I3(self):
        odd = ["..", "a//b", "./x", "k" * 300, "plain"]
        self.fill("odd", ["kept", *odd])
        run = self.sync("--delete", self.tree({"kept": b"kept"}), "s3://bucket/odd", server=self.cloud)
        self.assertEqual(run.summary["objects"]["deleted"], len(odd), run.err)
        self.assertEqual(self.keys("odd"), {"kept"})

    def test_missing_source_is_refused_always_I4(self):
        self.fill("missing", ["a"])
        for source in (self.work / "nowhere", "s3://no-such-bucket/x"):
            run = self.sync("--delete", "--allow-empty-source", source, "s3://bucket/missing",
                            server=self.cloud, code=7)
            self.assertEqual(run.summary["objects"]["deleted"], 0)
        self.assertEqual(self.keys("missing"), {"a"})

    def test_failed_copy_blocks_deletes_I2(self):
        self.fill("failed", ["old"])
        tree = self.tree({"new": b"n", "other": b"o"})
        self.cloud.faults({"on": {"op": "PutObject", "key": "*new"},
                           "do": {"fault": "status", "status": 403, "code": "AccessDenied"}, "times": 0})
        run = self.sync("--delete", tree, "s3://bucket/failed", server=self.cloud, code=1)
        self.assertGreater(self.cloud.fired()[0], 0)
        self.assertEqual(run.summary["objects"]["deleted"], 0)
        blocked = run.actions(action="delete")
        self.assertEqual([(a["key"], a["status"], a["reason"]) for a in blocked],
                         [("old", "skipped", "delete-blocked")])
        self.assertIn("old", self.keys("failed"))

    def test_excluded_keys_are_protected_on_both_sides_I7(self):
        self.fill("filter", ["a.log", "b.txt", "c.txt"])
        tree = self.tree({"b.txt": b"b.txt", "d.log": b"d"})
        self.sync("--delete", "--exclude", "*.log", tree, "s3://bucket/filter", server=self.cloud)
        self.assertEqual(self.keys("filter"), {"a.log", "b.txt"})
        self.sync("--delete", "--delete-excluded", "--exclude", "*.log", tree, "s3://bucket/filter",
                  server=self.cloud)
        self.assertEqual(self.keys("filter"), {"b.txt"})

    def test_source_filtered_by_size_is_never_deleted(self):
        self.fill("size", ["big", "small", "gone"])
        tree = self.tree({"big": b"x" * 5000, "small": b"small"})
        self.sync("--delete", "--max-size", "1KiB", tree, "s3://bucket/size", server=self.cloud)
        self.assertEqual(self.keys("size"), {"big", "small"})

    def test_proof_that_is_unclear_stops_all_deletes_I3(self):
        self.fill("src", ["keep"])
        self.fill("dst", ["keep", "x", "y"])
        for status in (403, 500):
            self.cloud.faults({"on": {"op": "HeadObject", "key": "src/x"},
                               "do": {"fault": "status", "status": status}, "times": 0})
            run = self.sync("--delete", "--retries", "1", "s3://bucket/src", "s3://bucket/dst",
                            server=self.cloud, code=7)
            self.assertGreater(self.cloud.fired()[0], 0)
            self.assertEqual(run.summary["objects"]["deleted"], 0)
            self.assertEqual(self.keys("dst"), {"keep", "x", "y"})

    def test_many_deletes_are_proven_by_a_second_listing_I3(self):
        names = [f"{i:04}" for i in range(1500)]
        self.fill("many", names)
        self.fill("few", names[:3])
        self.cloud.reset_counters()
        run = self.sync("--delete", "--max-delete", "all", "s3://bucket/few", "s3://bucket/many",
                        server=self.cloud)
        self.assertEqual(run.summary["objects"]["deleted"], 1497)
        self.assertEqual(self.keys("many"), set(names[:3]))
        self.assertLess(self.cloud.requests("HeadObject"), 50)

    def test_overlap_is_refused_however_it_is_spelled_I8(self):
        tree = self.tree({"a": b"1", "sub/b": b"2"})
        link = self.work / "link"
        link.symlink_to(tree)
        for source, target in ((tree, tree), (tree, tree / "sub"), (tree / "sub", link), (link, tree),
                               ("s3://bucket/x", "s3://bucket/x/y"), ("s3://bucket", "s3://bucket/z"),
                               ("s3://bucket/x/", "s3://bucket/x")):
            run = self.godwit("sync", "--delete", source, target, server=self.cloud)
            self.assertEqual(run.code, 2, (source, target, run.err))
        self.assertEqual(set(read_tree(tree)), {b"a", b"sub/b"})
        run = self.godwit("sync", "-n", "s3://bucket/x", "s3://bucket/xy", server=self.cloud)
        self.assertEqual(run.code, 0, run.err)

    def test_directory_marker_is_protected_by_a_local_folder(self):
        self.client.put_object(Bucket="bucket", Key="mark/d/", Body=b"")
        self.client.put_object(Bucket="bucket", Key="mark/e/", Body=b"")
        tree = self.tree({"a": b"1"})
        (tree / "d").mkdir()
        self.sync("--delete", tree, "s3://bucket/mark", server=self.cloud)
        self.assertEqual(self.keys("mark"), {"a", "d/"})

    def test_emptied_local_folders_go_and_others_stay(self):
        self.fill("down", ["keep", "d/x", "d/e/y"])
        target = self.work / "target"
        self.sync("s3://bucket/down", target, server=self.cloud)
        (target / "own-empty").mkdir()
        for key in ("down/d/x", "down/d/e/y"):
            self.client.delete_object(Bucket="bucket", Key=key)
        self.sync("--delete", "s3://bucket/down", target, server=self.cloud)
        self.assertEqual(sorted(os.listdir(target)), ["keep", "own-empty"])

    def test_dry_run_changes_nothing(self):
        self.fill("dry", ["old"])
        tree = self.tree({"new": b"n"})
        run = self.sync("--delete", "-n", tree, "s3://bucket/dry", server=self.cloud)
        self.assertTrue(run.summary["dry_run"])
        self.assertEqual({(a["action"], a["key"], a["status"]) for a in run.of_type("action")},
                         {("copy", "new", "planned"), ("delete", "old", "planned")})
        self.assertEqual(self.keys("dry"), {"old"})
        self.assertFalse(self.state.exists())


if __name__ == "__main__":
    main()
