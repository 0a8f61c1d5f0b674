"""Every token and key expires after 200 requests of its own, in the middle of a transfer; nobody notices.

Cloud Storage: the token service gives new ones. Azure: a machine identity does. S3: whoever owns the
credentials file replaces it before its keys are used up. Up, and down again.
"""

import http.server
import json
import os
import threading
import time
import urllib.parse

import harness
import places
from campaign import Campaign, Model, Program, check_summary, require

USES = 200
TOKENS = [f"entra-{i}" for i in range(1000)]
KEYS = [("expiry%04d" % i, "secret%04d" % i, "session%04d" % i) for i in range(3000)]
MIB = 1 << 20


class Identity(http.server.BaseHTTPRequestHandler):
    """The instance metadata service of an Azure machine: each question, another token."""

    given = 0

    def do_GET(self):
        token = TOKENS[Identity.given]
        Identity.given += 1
        body = json.dumps({"access_token": token, "expires_in": "86400", "token_type": "Bearer"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Trip:
    """One service; `env` and `remote` are how godwit gets in."""

    def __init__(self, campaign, cloud, kind):
        self.campaign = campaign
        self.cloud = cloud
        self.kind = kind
        self.work = campaign.work / kind
        self.work.mkdir()
        self.program = Program(self.work, {})
        self.config = self.work / "config.toml"
        getattr(self, f"prepare_{kind}")()

    def prepare_gcs(self):
        user = self.work / "user.json"
        user.write_text(json.dumps({
            "type": "authorized_user", "client_id": "me", "client_secret": "secret", "refresh_token": "fakecloudrefresh",
            "token_uri": self.cloud.gcs + "/token"}))
        self.config.write_text(f'[remote.r]\ntype = "gcs"\nendpoint = "{self.cloud.gcs}"\n'
                               f'credentials_file = "{user}"\n')

    def prepare_azure(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Identity)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        account = self.cloud.azure_endpoint.rpartition("/")[2]
        self.config.write_text(f'[remote.r]\ntype = "azure"\naccount = "{account}"\n'
                               f'endpoint = "{self.cloud.azure_endpoint}"\n')
        self.program.server_env = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": f"http://127.0.0.1:{server.server_port}"}

    def prepare_s3(self):
        self.keys_file = self.work / "credentials"
        self.keys_given = 0
        self.config.write_text(f'[remote.r]\ntype = "s3"\nendpoint = "{self.cloud.endpoint}"\n'
                               f'region = "us-east-1"\ncredentials_file = "{self.keys_file}"\n')
        self.give_keys()

    def give_keys(self):
        name, secret, session = KEYS[self.keys_given % len(KEYS)]
        self.keys_given += 1
        draft = self.keys_file.with_suffix(".new")
        draft.write_text(f"[default]\naws_access_key_id = {name}\naws_secret_access_key = {secret}\n"
                         f"aws_session_token = {session}\n")
        os.replace(draft, self.keys_file)

    def replace_keys(self, process):
        """The owner of the file knows how much its keys were used."""
        used = 0
        while process.poll() is None:
            total = self.cloud.counters()["total"] if self.kind == "s3" else 0
            if total >= used + USES // 4:
                used = total
                self.give_keys()
            time.sleep(0.002)

    def sync(self, *arguments):
        with self.program.start("sync", "--json", "--config", self.config, *arguments) as process:
            watcher = threading.Thread(target=self.replace_keys, args=(process,))
            watcher.start()
            out, err = process.communicate(timeout=1800)
            watcher.join()
        run = harness.Run(process.returncode, out, err.decode(errors="replace"))
        check_summary(run)
        require(run.code == 0, run.code, run.out[-2000:], run.err[-2000:])
        require(run.summary["objects"]["failed"] == 0, run.summary)

    def run(self):
        options = self.campaign.options
        part = {"s3": 5 * MIB, "gcs": 256 << 10, "azure": 64 << 10}[self.kind]
        part = max(part, options.part_kib << 10)
        size = max(options.mib * MIB, part) if self.kind != "s3" else options.mib * MIB
        tree = {"large": os.urandom(size)}
        # S3 takes no small parts: the requests are made by small objects.
        tree.update({f"small/{i % 7}/{i}": b"%d" % i for i in range(options.objects)})
        source = places.Folder(self.work / "source")
        places.fill(source, tree)
        self.cloud.faults({"on": {"service": self.kind}, "do": {"fault": "expire_credentials", "after": USES, "each": 1}})
        size_option = ["--part-size", str(part)]
        self.sync(*size_option, source.url, f"r:{places.BUCKET}/p")
        self.expired("up")
        back = places.Folder(self.work / "back")
        self.sync(*size_option, f"r:{places.BUCKET}/p", back.url)
        self.expired("down")
        self.cloud.faults()
        Model({}, tree, False).check_final(back.read())

    def expired(self, way):
        fired = self.cloud.fired()[0]
        already = self.campaign.notes.get(f"{self.kind} refused", 0)
        requests = self.cloud.counters()["total"]
        print(f"{self.kind} {way}: {fired - already} requests refused of {requests}", flush=True)
        require(fired > already, "nothing expired", way)
        self.campaign.fired += fired - already
        self.campaign.note(f"{self.kind} refused", fired - already)


def add_options(parser):
    parser.add_argument("--mib", type=int, default=48, help="size of the large object")
    parser.add_argument("--part-kib", type=int, default=0, help="its part size, if the service's minimum is less")
    parser.add_argument("--objects", type=int, default=700, help="small ones beside it")
    parser.add_argument("--kinds", default="s3,gcs,azure")


def main():
    campaign = Campaign("token_expiry", 1, __doc__, add_options)
    tokens = [word for token in TOKENS for word in ("--azure-token", token)]
    keys = [word for key in KEYS for word in ("--credential", ":".join(key))]
    with places.Cloud("--gcs-require-token", *tokens, *keys) as cloud:
        for kind in campaign.options.kinds.split(","):
            campaign.attempt(kind, lambda: Trip(campaign, cloud, kind).run())
        campaign.end()


if __name__ == "__main__":
    main()
