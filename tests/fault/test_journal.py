"""State that is torn, foreign or out of reach: set aside with a message, never fatal, never trusted."""

import os
import sqlite3
import time

from harness import Case, Fakecloud, main


class Journal(Case):
    def setUp(self):
        super().setUp()
        self.cloud = Fakecloud()
        self.addCleanup(self.cloud.__exit__)
        self.source = self.tree({"a": b"one", "b": b"two"})

    def database(self):
        [path] = self.state.rglob("state.db")
        return path

    def put(self, data):
        path = self.database()
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        path.write_bytes(data)

    def run_on(self, damage):
        """A sync, damage of its state, a change of equal size at the target, and a sync again."""
        target = self.work / "target"
        self.sync(self.source, target)
        damage(self.database())
        (target / "a").write_bytes(b"ONE")
        run = self.sync(self.source, target)
        self.assertEqual((target / "a").read_bytes(), b"one")
        return run

    def check_set_aside(self, damage):
        run = self.run_on(damage)
        self.assertIn("set aside", run.err)
        self.assertEqual(len(list(self.state.rglob("state.db.corrupt-*[0-9]"))), 1)
        self.assertNotIn("set aside", self.sync(self.source, self.work / "target").err)

    def pragma(self, name, value):
        def change(path):
            with sqlite3.connect(path) as database:
                database.execute("PRAGMA journal_mode=DELETE")
                database.execute(f"PRAGMA {name}={value}")
            database.close()
        return change

    def test_an_empty_file_is_an_empty_state(self):
        self.assertNotIn("set aside", self.run_on(lambda path: self.put(b"")).err)

    def test_garbage(self):
        self.check_set_aside(lambda path: self.put(os.urandom(70_000)))

    def test_half_of_the_file(self):
        def cut(path):
            self.pragma("user_version", 2)(path)  # All of it is in the file, and not in its log.
            self.put(path.read_bytes()[:path.stat().st_size // 2])
        self.check_set_aside(cut)

    def test_a_newer_schema(self):
        self.check_set_aside(self.pragma("user_version", 99))

    def test_another_applications_database(self):
        def replace(path):
            self.put(b"")
            with sqlite3.connect(path) as database:
                database.execute("CREATE TABLE state(key BLOB PRIMARY KEY, row BLOB)")
                database.execute("INSERT INTO state VALUES('a', 'all is well')")
            database.close()
        self.check_set_aside(replace)

    def test_what_cannot_be_opened(self):
        def no_file(path):
            path.rename(path.with_name("elsewhere"))
            path.mkdir()
        self.check_set_aside(no_file)

    def test_a_link_is_not_followed(self):
        victim = self.work / "victim"
        victim.write_bytes(b"precious")

        def link(path):
            path.unlink()
            path.symlink_to(victim)
        self.check_set_aside(link)
        self.assertEqual(victim.read_bytes(), b"precious")

    def test_another_pairs_state(self):
        self.sync(self.source, self.work / "other")
        other = self.database().read_bytes()
        self.database().unlink()
        self.check_set_aside(lambda path: self.put(other))

    def test_an_object_replaced_within_the_second_that_a_killed_run_copied_is_seen(self):
        client = self.cloud.client()
        target = self.work / "target"
        while True:
            client.put_object(Bucket="bucket", Key="d/a", Body=b"one")
            first = client.head_object(Bucket="bucket", Key="d/a")["LastModified"]
            self.sync("s3://bucket/d", target, server=self.cloud)
            # As a kill before the record leaves it: the mark of an unfinished run, and no row.
            folder = self.database().parent
            self.assertFalse((folder / "unsettled").exists())
            self.database().unlink()
            (folder / "unsettled").write_text(time.strftime("%Y-%m-%dT%H:%M:%S.000000000Z", time.gmtime()))
            client.put_object(Bucket="bucket", Key="d/a", Body=b"two")
            if client.head_object(Bucket="bucket", Key="d/a")["LastModified"] == first:
                break
        run = self.sync("s3://bucket/d", target, server=self.cloud)
        self.assertEqual((target / "a").read_bytes(), b"two")
        self.assertEqual(run.summary["objects"]["copied"], 1)
        self.assertFalse((folder / "unsettled").exists())


if __name__ == "__main__":
    main()
