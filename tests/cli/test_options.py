"""Values of options, wherever they come from: what cannot be meant is refused, and nothing that was asked
for is silently left out."""

from harness import Case, Fakecloud, bucket_contents, main


class Options(Case):
    @classmethod
    def setUpClass(cls):
        cls.cloud = Fakecloud(bucket="bucket")
        cls.client = cls.cloud.client()

    @classmethod
    def tearDownClass(cls):
        cls.cloud.__exit__()

    def refused(self, arguments, *words, env=None):
        run = self.godwit(*arguments, server=self.cloud, env=env)
        self.assertEqual(run.code, 2, (arguments, run.out, run.err))
        for word in words:
            self.assertIn(word, run.err)
        self.assertNotIn("Contents", self.client.list_objects_v2(Bucket="bucket", Prefix="refused/"))

    def config(self, text):
        path = self.work / "config.toml"
        path.write_text(text)
        return path

    def test_an_impossible_value_names_option_value_and_limit(self):
        self.tree({"a": b"1"})
        for option, value, limit in (
            ("part-size", "0", "1 B"), ("part-size", "6GiB", "5.0 GiB"), ("min-size", "auto", "size"),
            ("bwlimit", "0", "at least 1"), ("request-limit", "0/s", "at least 1"),
            ("newer-than", "99999999999d", "36500d"), ("timeout", "99999999999d", "36500d"),
            ("max-runtime", "40000d", "36500d"),
        ):
            with self.subTest(option=option, value=value):
                self.refused(["sync", f"--{option}", value, "tree", "s3://bucket/refused"],
                             f"--{option}", value, limit)

    def test_a_part_size_that_the_target_does_not_take_is_refused_before_anything_starts(self):
        self.tree({"a": b"1"})
        self.cloud.reset_counters()
        for target, size, limit in (("s3://bucket/refused", "1MiB", "5MiB"), ("gs://bucket/refused", "100KiB", "256KiB"),
                                    ("gs://bucket/refused", "5000001", "256KiB"),
                                    ("az://bucket/refused", "5GiB", "4000MiB")):
            for command in (["sync", "tree", target], ["sync", "-n", "tree", target], ["cp", "tree/a", target],
                            ["sync", "tree", "other", target], ["cp", "-r", "tree", target], ["cp", "-", target]):
                with self.subTest(command=command, size=size):
                    self.refused([*command, "--part-size", size], "--part-size", limit)
        self.assertEqual(self.cloud.requests(), {"ListObjects": 24}, "only this test has looked 4 * 6 times")
        self.assertFalse((self.work / "other").exists())
        self.assertEqual(self.godwit("sync", "--part-size", "1MiB", "tree", "other").code, 0)

    def test_rates_take_a_unit_of_time_and_none(self):
        self.tree({"a": b"1"})
        for options in (["--bwlimit", "10MiB/s"], ["--bwlimit", "none"], ["--request-limit", "50/s"],
                        ["--request-limit", "none"], ["--max-runtime", "none"], ["--part-size", "auto"]):
            run = self.godwit("sync", *options, "tree", "s3://bucket/rates", server=self.cloud)
            self.assertEqual(run.code, 0, (options, run.err))

    def test_every_key_of_a_remote_takes_its_values(self):
        tree = self.tree({"a": b"1"})
        (self.work / "keys").write_text(f"[own]\naws_access_key_id = {self.cloud.access_key}\n"
                                        f"aws_secret_access_key = {self.cloud.secret_key}\n")
        azure = dict(part.split("=", 1) for part in self.cloud.azure.split(";") if part)
        env = {"KEY": self.cloud.access_key, "SECRET": self.cloud.secret_key, "AZURE": self.cloud.azure,
               "AZURE_KEY": azure["AccountKey"]}
        s3 = {"endpoint": self.cloud.endpoint, "access_key_id_env": "KEY", "secret_access_key_env": "SECRET"}
        gcs = {"endpoint": self.cloud.gcs, "anonymous": True}
        account = {"account": azure["AccountName"], "endpoint": azure["BlobEndpoint"], "account_key_env": "AZURE_KEY"}
        remotes = [
            *(("s3", {**s3, key: value}) for key, value in (
                ("region", "us-east-1"), ("addressing", "auto"), ("addressing", "path"), ("location", "aws/eu-west-1"),
                ("allow_http", True), ("bucket", "bucket"), *(("checksum", c) for c in ("auto", "crc64nvme", "crc32c", "md5", "none")))),
            ("s3", {"endpoint": self.cloud.endpoint, "region": "us-east-1", "profile": "own",
                    "credentials_file": str(self.work / "keys")}),
            *(("gcs", {**gcs, key: value}) for key, value in (
                ("parallel_upload", "auto"), ("parallel_upload", "xml"), ("parallel_upload", "none"), ("user_project", "payer"))),
            ("azure", account), ("azure", {"connection_string_env": "AZURE"}),
            ("azure", {**account, "location": "azure/westeurope"}),
        ]
        self.assertEqual(self.godwit("mb", "az://bucket", server=self.cloud).code, 0)
        for number, (kind, keys) in enumerate(remotes):
            with self.subTest(kind=kind, keys=keys):
                lines = [f"{key} = {str(value).lower() if value is True else repr(value)}" for key, value in keys.items()]
                config = self.config("\n".join([f'[remote.there]\ntype = "{kind}"', *lines]))
                rest = f"remote-{number}" if "bucket" in keys else f"bucket/remote-{number}"
                run = self.godwit("sync", "--config", config, tree, f"there:{rest}", env=env)
                self.assertEqual(run.code, 0, run.err)

    def test_an_empty_value_is_not_taken_for_none_given(self):
        self.tree({"a": b"1"})
        for option in ("files-from", "max-delete", "state-dir", "config", "include", "report"):
            for given in ([f"--{option}", ""], [f"--{option}="]):
                with self.subTest(given=given):
                    self.refused(["sync", *given, "tree", "s3://bucket/refused"], f"--{option}")
                    self.refused(["sync", *given, "tree", "s3://bucket/refused", "more"], f"--{option}")

    def test_operands_after_two_dashes_may_begin_with_a_dash(self):
        self.tree({"a": b"1"}, "-tree")
        run = self.godwit("sync", "-n", "--", "-tree", "s3://bucket/dashes", server=self.cloud)
        self.assertEqual((run.code, run.out), (0, b"would copy a (1 B): missing-at-target\n"), run.err)

    def test_planned_options_are_refused_from_environment_and_file_as_well(self):
        self.tree({"a": b"1"})
        sync = ["sync", "tree", "s3://bucket/refused"]
        self.refused(sync, "--policy", env={"GODWIT_POLICY": "rules.toml"})
        self.refused([*sync, "--config", self.config('[defaults]\npolicy = "rules.toml"\n')], "--policy")
        run = self.godwit("ls", "s3://bucket", server=self.cloud, env={"GODWIT_POLICY": "rules.toml"})
        self.assertEqual(run.code, 0, "a command that lacks the option ignores it")

    def test_lists_of_the_configuration_file_are_arrays(self):
        self.tree({"a": b"1", "b": b"2", "c": b"3"})
        config = self.config('[defaults]\nexclude = ["a", "b"]\n')
        run = self.godwit("sync", "tree", "s3://bucket/lists", "--config", config, server=self.cloud)
        self.assertEqual(run.code, 0, run.err)
        self.assertEqual(set(bucket_contents(self.client, "bucket", "lists/")), {"lists/c"})
        for text in ('exclude = [["a"]]', 'jobs = [1]'):
            self.refused(["sync", "tree", "s3://bucket/refused", "--config",
                          self.config(f"[defaults]\n{text}\n")], "config.toml:2")

    def test_switches_of_a_remote_are_true_or_false(self):
        for key in ("allow_http", "anonymous"):
            config = self.config(f'[remote.m]\ntype = "s3"\n{key} = "yes"\n')
            self.refused(["ls", "m:bucket", "--config", config], "config.toml:3", key)

    def test_a_folder_is_no_configuration_file(self):
        self.refused(["ls", "s3://bucket", "--config", self.work], str(self.work))

    def test_signatures_are_not_repeated_however_the_scheme_is_spelled(self):
        for url in ("HTTPS://a.blob.core.windows.net/c?sig=hunter2", "Http://h/b?X-Amz-Signature=hunter2"):
            run = self.godwit("ls", url)
            self.assertEqual(run.code, 2)
            self.assertNotIn("hunter2", run.err)

    def test_dual_stack_addresses_name_their_region(self):
        self.client.put_object(Bucket="bucket", Key="dual/x", Body=b"1")
        run = self.godwit("ls", "https://bucket.s3.dualstack.us-east-1.amazonaws.com/dual", server=self.cloud)
        self.assertEqual((run.code, run.out), (0, b"x\n"), run.err)


if __name__ == "__main__":
    main()
