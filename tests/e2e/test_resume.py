"""Transfers with real servers that are killed, and the runs after them (I15); bytes counted on the way."""

import os
import signal
import subprocess
import time
import uuid

import harness
from counting_proxy import CountingProxy
from harness import Case, azurite, main, minio

MIB = 1 << 20
PART = 5 * MIB
JOBS = 3
SIZE = 64 * MIB - 77_777
OTHER_BYTES = 6 * MIB  # Headers, lists, and what a client's kernel had taken when it died.


class Killed(Case):
    def setUp(self):
        super().setUp()
        self.name = f"t-{uuid.uuid4().hex[:16]}"
        self.data = os.urandom(SIZE)
        self.there = self.tree({"big": self.data})

    def proxy(self, url):
        proxy = CountingProxy(url)
        self.addCleanup(proxy.__exit__)
        return proxy

    def minio(self):
        """Its proxy, its URL, the environment for it, a client past the proxy."""
        server = minio()
        client = server.client()
        client.create_bucket(Bucket=self.name)
        proxy = self.proxy(server.endpoint)
        server.endpoint = proxy.url
        return proxy, f"s3://{self.name}/d", server.env(), client

    def azurite(self):
        proxy = self.proxy(os.environ["GODWIT_TEST_AZURITE_AZURE_BLOB_ENDPOINT"])
        env = {"AZURE_STORAGE_CONNECTION_STRING": azurite(proxy.url)}
        run = self.godwit("mb", f"az://{self.name}", env=env)
        self.assertEqual(run.code, 0, run.err)
        return proxy, f"az://{self.name}/d", env

    def killed_and_repeated(self, origin, goal, env, proxy, upward=True):
        """Kills it in the middle, then repeats it; returns the second run."""
        proxy.reset()
        passed = lambda: proxy.up if upward else proxy.down
        arguments = ["--part-size", f"{PART // MIB}MiB", "--jobs", str(JOBS), origin, goal]
        environment = dict(harness.CLEAN, HOME=str(self.work), XDG_STATE_HOME=str(self.state), **env)
        with subprocess.Popen([harness.GODWIT, "sync", "--bwlimit", "48MiB", *arguments], env=environment,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            deadline = time.monotonic() + 60
            while passed() < SIZE // 2:
                self.assertIsNone(process.poll(), "it ended before it could be killed")
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.002)
            process.send_signal(signal.SIGKILL)
            process.communicate()
        run = self.sync(*arguments, env=env)
        self.assertTrue(run.summary["resumed"])
        # All that had come whole before the parts that were on their way.
        self.assertGreaterEqual(run.summary["bytes"]["reused"], SIZE // 2 - (JOBS + 1) * PART - OTHER_BYTES)
        self.assertLessEqual(passed(), SIZE + JOBS * PART + OTHER_BYTES)
        return run

    def check_folder(self):
        self.assertTrue((self.work / "back/big").read_bytes() == self.data)
        self.assertEqual(os.listdir(self.work / "back"), ["big"])

    def test_minio_upload_and_download_go_on(self):
        proxy, url, env, client = self.minio()
        self.killed_and_repeated(self.there, url, env, proxy)
        self.assertTrue(client.get_object(Bucket=self.name, Key="d/big")["Body"].read() == self.data)
        self.assertNotIn("Uploads", client.list_multipart_uploads(Bucket=self.name, Prefix="d/big"))
        self.killed_and_repeated(url, self.work / "back", env, proxy, upward=False)
        self.check_folder()

    def test_azurite_upload_and_download_go_on(self):
        proxy, url, env = self.azurite()
        run = self.killed_and_repeated(self.there, url, env, proxy)
        self.assertEqual({action["verified"] for action in run.actions(key="big")}, {"block-crc64"})
        self.killed_and_repeated(url, self.work / "back", env, proxy, upward=False)
        self.check_folder()

    def test_copy_from_minio_to_azurite_goes_on(self):
        _, origin, s3, _ = self.minio()
        proxy, goal, azure = self.azurite()
        self.sync(self.there, origin, env=s3)
        self.killed_and_repeated(origin, goal, {**s3, **azure}, proxy)
        self.sync(goal, self.work / "back", env=azure)
        self.check_folder()


if __name__ == "__main__":
    main()
