"""The scenarios of bench/run.sh."""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time
import urllib.request

GB = 1e9
LARGE = 1 << 30
COUNT = 10_000
SMALL = 4096
MILLION = 1_000_000
LIMITS = {  # Client CPU seconds: per GB for large, in all for others. None: reported only.
    "upload": 0.45, "download": 0.55, "small-up": 0.7, "small-down": 1.6, "small-down-fsync": 3.0,
    "noop": 0.12, "dry-run-million": None,
}


class Sink:
    """godwit-fakecloud on core 0."""

    def __init__(self, binary, folder, *options):
        self.env_file = folder / "server.env"
        self.env_file.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            ["taskset", "-c", "0", binary / "godwit-fakecloud", "--bucket", "bench", "--env-file", self.env_file,
             *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not self.env_file.exists() or not self.env_file.read_text():
            time.sleep(0.05)
            if self.process.poll() is not None:
                raise SystemExit("the server did not start")
        lines = self.env_file.read_text().splitlines()
        pairs = (line.removeprefix("export ").split("=", 1) for line in lines)
        self.env = {name: value.strip("'\"") for name, value in pairs}

    def requests(self):
        with urllib.request.urlopen(self.env["GODWIT_FAKECLOUD_CONTROL"] + "/counters") as answer:
            return sum(json.load(answer)["requests"].values())

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Minio:
    """A real MinIO on core 0."""

    def __init__(self, folder):
        servers = pathlib.Path(__file__).resolve().parents[1] / "tests/servers"
        self.environ = dict(os.environ, GODWIT_SERVERS_RUN=str(folder / "servers"))
        self.servers = servers
        out = subprocess.run(["taskset", "-c", "0", servers, "start", "minio"], env=self.environ, check=True,
                             capture_output=True, text=True).stdout
        self.env = dict(line.split("=", 1) for line in out.splitlines())

    def requests(self):
        return 0

    def stop(self):
        subprocess.run([self.servers, "stop", "all"], env=self.environ, check=False)


class Bench:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.server = None
        self.folders = 0

    def godwit(self, *arguments):
        """Runs godwit on core 1; returns (CPU seconds, peak MiB, wall seconds)."""
        env = dict(os.environ, **self.server.env, XDG_STATE_HOME=str(self.folder / "state"),
                   AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null")
        begin = time.monotonic()
        process = subprocess.Popen(
            ["taskset", "-c", "1", self.options.bin / "godwit", *map(str, arguments)], env=env,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        error = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise SystemExit(f"godwit {arguments} ended with {process.returncode}: {error.decode()[-2000:]}")
        return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, time.monotonic() - begin

    def forget(self):
        shutil.rmtree(self.folder / "state", ignore_errors=True)

    def fresh(self):
        """A folder that nobody used: ext4 searches long for inodes where many were just freed."""
        self.folders += 1
        return self.folder / f"out{self.folders}"

    def large_tree(self):
        tree = self.folder / "large"
        if not tree.exists():
            tree.mkdir()
            with open(tree / "object.bin", "wb") as out:
                for _ in range(LARGE >> 24):
                    out.write(os.urandom(1 << 24))
        return tree

    def small_tree(self):
        tree = self.folder / "small"
        if not tree.exists():
            for i in range(COUNT):
                folder = tree / f"d{i % 100:02}"
                folder.mkdir(parents=True, exist_ok=True)
                (folder / f"{i:06}").write_bytes(os.urandom(SMALL))
        return tree

    def prepare(self, scenario):
        """Returns the function that runs it once."""
        sync = ["sync", "-q", "--memory", "64MiB"]
        if scenario == "upload":
            tree = self.large_tree()
            return lambda n: (self.forget(), self.godwit(*sync, tree, f"s3://bench/up{n}"))[1]
        if scenario == "download":
            self.godwit(*sync, self.large_tree(), "s3://bench/down")
            return lambda n: (self.forget(), self.godwit(*sync, "s3://bench/down", self.fresh()))[1]
        if scenario == "small-up":
            tree = self.small_tree()
            return lambda n: (self.forget(), self.godwit(*sync, tree, f"s3://bench/small{n}"))[1]
        if scenario in ("small-down", "small-down-fsync"):
            self.godwit(*sync, self.small_tree(), "s3://bench/smalls")
            extra = [] if scenario.endswith("fsync") else ["--no-fsync"]
            return lambda n: (self.forget(),
                              self.godwit(*sync, *extra, "s3://bench/smalls", self.fresh()))[1]
        if scenario == "noop":
            tree = self.small_tree()
            self.forget()
            self.godwit(*sync, tree, "s3://bench/noop")
            return lambda n: self.godwit(*sync, tree, "s3://bench/noop")
        if scenario == "dry-run-million":
            empty = self.folder / "nothing"
            empty.mkdir(exist_ok=True)
            return lambda n: self.godwit("sync", "-q", "-n", "--memory", "64MiB", "s3://million", empty)
        raise SystemExit(f"unknown scenario '{scenario}'; one of {' '.join(LIMITS)}")

    def run(self, scenario):
        options = self.options
        if options.server == "minio" and scenario != "dry-run-million":
            self.server = Minio(self.folder)
            (self.folder / "servers/minio/data/bench").mkdir()
        else:
            synthetic = ["--synthetic", f"million={MILLION}"] if scenario == "dry-run-million" else []
            discard = ["--discard"] if scenario in ("upload", "small-up") else []
            self.server = Sink(options.bin, self.folder, *synthetic, *discard)
        try:
            once = self.prepare(scenario)
            once("warm")
            before = self.server.requests()
            figures = [once(n) for n in range(options.runs)]
            requests = (self.server.requests() - before) / options.runs
        finally:
            self.server.stop()
        cpu, memory, wall = (statistics.median(column) for column in zip(*figures))
        unit = LARGE / GB if scenario in ("upload", "download") else 1
        per = "s/GB" if unit != 1 else "s"
        limit = LIMITS[scenario]
        result = {"scenario": scenario, "server": options.server, "cpu": round(cpu / unit, 4), "unit": per,
                  "limit": limit, "peak_mib": round(memory, 1), "requests": requests, "wall_s": round(wall, 2)}
        if options.json:
            print(json.dumps(result), flush=True)
        else:
            mark = "" if limit is None else f" (limit {limit}{', missed' if cpu / unit > limit else ''})"
            print(f"{scenario:18} {cpu / unit:7.3f} {per:5}{mark:22} peak {memory:6.1f} MiB  "
                  f"{requests:8.0f} requests  {wall:6.2f} s wall", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--server", choices=("sink", "minio"), default="sink")
    parser.add_argument("scenarios", nargs="*")
    options = parser.parse_args()
    # A real disk, not a tmpfs: downloads are to be written to one.
    with tempfile.TemporaryDirectory(dir=os.environ.get("GODWIT_BENCH_DIR", "/var/tmp")) as folder:
        bench = Bench(options, pathlib.Path(folder))
        for scenario in options.scenarios or LIMITS:
            bench.run(scenario)


if __name__ == "__main__":
    main()
