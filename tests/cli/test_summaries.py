"""Summaries and reports say what happened, over one target and over several."""

import json

from harness import Case, Fakecloud, main


class Summaries(Case):
    @classmethod
    def setUpClass(cls):
        cls.cloud = Fakecloud(bucket="bucket")
        cls.client = cls.cloud.client()

    @classmethod
    def tearDownClass(cls):
        cls.cloud.__exit__()

    def test_dry_run_of_rm_says_so(self):
        self.client.put_object(Bucket="bucket", Key="one", Body=b"1")
        run = self.godwit("rm", "--json", "-n", "s3://bucket/one", server=self.cloud)
        self.assertEqual((run.code, run.summary["dry_run"], run.summary["objects"]["deleted"]), (0, True, 1))
        self.client.head_object(Bucket="bucket", Key="one")

    def test_quiet_dry_run_still_prints_its_plan(self):
        run = self.godwit("sync", "-nq", self.tree({"a": b"x"}), "s3://bucket/plan", server=self.cloud)
        self.assertEqual((run.code, run.out, run.err), (0, b"would copy a (1 B): missing-at-target\n", ""))

    def test_cp_of_a_link_says_how_to_follow_it(self):
        link = self.tree({"a": b"x"}) / "link"
        link.symlink_to("a")
        run = self.godwit("cp", link, "s3://bucket/link", server=self.cloud)
        self.assertEqual(run.code, 1)
        self.assertIn("--symlinks follow", run.err)
        run = self.godwit("cp", "--symlinks", "follow", link, "s3://bucket/link", server=self.cloud)
        self.assertEqual(run.code, 0, run.err)

    def test_recursive_cp_of_a_single_object_copies_it(self):
        self.client.put_object(Bucket="bucket", Key="single/obj", Body=b"1")
        run = self.godwit("cp", "-r", "s3://bucket/single/obj", "out", server=self.cloud)
        self.assertEqual((run.code, (self.work / "out").read_bytes()), (0, b"1"), run.err)
        self.client.put_object(Bucket="bucket", Key="single/obj/below", Body=b"2")
        run = self.godwit("cp", "-r", "s3://bucket/single/obj", "folder", server=self.cloud)
        self.assertEqual((run.code, (self.work / "folder/below").read_bytes()), (0, b"2"), run.err)

    def test_every_request_is_in_the_summary(self):
        self.client.put_object(Bucket="bucket", Key="count/a", Body=b"1")
        for source, target in (("s3://bucket/count", "down"), ("down", "s3://bucket/up")):
            self.cloud.reset_counters()
            run = self.sync(source, target, server=self.cloud)
            requests = run.summary["requests"]
            self.assertEqual(self.cloud.requests("ListObjectsV2") or self.cloud.requests("ListObjects"),
                             requests["list"], self.cloud.counters())
            self.assertEqual(self.cloud.requests("PutObject"), requests["put"])
            self.assertEqual(self.cloud.requests("GetObject"), requests["get"])

    def test_the_total_over_several_targets(self):
        self.tree({"a": b"1", "b": b"2"})
        report = self.work / "report.json"
        run = self.sync("--report", report, "tree", "s3://bucket/many", "s3://no-such-bucket/many", "local",
                        code=7, server=self.cloud)
        *each, total = run.of_type("summary")
        self.assertEqual([s["exit_code"] for s in each], [0, 7, 0])
        self.assertEqual((total["targets"], total["exit_code"], total["objects"]["copied"]), (3, 7, 4))
        for name in total["requests"]:
            self.assertEqual(total["requests"][name], sum(s["requests"][name] for s in each), name)
        self.assertGreater(total["elapsed_s"], 0)
        written = json.loads(report.read_text())
        self.assertEqual((written["targets"], written["exit_code"]), (3, 7))
        self.assertIn("no-such-bucket", written["errors"][0]["message"])

    def test_a_report_that_cannot_be_written_is_exit_8(self):
        self.tree({"a": b"1"})
        run = self.sync("--report", self.work / "none/report.json", "tree", "s3://bucket/reported", code=8,
                        server=self.cloud)
        self.assertEqual((run.summary["exit_code"], run.summary["objects"]["copied"]), (8, 1))
        self.assertIn("none/report.json", run.err)

    def test_names_with_line_separators_are_one_line_of_json(self):
        names = ["a\u2028b", "c\u0085d", "e\u202ef", "g\x7fh", "plain-\u00e9"]
        self.tree({name: b"1" for name in names}, "odd")
        run = self.sync("odd", "s3://bucket/odd", server=self.cloud)
        self.assertEqual({action["key"] for action in run.actions()}, set(names))
        for harmful in ("\u2028", "\u0085", "\u202e", "\x7f"):
            self.assertNotIn(harmful, run.out.decode())
        self.assertIn("plain-\u00e9", run.out.decode())

    def test_secrets_that_a_service_repeats_are_in_no_output(self):
        self.tree({"a": b"1"})
        secret = self.cloud.secret_key
        self.cloud.faults({"on": {"op": "PutObject"}, "times": 0,
                           "do": {"fault": "status", "status": 400, "code": "InvalidArgument",
                                  "message": f"you sent {secret}"}})
        report = self.work / "report.json"
        run = self.godwit("sync", "--json", "-vv", "--report", report, "tree", "s3://bucket/leak", server=self.cloud)
        self.cloud.faults()
        self.assertEqual(run.code, 1, run.err)
        self.assertIn("[redacted]", run.out.decode())
        for text in (run.out.decode(), run.err, report.read_text()):
            self.assertNotIn(secret, text)


if __name__ == "__main__":
    main()
