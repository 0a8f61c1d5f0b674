"""What goes wrong on the way in: one line with object, cause and next step, the manual's exit code,
and nothing deleted."""

import os
import socket
import subprocess

from harness import Case, Fakecloud, Server, bucket_contents, main


class Errors(Case):
    @classmethod
    def setUpClass(cls):
        cls.cloud = Fakecloud(bucket="bucket")
        cls.client = cls.cloud.client()
        for name in ("a", "b", "c"):
            cls.client.put_object(Bucket="bucket", Key=f"kept/{name}", Body=b"x")

    @classmethod
    def tearDownClass(cls):
        cls.cloud.__exit__()

    def check(self, run, code, *words):
        self.assertEqual(run.code, code, run.err)
        lines = run.err.strip().splitlines()
        error = lines[0]
        for word in words:
            self.assertIn(word, error)
        self.assertTrue(error.startswith("godwit: "), error)
        self.assertEqual(len(bucket_contents(self.client, "bucket", "kept/")), 3)

    def sync_to(self, target, server, *options):
        tree = self.work / "tree"
        if not tree.exists():
            self.tree({"new": b"n"})
        return self.godwit("sync", "--delete", "--retries", "0", *options, tree, target, server=server)

    def test_wrong_secret(self):
        server = Server(self.cloud.endpoint, self.cloud.access_key, "wrong-secret-value")
        run = self.sync_to("s3://bucket/kept", server)
        self.check(run, 3, "bucket", "SignatureDoesNotMatch")
        self.assertNotIn("wrong-secret-value", run.err)

    def test_unknown_access_key(self):
        self.check(self.sync_to("s3://bucket/kept", Server(self.cloud.endpoint, "nobody", "s3cret")), 3,
                   "InvalidAccessKeyId")

    def test_no_credentials_says_what_was_tried(self):
        run = self.godwit("ls", "s3://bucket/kept", env={"AWS_ENDPOINT_URL_S3": self.cloud.endpoint,
                                                         "AWS_EC2_METADATA_DISABLED": "true"})
        self.check(run, 3, "AWS_ACCESS_KEY_ID")

    def test_key_without_secret_is_an_error(self):
        run = self.godwit("ls", "s3://bucket/kept", env={"AWS_ENDPOINT_URL_S3": self.cloud.endpoint,
                                                         "AWS_ACCESS_KEY_ID": "AK"})
        self.check(run, 3, "AWS_SECRET_ACCESS_KEY")

    def test_missing_bucket(self):
        self.check(self.sync_to("s3://no-such-bucket/kept", self.cloud), 7, "no-such-bucket")
        self.check(self.godwit("ls", "s3://no-such-bucket", server=self.cloud), 7, "no-such-bucket")
        self.check(self.godwit("sync", "--delete", "s3://no-such-bucket", "s3://bucket/kept",
                               server=self.cloud), 7, "no-such-bucket")

    def test_refused_connection(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            endpoint = f"http://127.0.0.1:{taken.getsockname()[1]}"
            self.check(self.sync_to("s3://bucket/kept", Server(endpoint, "a", "b")), 7, "127.0.0.1")

    def test_plain_http_to_another_machine_needs_permission(self):
        self.check(self.sync_to("s3://bucket/kept", Server("http://192.0.2.1:9000", "a", "b")), 2,
                   "allow_http")

    def test_unwritable_folder(self):
        if os.geteuid() != 0:
            folder = self.work / "locked"
            folder.mkdir(mode=0o500)
            target = folder / "sub"
        else:
            target = "/proc/godwit-test"  # Root may write anywhere else.
        run = self.godwit("sync", "--delete", "s3://bucket/kept", target, server=self.cloud)
        self.check(run, 8, str(target))

    def test_full_disk(self):
        self.client.put_object(Bucket="bucket", Key="fill/big", Body=os.urandom(3 << 20))
        self.client.put_object(Bucket="bucket", Key="fill/huge", Body=os.urandom(40 << 20))
        disk = self.work / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", disk], check=True)
        run = self.godwit("sync", "--json", "--delete", "s3://bucket/fill", disk / "t", server=self.cloud)
        self.assertEqual(run.code, 8, run.err)
        self.assertRegex(run.err, "(?i)no space|disk full")
        left = {name: os.stat(disk / "t" / name).st_size for name in os.listdir(disk / "t")}
        self.assertLessEqual(set(left.items()), {("big", 3 << 20)}, "a temporary or torn file was left")

    def test_source_that_is_a_file(self):
        self.tree({"one": b"1"})
        self.check(self.godwit("sync", "tree/one", "s3://bucket/kept", server=self.cloud), 2, "cp", "tree/one")
        self.check(self.godwit("sync", "s3://bucket/kept/a", "out", server=self.cloud), 2, "cp")

    def test_missing_source(self):
        self.check(self.godwit("sync", "--delete", "nowhere", "s3://bucket/kept", server=self.cloud), 7, "nowhere")

    def test_usage_errors(self):
        for arguments, words in (
            (["sync", "--dryrun", "a", "b"], ["--dryrun", "did you mean '--dry-run'"]),
            (["snyc", "a", "b"], ["snyc", "did you mean 'sync'"]),
            (["sync", "a"], ["sync", "SRC DST"]),
            (["ls", "--delete", "s3://bucket"], ["ls", "--delete"]),
            (["sync", "--memory", "1KiB", "a", "b"], ["--memory", "1KiB", "16MiB"]),
            (["sync", "--compare", "best", "a", "b"], ["--compare", "best", "digest"]),
            (["sync", "--max-delete", "lots", "a", "b"], ["--max-delete", "lots"]),
            (["sync", "--policy", "x", "a", "b"], ["--policy"]),
            (["sync", "--backup-to", "x", "a", "b"], ["--backup-to"]),
            (["sync", "--audit", "x", "a", "b"], ["--audit"]),
            (["sync", "--metrics-file", "x", "a", "b"], ["--metrics-file"]),
            (["sync", "--manifest", "x", "a", "b"], ["--manifest"]),
            (["ls", "s3://"], ["bucket"]),
            (["ls", "nosuch:bucket"], ["nosuch"]),
            (["cp", "s3://bucket/kept", "out"], ["--recursive"]),
        ):
            with self.subTest(arguments=arguments):
                self.check(self.godwit(*arguments, server=self.cloud), 2, *words)

    def test_secrets_in_locations_are_refused_and_not_repeated(self):
        for url in ("https://user:hunter2@host/b", "https://a.blob.core.windows.net/c?sig=hunter2",
                    "s3://AKIA:hunter2@bucket/x"):
            run = self.godwit("ls", url)
            self.assertEqual(run.code, 2)
            self.assertNotIn("hunter2", run.err)

    def test_unusable_state_folder(self):
        (self.work / "file").write_text("")
        run = self.sync_to("s3://bucket/kept", self.cloud, "--state-dir", str(self.work / "file/state"))
        self.check(run, 2, "file/state")

    def test_unknown_configuration_key(self):
        config = self.work / "config.toml"
        config.write_text('[remote.x]\ntype = "s3"\nendpiont = "https://e"\n')
        run = self.godwit("ls", "x:b", "--config", config)
        self.assertEqual(run.code, 2)
        self.assertIn("endpiont", run.err)
        self.assertIn("config.toml:3", run.err)

    def test_environment_and_defaults_give_options(self):
        self.tree({"one": b"1"})
        run = self.godwit("sync", "tree", "s3://bucket/env", server=self.cloud,
                          env={"GODWIT_MAX_DELETE": "nonsense"})
        self.check(run, 2, "--max-delete", "nonsense")
        run = self.godwit("sync", "tree", "s3://bucket/env", server=self.cloud,
                          env={"GODWIT_DRY_RUN": "1", "GODWIT_UNKNOWN": "x"})
        self.assertEqual((run.code, bucket_contents(self.client, "bucket", "env/")), (0, {}), run.err)

    def test_help_names_every_option(self):
        for command in ("sync", "cp", "rm", "ls", "du", "stat", "cat", "mb"):
            for flag in ("-h", "--help"):
                run = self.godwit(command, flag)
                self.assertEqual(run.code, 0)
                self.assertIn(b"--json", run.out)

    def test_closed_stdout_ends_the_output_and_not_the_sync(self):
        tree = self.tree({f"{i}": b"x" for i in range(300)}, "many")
        env = dict(os.environ, HOME=str(self.work), XDG_STATE_HOME=str(self.state), **self.cloud.env())
        import harness
        process = subprocess.Popen([harness.GODWIT, "sync", "--json", tree, "s3://bucket/pipe"], env=env,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        process.stdout.close()
        self.assertEqual(process.wait(60), 0)
        self.assertEqual(len(bucket_contents(self.client, "bucket", "pipe/")), 300)


if __name__ == "__main__":
    main()
