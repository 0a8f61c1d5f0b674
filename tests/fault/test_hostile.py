"""I25, I26, I27: redirects, secrets and names; stalls, signals, and two runs on one target."""

import os
import threading
import time

from harness import Case, Fakecloud, bucket_contents, main

LARGE = 20 << 20


class Hostile(Case):
    def setUp(self):
        super().setUp()
        self.cloud = Fakecloud(bucket="bucket")
        self.addCleanup(self.cloud.__exit__)
        self.client = self.cloud.client()

    def test_redirect_to_another_host_is_never_followed_I25(self):
        with Fakecloud(bucket="bucket") as other:
            host = other.endpoint.split("//")[1]
            for status in (301, 302, 307, 308):
                self.cloud.faults({"do": {"fault": "redirect", "host": host, "status": status}, "times": 0})
                run = self.godwit("ls", "--retries", "0", "s3://bucket", server=self.cloud)
                self.assertNotEqual(run.code, 0)
                self.assertGreater(self.cloud.fired()[0], 0)
            self.assertEqual(other.counters()["total"], 0)

    def test_secrets_appear_nowhere_I26(self):
        secret = "canary/secret+value=="
        with Fakecloud("--secret-key", secret, bucket="bucket") as cloud:
            tree = self.tree({"a": b"1", "big": os.urandom(LARGE)})
            cloud.faults({"on": {"op": "PutObject"}, "do": {"fault": "status", "status": 500}, "times": 2})
            texts = []
            for arguments in (["-v", "-v"], ["--json", "-v", "-v", "--report", self.work / "report"]):
                run = self.godwit("sync", *arguments, tree, "s3://bucket/s", server=cloud)
                texts += [run.out.decode(), run.err]
            wrong = self.godwit("sync", "-v", "-v", tree, "s3://nowhere/s", server=cloud)
            texts += [wrong.err, (self.work / "report").read_text()]
            texts += [path.read_bytes().decode("latin-1") for path in self.state.rglob("*") if path.is_file()]
        import base64
        import urllib.parse
        forms = (secret, urllib.parse.quote(secret, safe=""), base64.b64encode(secret.encode()).decode())
        for text in texts:
            for form in forms:
                self.assertNotIn(form, text)

    def test_names_cannot_write_to_the_terminal_I27(self):
        evil = "x\x1b]0;owned\x07\u202egpj.exe"
        self.client.put_object(Bucket="bucket", Key="n/" + evil, Body=b"1")
        for arguments in (["ls", "s3://bucket/n"], ["sync", "-v", "s3://bucket/n", self.work / "n"]):
            run = self.godwit(*arguments, server=self.cloud)
            self.assertEqual(run.code, 0, run.err)
            shown = run.out.decode() + run.err
            self.assertNotIn("\x1b", shown)
            self.assertNotIn("\u202e", shown)
            self.assertIn("\\x1b", shown)
        line = self.godwit("ls", "--json", "s3://bucket/n", server=self.cloud).lines[0]
        self.assertEqual(line["key"], evil)

    def test_throttling_and_stalls_end_well(self):
        tree = self.tree({f"{i:03}": b"x" for i in range(60)})
        self.cloud.faults({"on": {"op": "PutObject", "nth": 5}, "do": {"fault": "status", "status": 503,
                                                                      "code": "SlowDown"}, "times": 10},
                          {"on": {"op": "PutObject", "key": "*059"}, "do": {"fault": "stall", "seconds": "forever"}})
        run = self.sync("--timeout", "2s", tree, "s3://bucket/t", server=self.cloud)
        self.assertEqual(self.cloud.fired(), [10, 1])
        self.assertEqual(run.summary["objects"]["copied"], 60)
        self.assertGreaterEqual(run.summary["retries"], 10)

    def test_second_run_on_a_held_target_exits_10(self):
        tree = self.tree({"a": b"1"})
        self.cloud.faults({"on": {"op": "PutObject"}, "do": {"fault": "stall", "seconds": 3}})
        runs = {}
        holder = threading.Thread(
            target=lambda: runs.update(first=self.godwit("sync", tree, "s3://bucket/h", server=self.cloud)))
        holder.start()
        deadline = time.monotonic() + 20
        while not self.cloud.requests("PutObject") and time.monotonic() < deadline:
            time.sleep(0.05)
        for target in ("s3://bucket/h", "s3://bucket/h/sub", "s3://bucket"):
            second = self.godwit("sync", tree, target, server=self.cloud)
            self.assertEqual(second.code, 10, second.err)
            self.assertIn("pid", second.err)
        holder.join()
        self.assertEqual(runs["first"].code, 0)

    def test_a_signal_stops_cleanly_and_the_rerun_goes_on(self):
        import signal
        import subprocess

        import harness
        tree = self.tree({f"{i:03}": b"x" * 100 for i in range(200)} | {"zbig": os.urandom(LARGE)})
        self.cloud.faults({"on": {"op": ["PutObject", "UploadPart"]},
                           "do": {"fault": "stall", "seconds": 0.1}, "times": 0})
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            env = dict(harness.CLEAN, HOME=str(self.work), XDG_STATE_HOME=str(self.state), **self.cloud.env())
            process = subprocess.Popen([harness.GODWIT, "sync", "--json", "--jobs", "4", "--part-size", "8MiB", tree,
                                        "s3://bucket/i"], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            begin = self.cloud.counters()["total"]
            while self.cloud.counters()["total"] < begin + 30:
                time.sleep(0.02)
            process.send_signal(number)
            out, err = process.communicate(timeout=30)
            self.assertEqual(process.returncode, code, err)
            import json
            summary = json.loads(out.splitlines()[-1])
            self.assertEqual((summary["type"], summary["exit_code"]), ("summary", code))
        self.cloud.faults()
        run = self.sync("--part-size", "8MiB", tree, "s3://bucket/i", server=self.cloud)
        self.assertGreater(run.summary["objects"]["unchanged"], 0)
        self.assertEqual(len(bucket_contents(self.client, "bucket", "i/")), 201)
        self.assertEqual(self.cloud.uploads(), [])


if __name__ == "__main__":
    main()
