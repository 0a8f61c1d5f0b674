"""I11 to I17 (and I1, I24) for each service: whatever goes wrong between the program and a service,
nothing wrong is published, nothing is done twice, and what can be repaired is.

Every test of Proofs runs for S3, Cloud Storage and Azure, and in it for every form in which an object
goes up there. What is stored is read back without godwit; every fault is seen to have fired.
"""

import dataclasses
import itertools
import os
import threading
import time
import urllib.request

from harness import Fakecloud, read_tree

MIB = 1 << 20
PART = 5 * MIB
PARTS = 3
LARGE = 2 * PART + 300_001
SMALL = 200_000
PLACES = ("first", "middle", "last")
TOKEN = "token-of-the-test"

# Successes that are none.
LIES = {
    "error inside": {"fault": "ok_with_error"},
    "empty": {"fault": "replace_body", "preset": "empty"},
    "portal": {"fault": "replace_body", "preset": "captive_portal"},
    "wrong root": {"fault": "replace_body", "preset": "wrong_root"},
    "cut XML": {"fault": "replace_body", "text": "<CompleteMultipartUploadResult><ETag>&quot;1"},
    "cut JSON": {"fault": "replace_body", "text": '{"kind": "storage#object", "name": "',
                 "type": "application/json; charset=UTF-8"},
}


LISTING_FAULTS = {
    "forbidden": {"fault": "status", "status": 403},
    "error": {"fault": "status", "status": 500},
    "cut": {"fault": "cut_body", "after": 300},
    "repeated token": {"fault": "listing", "how": "repeated_token", "page": 2},
    "unordered": {"fault": "listing", "how": "unordered"},
    **{name: LIES[name] for name in ("empty", "portal", "wrong root", "cut XML", "cut JSON")},
}


@dataclasses.dataclass
class Form:
    """A way in which an object goes up: the operations that begin, carry bytes, publish, and tell
    what the service has kept."""

    name: str
    body: str
    publish: str
    begin: str = ""
    look: str = ""
    remote: str = ""  # A remote of the configuration in place of the plain URL.
    in_sequence: bool = False

    @property
    def in_parts(self):
        return bool(self.look)

    @property
    def size(self):
        return LARGE if self.in_parts else SMALL


