"""What an unchanged tree costs, counted at the server; and that a hidden change is found (I19)."""

import os

from harness import Case, Fakecloud, bucket_contents, main, read_tree

COUNT = 10_000


class SecondRun(Case):
    def setUp(self):
        super().setUp()
        self.cloud = Fakecloud(bucket="bucket")
        self.addCleanup(self.cloud.__exit__)

    def test_ten_thousand_unchanged_objects(self):
        tree = self.tree({f"d{i % 7}/{i:05}": b"%d" % i for i in range(COUNT)})
        first = self.sync(tree, "s3://bucket/p", server=self.cloud)
        self.assertEqual(first.summary["objects"]["copied"], COUNT)
        self.cloud.reset_counters()
        second = self.sync(tree, "s3://bucket/p", server=self.cloud)
        requests = self.cloud.requests()
        self.assertLessEqual(requests.pop("ListObjects"), 11)
        self.assertEqual(requests, {})
        self.assertEqual(second.summary["objects"]["unchanged"], COUNT)
        self.assertEqual(second.summary["evidence"]["state"], COUNT)

        os.rename(self.state, self.work / "lost-state")
        self.cloud.reset_counters()
        third = self.sync(tree, "s3://bucket/p", server=self.cloud)
        self.assertEqual(self.cloud.requests("HeadObject"), COUNT)
        self.assertEqual(self.cloud.requests("PutObject"), 0)
        self.assertEqual(third.summary["objects"]["unchanged"], COUNT)
        self.cloud.reset_counters()
        self.sync(tree, "s3://bucket/p", server=self.cloud)
        self.assertEqual(self.cloud.requests("HeadObject"), 0)

    def test_same_size_change_with_an_older_time_is_found_I19(self):
        tree = self.tree({"a": b"aaaa", "b": b"bbbb"})
        self.sync(tree, "s3://bucket/q", server=self.cloud)
        before = os.stat(tree / "a").st_mtime_ns
        (tree / "a").write_bytes(b"aaab")
        os.utime(tree / "a", ns=(before - 10**12, before - 10**12))
        run = self.sync(tree, "s3://bucket/q", server=self.cloud)
        self.assertEqual([a["key"] for a in run.actions(action="copy")], ["a"])
        self.assertEqual(bucket_contents(self.cloud.client(), "bucket", "q/")["q/a"], b"aaab")

    def test_touched_file_is_hashed_and_not_sent_again(self):
        tree = self.tree({"a": b"aaaa"})
        self.sync(tree, "s3://bucket/t", server=self.cloud)
        os.utime(tree / "a")
        run = self.sync(tree, "s3://bucket/t", server=self.cloud)
        self.assertEqual(run.summary["objects"]["copied"], 0)
        self.assertEqual(run.summary["bytes"]["copied"], 0)

    def test_keys_that_only_clouds_hold_go_from_cloud_to_cloud(self):
        client = self.cloud.client()
        client.create_bucket(Bucket="other")
        keys = ["a//b", "a", "a/b", "ctl\x01x", "k" * 1020, "/lead", "..", "x/../y", "tab\t", "nl\n", "+ %2F"]
        for key in keys:
            client.put_object(Bucket="bucket", Key="c/" + key if len(key) < 1000 else key, Body=key.encode())
        self.sync("s3://bucket", "s3://other", server=self.cloud)
        want = bucket_contents(client, "bucket")
        self.assertEqual(bucket_contents(client, "other"), want)
        self.assertEqual(len(want), len(keys))
        again = self.sync("s3://bucket", "s3://other", server=self.cloud)
        self.assertEqual(again.summary["objects"]["unchanged"], len(keys))

    def test_two_endpoints_in_one_command(self):
        with Fakecloud("--access-key", "otherkey", "--secret-key", "othersecret", bucket="far") as far:
            config = self.work / "config.toml"
            config.write_text(
                f'[remote.far]\ntype = "s3"\nendpoint = "{far.endpoint}"\nregion = "{far.region}"\n'
                'access_key_id_env = "FAR_KEY"\nsecret_access_key_env = "FAR_SECRET"\n')
            tree = self.tree({f"f{i}": os.urandom(1000) for i in range(20)})
            self.sync(tree, "s3://bucket/here", server=self.cloud)
            env = {"GODWIT_CONFIG": str(config), "FAR_KEY": "otherkey", "FAR_SECRET": "othersecret"}
            run = self.sync("s3://bucket/here", "far:far/there", server=self.cloud, env=env)
            self.assertEqual(run.summary["objects"]["copied"], 20)
            self.sync("far:far/there", self.work / "back", server=self.cloud, env=env)
            self.assertEqual(read_tree(self.work / "back"), read_tree(tree))


if __name__ == "__main__":
    main()
