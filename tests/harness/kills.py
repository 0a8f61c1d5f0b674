"""Runs that are killed or interrupted at a chosen request, on one fakecloud for all services."""

import os
import signal
import subprocess
import time
import urllib.request

import harness
from harness import Case, Fakecloud

MIB = 1 << 20
CONFIG = '[remote.parts]\ntype = "gcs"\nbucket = "bucket"\nparallel_upload = "xml"\n'


class Place:
    """Where a job's objects are: a folder of a container, and how its requests are counted.

    `part`, `finish`, `read`: operations of an upload and of a download. `lists`: what tells the parts, as scripts
    name it. `parallel`: parts go side by side.
    """

    def __init__(self, name, url, part, finish, read, lists, parallel=True, part_bytes=2 * MIB):
        self.name = name
        self.url = url
        self.part = part
        self.finish = finish
        self.read = read
        self.lists = lists
        self.parallel = parallel
        self.part_bytes = part_bytes


S3 = Place("s3", "s3://bucket/d", "UploadPart", "CompleteMultipartUpload", "GetObject", "ListParts", part_bytes=5 * MIB)
GCS = Place("gcs", "gs://bucket/d", "gcs:resumable.put", "gcs:resumable.finish", "gcs:objects.getMedia", "resumable.query",
            parallel=False)
GCS_PARTS = Place("gcs", "parts:d", "gcs:xml.part", "gcs:xml.complete", "gcs:objects.getMedia", "xml.listParts",
                  part_bytes=5 * MIB)
AZURE = Place("azure", "az://bucket/d", "azure:PutBlock", "azure:PutBlockList", "azure:GetBlob", "GetBlockList")


class KillCase(Case):
    """A test with a fakecloud of its own, on which every service has the container "bucket"."""

    cloud_options = ("--azure-container", "bucket")

    def setUp(self):
        super().setUp()
        self.cloud = Fakecloud(*self.cloud_options)
        self.addCleanup(self.cloud.__exit__)
        self.config = self.work / "config.toml"
        self.config.write_text(CONFIG)
        self.options = []

    def launch(self, *arguments, env=None):
        """Begins any command; the caller ends it."""
        env = dict(harness.CLEAN, HOME=str(self.work), XDG_STATE_HOME=str(self.state), **self.cloud.env(), **(env or {}))
        env["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "")
        return subprocess.Popen([harness.GODWIT, *arguments], env=env, cwd=self.work,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def start(self, *arguments):
        """Begins a sync with the options of the test; the caller ends it."""
        return self.launch("sync", "--json", "--config", self.config, *self.options, *arguments)

    def wait_for(self, operation, count, process):
        deadline = time.monotonic() + 60
        while self.cloud.requests(operation) < count:
            self.assertLess(time.monotonic(), deadline)
            if process.poll() is not None:
                self.fail(f"it ended before it could be interrupted: {process.communicate()}")
            time.sleep(0.01)

    def interrupt(self, operation, count, number, *arguments, slow=0.3, after=0, command=False):
        """Ends a sync by a signal once `count` requests of an operation were seen; `command`: the arguments are all.

        Each of them takes `slow` seconds, before its answer or `after` so many bytes of its body. Returns exit
        code, requests seen, stdout, stderr.
        """
        stall = {"fault": "stall", "seconds": slow}
        if after:
            stall.update(side="request", after=after)
        self.cloud.faults({"on": {"op": operation.rpartition(":")[2]}, "do": stall, "times": 0})
        with (self.launch if command else self.start)(*arguments) as process:
            self.wait_for(operation, count, process)
            time.sleep(slow / 3)  # In the middle of a pause: what was answered is remembered by now.
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
        # What the server still reads or writes of a dead connection belongs to the first run.
        time.sleep(slow)
        self.cloud.settle()
        seen = self.cloud.requests(operation)
        self.received = self.cloud.counters()["bytes_received"]
        self.cloud.faults()
        return process.returncode, seen, out, err

    def kill(self, operation, count, *arguments, **options):
        """The requests of a run that is killed; `self.received` has its bytes."""
        code, seen, _, err = self.interrupt(operation, count, signal.SIGKILL, *arguments, **options)
        self.assertEqual(code, -signal.SIGKILL, err)
        return seen

    def rerun(self, *arguments, **options):
        return self.sync("--config", self.config, *self.options, *arguments, server=self.cloud, **options)

    def put(self, place, name, data):
        """Somebody else writes an object, knowing nothing of our runs."""
        file = self.work / "somebody-elses"
        file.write_bytes(data)
        other = self.work / "other"
        run = self.godwit("cp", "--config", self.config, file, f"{place.url}/{name}", server=self.cloud,
                          env={"HOME": str(other), "XDG_STATE_HOME": str(other)})
        self.assertEqual(run.code, 0, run.err)

    def stored(self, place, name="big"):
        """The bytes of an object, read back without godwit where the service needs no signature for it."""
        if place.name == "s3":
            return self.cloud.client().get_object(Bucket="bucket", Key=f"d/{name}")["Body"].read()
        if place.name == "gcs":
            with self.cloud.open(f"{self.cloud.gcs}/storage/v1/b/bucket/o/d%2F{name}?alt=media") as answer:
                return answer.read()
        back = self.work / "read-back"
        run = self.godwit("cp", f"{place.url}/{name}", back, server=self.cloud)
        self.assertEqual(run.code, 0, run.err)
        return back.read_bytes()

    def uploads(self, place):
        return self.cloud.uploads("bucket", place.name)

    def leftovers(self, folder):
        return [name for _, _, names in os.walk(folder) for name in names if name.startswith(".godwit")]

    def journals(self):
        """The state files of all jobs."""
        return sorted(self.state.rglob("state.db"))


def expire(case, place):
    """The service forgets all unfinished uploads of "d/big", as it does after a week."""
    if place.name == "s3":
        for upload in case.cloud.uploads("bucket"):
            case.cloud.client().abort_multipart_upload(Bucket="bucket", Key="d/big", UploadId=upload["upload_id"])
    elif place.name == "gcs":
        for upload in case.uploads(place):
            query = f"upload_id={upload['upload_id']}"
            url = f"{case.cloud.gcs}/upload/storage/v1/b/bucket/o?uploadType=resumable&{query}"
            if place.parallel:
                url = f"{case.cloud.gcs}/bucket/d%2Fbig?uploadId={upload['upload_id']}"
            case.cloud.open(urllib.request.Request(url, method="DELETE"), ok=(204, 499))
    else:  # A Put Blob sweeps the blocks away.
        case.put(place, "big", b"")
        case.godwit("rm", f"{place.url}/big", server=case.cloud)
    case.assertEqual(case.uploads(place), [])