class Proofs:
    """What every service must show. A service names its operations and reads what it stores."""

    @classmethod
    def setUpClass(cls):
        cls.cloud = Fakecloud("--page-size", "4", "--azure-container", "bucket", "--azure-token", TOKEN)
        cls.data = os.urandom(LARGE)

    @classmethod
    def tearDownClass(cls):
        cls.cloud.__exit__()

    def setUp(self):
        super().setUp()
        self.count = 0
        config = self.work / "config.toml"
        config.write_text(f'[remote.parts]\ntype = "gcs"\nendpoint = "{self.cloud.gcs}"\nanonymous = true\n'
                          'parallel_upload = "xml"\n')
        self.config = {"GODWIT_CONFIG": str(config)}

    def each(self, check, *tables):
        """Calls check with every combination, on an empty service, under a folder of its own."""
        for row in itertools.product(*tables):
            names = ", ".join(str(getattr(item, "name", item)) for item in row)
            with self.subTest(f"{self.service} {names}"):
                self.cloud.call("/reset", {})
                self.count += 1
                check(*row)

    def url(self, form=None, folder=""):
        base = f"{form.remote}:bucket" if form and form.remote else f"{self.scheme}://bucket"
        return f"{base}/{folder or self.count}"

    def fault(self, operation, times=1, nth=1, **what):
        self.cloud.faults({"on": {"service": self.service, "op": operation, "nth": nth}, "do": what, "times": times})

    def requests(self, operation):
        prefix = "" if self.service == "s3" else self.service + ":"
        return self.cloud.requests(prefix + operation)

    def check_fired(self, count=1):
        self.assertEqual(self.cloud.fired(), [count])

    def source(self, size):
        return self.tree({"x": self.data[:size]}, f"tree-{size}")

    def run_sync(self, *arguments, **options):
        return self.sync("--part-size", "5MiB", *arguments, server=self.cloud, env=self.config, **options)

    def upload(self, form, *arguments, **options):
        return self.run_sync(*arguments, self.source(form.size), self.url(form), **options)

    def refused(self, *arguments, codes):
        """A run that must not succeed."""
        run = self.godwit("sync", "--json", "--part-size", "5MiB", "--retries", "1", "--timeout", "10s", *arguments,
                          server=self.cloud, env=self.config)
        self.assertIn(run.code, codes, run.out.decode() + run.err)
        counts = run.summary["objects"]
        self.assertEqual((counts["copied"], counts["deleted"], counts["failed"]), (0, 0, 1))

    def clean_jobs(self):
        """What waits for a next run goes: a connection that breaks may be better then."""
        self.cloud.faults()
        self.assertEqual(self.godwit("jobs", "clean", server=self.cloud, env=self.config).code, 0)

    def fill(self, size):
        self.run_sync(self.source(size), self.url(folder="from"))
        return self.data[:size]

    def download(self):
        target = self.work / f"down-{self.count}"
        return self.run_sync("--jobs", "1", self.url(folder="from"), target), target

    def check_file(self, target, data):
        """The folder holds x with these bytes and nothing else; None: it holds nothing."""
        self.assertEqual(list(read_tree(target)), [] if data is None else [b"x"])
        self.assertTrue(data is None or (target / "x").read_bytes() == data, "other bytes were read")

    def check_stored(self, data, folder=""):
        """The folder holds x with these bytes and nothing else; None: it holds nothing."""
        prefix = f"{folder or self.count}/"
        found = {key: value for key, value in self.stored().items() if key.startswith(prefix)}
        self.assertEqual(list(found), [] if data is None else [prefix + "x"])
        self.assertTrue(data is None or found[prefix + "x"] == data, "other bytes are stored")

    def check_repaired(self, run, data):
        self.assertGreaterEqual(run.summary["retries"], 1)
        self.assertEqual(run.summary["objects"]["copied"], 1)
        self.check_stored(data)
        self.assertEqual(self.cloud.uploads(), [])

    range_size = PART  # Of the first read of a large object.

    # I11: parts.

    def test_flipped_bit_on_the_way_up_is_repaired_and_counted_I11(self):
        def check(form, place):
            self.fault(form.body, fault="corrupt", how="flip", offset=place, side="request")
            run = self.upload(form)
            self.check_fired()
            self.check_repaired(run, self.data[:form.size])
            self.assertEqual([a["verified"] for a in run.actions(status="done")], [self.proofs[form.name]])

        self.each(check, self.forms, PLACES)

    def test_upload_that_stays_damaged_is_exit_5_and_never_published_I11(self):
        def check(form):
            self.fault(form.body, times=0, fault="corrupt", how="flip", offset="middle", side="request")
            self.refused(self.source(form.size), self.url(form), codes=[5])
            self.assertGreater(self.cloud.fired()[0], 1)
            self.check_stored(None)
            self.assertEqual(self.cloud.uploads(), [])

        self.each(check, self.forms)

    def test_parts_that_end_in_another_order_are_published_in_theirs_I11(self):
        def check(form):
            self.fault(form.body, fault="stall", seconds=0.5)
            self.upload(form)
            self.check_fired()
            self.assertEqual(self.requests(form.body), PARTS)
            self.check_stored(self.data[:form.size])

        self.each(check, [form for form in self.forms if form.in_parts])

    # I12: one version.

    def test_source_that_is_replaced_between_ranges_is_never_spliced_I12(self):
        def check(nth):
            data = self.fill(LARGE)
            self.fault(self.read, nth=nth, fault="swap")
            _, target = self.download()
            self.check_fired()
            self.check_file(target, bytes(255 - byte for byte in data))

        self.each(check, range(1, PARTS))

    # I13: the local source.

    def test_local_source_that_changes_while_it_is_read_is_published_whole_I13(self):
        def check(form):
            old, new = (bytes([letter]) * form.size for letter in b"AB")
            tree = self.tree({"x": old}, f"busy-{form.name}")
            self.fault(form.body, fault="stall", seconds=1.5)
            runs = []
            thread = threading.Thread(target=lambda: runs.append(
                self.run_sync("--jobs", "1", tree, self.url(form))))
            thread.start()
            deadline = time.monotonic() + 30
            while not self.requests(form.body) and time.monotonic() < deadline:
                time.sleep(0.02)
            with open(tree / "x", "r+b") as out:
                out.write(new)
            thread.join()
            self.check_fired()
            self.assertEqual([run.code for run in runs], [0])
            # What was read before the change is whole, too; the next run finds the change.
            self.check_stored(new if form.in_parts else old)
            self.run_sync(tree, self.url(form))
            self.check_stored(new)
            self.assertEqual(self.cloud.uploads(), [])

        self.each(check, self.forms)

    # I14: bytes on the way.

    def ways_to_break_a_download(self, size):
        for place in PLACES:
            yield {"fault": "corrupt", "how": "flip", "offset": place}
        yield {"fault": "corrupt", "how": "zero"}
        for delta in (-1, 1):
            yield {"fault": "corrupt", "how": "length_header", "delta": delta}
        for after in (0, 1, size - 1):
            for by in ("fin", "rst"):
                yield {"fault": "cut_body", "after": after, "by": by}

    def test_damaged_or_cut_download_is_repaired_and_counted_I14(self):
        def check(size, what):
            data = self.fill(size)
            self.fault(self.read, **what)
            run, target = self.download()
            self.check_fired()
            self.assertGreaterEqual(run.summary["retries"], 1)
            self.check_file(target, data)

        self.each(check, [SMALL], self.ways_to_break_a_download(SMALL))
        self.each(check, [LARGE], self.ways_to_break_a_download(self.range_size))

    def test_download_that_stays_damaged_or_cut_is_never_published_I14(self):
        def check(size, what):
            self.fill(size)
            self.fault(self.read, times=0, **what)
            target = self.work / f"down-{self.count}"
            self.refused(self.url(folder="from"), target, codes=[1 if what["fault"] == "cut_body" else 5])
            self.assertGreater(self.cloud.fired()[0], 1)
            self.assertNotIn(b"x", read_tree(target))
            self.clean_jobs()
            self.check_file(target, None)

        self.each(check, (SMALL, LARGE), (
            {"fault": "corrupt", "how": "flip", "offset": "middle"}, {"fault": "cut_body", "after": 1000}))

    def test_cut_upload_is_repaired_and_publishes_nothing_before_I14(self):
        def check(form, after, by):
            self.fault(form.body, fault="cut_body", side="request", after=after, by=by)
            run = self.upload(form)
            self.check_fired()
            self.check_repaired(run, self.data[:form.size])

        self.each(check, self.forms, (1, SMALL - 1), ("fin", "rst"))

    def test_upload_that_is_always_cut_publishes_nothing_I14(self):
        def check(form):
            self.fault(form.body, times=0, fault="cut_body", side="request", after=1000)
            self.refused(self.source(form.size), self.url(form), codes=[1])
            self.assertGreater(self.cloud.fired()[0], 1)
            self.check_stored(None)
            self.clean_jobs()
            self.assertEqual(self.cloud.uploads(), [])

        self.each(check, self.forms)

    # I15: what the service says that it has.

    def test_upload_goes_on_with_what_the_service_has_kept_I15(self):
        def check(form, kept):
            if form.in_sequence and not kept:
                what = {"fault": "cut_body", "side": "request", "after": 3 * MIB + 1}
            else:
                what = {"fault": "lose_answer", "when": "after" if kept else "before"}
            self.fault(form.body, nth=2, **what)
            self.upload(form)
            self.check_fired()
            self.assertEqual(self.requests(form.body), PARTS if kept else PARTS + 1)
            self.assertGreaterEqual(self.requests(form.look), 1)
            if form.in_sequence:  # Not from the beginning of the part.
                self.assertLess(self.cloud.counters()["bytes_received"], LARGE + MIB)
            self.check_stored(self.data[:form.size])

        self.each(check, [form for form in self.forms if form.in_parts], (True, False))

    # I16: answers that lie.

    def check_lie(self, form, operation, lie, when):
        self.fault(operation, when=when, **LIES[lie])
        self.upload(form)
        self.check_fired()
        self.check_stored(self.data[:form.size])
        self.assertEqual(self.cloud.uploads(), [])

    def test_success_that_is_none_is_no_success_I16(self):
        for form in self.forms:
            for operation in dict.fromkeys((form.publish, form.body, form.begin)):
                lies = LIES if operation == form.publish else ("error inside", "empty", "portal")
                if operation:
                    self.each(self.check_lie, [form], [operation], lies, ("before", "after"))

    def test_success_that_is_always_none_publishes_nothing_I16(self):
        def check(form, lie):
            self.fault(form.publish, times=0, **LIES[lie])
            self.refused(self.source(form.size), self.url(form), codes=(1, 5))
            self.assertGreater(self.cloud.fired()[0], 0)
            self.check_stored(None)

        self.each(check, self.forms, LIES)

    def test_copy_and_delete_that_are_none_are_no_success_I16(self):
        def check(operation, lie, when):
            if lie == "empty" and operation in ("DeleteObject", "objects.delete"):
                return  # So do servers answer that are not AWS's or Google's own.
            data = self.fill(SMALL)
            self.check_change(operation, data, when=when, **LIES[lie])

        self.each(check, (self.copy, self.delete), LIES, ("before", "after"))

    def check_change(self, operation, data, **what):
        """A copy inside the service, or a delete, under a fault."""
        if operation == self.copy:
            self.fault(operation, **what)
            self.run_sync(self.url(folder="from"), self.url())
            self.check_fired()
            return self.check_stored(data)
        tree = self.tree({"x": data, "y": b"keep"}, f"delete-{self.count}")
        self.run_sync(tree, self.url())
        (tree / "x").unlink()
        self.fault(operation, **what)
        run = self.run_sync("--delete", tree, self.url())
        self.check_fired()
        self.assertEqual(run.summary["objects"]["deleted"], 1)
        self.assertEqual([key for key in self.stored() if key.startswith(f"{self.count}/")], [f"{self.count}/y"])

    # I17: answers that are lost.

    def test_lost_answer_of_an_upload_is_looked_up_I17(self):
        def check(form, step, by):
            operation = getattr(form, step)
            if not operation:
                return
            self.fault(operation, fault="lose_answer", by=by)
            run = self.upload(form)
            self.check_fired()
            # A begin may be repeated: it publishes nothing.
            wanted = {"begin": 2, "publish": 1, "body": PARTS if form.in_parts else 1}[step]
            self.assertEqual(self.requests(operation), wanted)
            self.assertEqual(run.summary["objects"]["copied"], 1)
            self.check_stored(self.data[:form.size])
            self.assertEqual(self.cloud.uploads(), [])

        self.each(check, self.forms, ("begin", "body", "publish"), ("reset", "close"))

    def test_lost_answer_of_an_overwrite_is_looked_up_I17(self):
        def check(form):
            tree = self.tree({"x": b"old"}, f"over-{form.name}")
            self.run_sync(tree, self.url(form))
            (tree / "x").write_bytes(self.data[:form.size])
            self.fault(form.publish, fault="lose_answer")
            run = self.run_sync(tree, self.url(form))
            self.check_fired()
            self.assertEqual(self.requests(form.publish), 1)
            self.assertEqual(run.summary["objects"]["copied"], 1)
            self.check_stored(self.data[:form.size])

        self.each(check, self.forms)

    def test_lost_answer_of_a_copy_or_delete_is_looked_up_I17(self):
        def check(operation, by):
            data = self.fill(SMALL)
            self.check_change(operation, data, fault="lose_answer", by=by)
            self.assertEqual(self.requests(operation), 1)

        self.each(check, (self.copy, self.delete), ("reset", "close"))

    # What every service needs besides.

    def test_listing_that_cannot_be_believed_deletes_nothing_I1_I24(self):
        def check(way):
            tree = self.tree({f"f{i}": b"x" for i in range(10)}, f"listed-{self.count}")
            self.run_sync(tree, self.url())
            target = self.tree({"extra": b"keep me"}, f"target-{self.count}")
            self.fault(self.listing, times=0, **LISTING_FAULTS[way])
            run = self.godwit("sync", "--json", "--delete", "--retries", "1", self.url(), target, server=self.cloud)
            self.assertIn(run.code, (3, 7), run.err)
            self.assertGreater(self.cloud.fired()[0], 0)
            self.assertEqual(run.summary["objects"]["deleted"], 0)
            self.assertEqual((target / "extra").read_bytes(), b"keep me")

        self.each(check, LISTING_FAULTS)

    def test_busy_service_is_asked_again_after_its_pause(self):
        def check(form):
            self.fault(form.publish, times=2, fault="status", status=503, code=self.busy, retry_after=1)
            run = self.upload(form)
            self.check_fired(2)
            self.assertGreaterEqual(run.summary["retries"], 2)
            self.assertGreaterEqual(run.summary["elapsed_s"], 2)
            self.check_stored(self.data[:form.size])

        self.each(check, self.forms)


def open_url(url, **headers):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, headers=headers), timeout=30) as answer:
        return answer.read()
