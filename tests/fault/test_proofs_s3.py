"""The proofs of service_proofs.py for S3."""

from harness import Case, bucket_contents, main
from service_proofs import Form, Proofs


class S3(Proofs, Case):
    service = "s3"
    scheme = "s3"
    listing, read, copy, delete = "ListObjects", "GetObject", "CopyObject", "DeleteObject"
    busy = "SlowDown"
    forms = (Form("put", "PutObject", "PutObject"),
             Form("multipart", "UploadPart", "CompleteMultipartUpload", "CreateMultipartUpload", "ListParts"))
    proofs = {"put": "crc64nvme", "multipart": "crc64nvme"}

    def stored(self):
        return bucket_contents(self.cloud.client(), "bucket")


if __name__ == "__main__":
    main()
