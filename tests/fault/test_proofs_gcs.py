"""The proofs of service_proofs.py for Cloud Storage."""

import json
import urllib.parse

from harness import Case, main
from service_proofs import Form, Proofs, open_url


class Gcs(Proofs, Case):
    service = "gcs"
    scheme = "gs"
    listing, read, copy, delete = "objects.list", "objects.getMedia", "objects.rewrite", "objects.delete"
    busy = "backendError"
    forms = (Form("put", "objects.insert", "objects.insert"),
             Form("resumable", "resumable.put", "resumable.finish", "resumable.start", "resumable.query",
                  in_sequence=True),
             Form("xml", "xml.part", "xml.complete", "xml.begin", "xml.listParts", remote="parts"))
    proofs = {"put": "crc32c", "resumable": "crc32c", "xml": "crc32c"}

    def stored(self):
        bucket = f"{self.cloud.gcs}/storage/v1/b/bucket/o"
        listing = json.loads(open_url(bucket + "?fields=items(name)"))
        return {item["name"]: open_url(f"{bucket}/{urllib.parse.quote(item['name'], safe='')}?alt=media")
                for item in listing.get("items", [])}


if __name__ == "__main__":
    main()
