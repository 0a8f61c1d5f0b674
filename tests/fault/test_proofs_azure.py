"""The proofs of service_proofs.py for Azure."""

import urllib.parse
import xml.etree.ElementTree

from harness import Case, main
from service_proofs import MIB, TOKEN, Form, Proofs, open_url


class Azure(Proofs, Case):
    service = "azure"
    scheme = "az"
    range_size = 4 * MIB
    listing, read, copy, delete = "ListBlobs", "GetBlob", "PutBlobFromURL", "DeleteBlob"
    busy = "ServerBusy"
    forms = (Form("put", "PutBlob", "PutBlob"), Form("blocks", "PutBlock", "PutBlockList", look="GetBlockList"))
    proofs = {"put": "crc64nvme", "blocks": "block-crc64"}

    def stored(self):
        endpoint = dict(item.split("=", 1) for item in self.cloud.azure.split(";") if item)["BlobEndpoint"]
        headers = {"Authorization": "Bearer " + TOKEN, "x-ms-version": "2021-12-02"}
        listing = xml.etree.ElementTree.fromstring(
            open_url(f"{endpoint}/bucket?restype=container&comp=list", **headers).decode("utf-8-sig"))
        return {name.text: open_url(f"{endpoint}/bucket/{urllib.parse.quote(name.text)}", **headers)
                for name in listing.iter("Name")}


if __name__ == "__main__":
    main()
