"""Originals out of S3, outputs into it."""

from __future__ import annotations

import errno
import hashlib
import shutil
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self
from urllib.parse import quote

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from media_pipeline.dispositions import attachment
from media_pipeline.events import Job, named_version
from media_pipeline.failures import PermanentError, TransientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CopySourceTypeDef

IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATED = "no-cache"
UPLOADS_AT_ONCE = 4

# One request copies up to 5 GB, but is silent for as long as that takes.
COPYING = TransferConfig(multipart_threshold=64 * 1024**2, multipart_chunksize=64 * 1024**2)


class SupersededError(Exception):
    """The key holds another version than the one that was asked for."""


class Originals:
    """The uploads, each read as the one version that its event named."""

    def __init__(self, client: S3Client) -> None:
        self._client = client

    def current_version(self, job: Job) -> tuple[str | None, str]:
        """The version id (None in a bucket without versions) and ETag that the key holds now."""
        try:
            head = self._client.head_object(Bucket=job.bucket, Key=job.key)
        except ClientError as error:
            raise _read_failure(error) from error
        return named_version(head.get("VersionId")), head["ETag"].strip('"')

    def fetch(self, job: Job, path: Path, limit: int) -> int:
        """Write the job's version to `path` and return its size, at most `limit` bytes.

        Raises `SupersededError`, or `PermanentError` with `source_unreadable`, `empty_file`,
        `file_too_large` or `disk_full`.
        """
        try:
            if job.version_id is not None:
                answer = self._client.get_object(
                    Bucket=job.bucket, Key=job.key, VersionId=job.version_id
                )
            else:
                answer = self._client.get_object(
                    Bucket=job.bucket, Key=job.key, IfMatch=f'"{job.etag}"'
                )
        except ClientError as error:
            raise _read_failure(error) from error
        size = answer["ContentLength"]
        # Not the body's own context, which hands out the bare stream: nothing would notice that the
        # connection broke, or that the checksum is another one.
        with closing(answer["Body"]) as body, path.open("wb") as file:
            if size == 0:
                raise PermanentError("empty_file", "The upload has no bytes; upload it again.")
            if size > limit:
                raise PermanentError(
                    "file_too_large",
                    f"The upload has {size:,} bytes and the recipe takes at most {limit:,}.",
                )
            try:
                shutil.copyfileobj(body, file, 1024 * 1024)
            except OSError as error:
                raise _disk_full(size) if error.errno == errno.ENOSPC else error from error
        return size


def _read_failure(error: ClientError) -> Exception:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if status == 412:
        return SupersededError("the key holds another version by now")
    if status not in (403, 404):
        return error
    return PermanentError(
        "source_unreadable",
        "The original cannot be read: it was deleted, or the function's role may not read it "
        "(S3 answers both alike to a role that may not list).",
    )


def _disk_full(size: int) -> PermanentError:
    return PermanentError(
        "disk_full",
        f"The upload has {size:,} bytes, more than the function's storage holds; raise storage_mb.",
    )


class Part(Protocol):
    """Some bytes of a file, read when their turn comes."""

    @property
    def size(self) -> int: ...

    def read(self) -> bytes: ...


Body = bytes | Path | Part
Located = dict[str, str | int]
"""What a record says of an output: its key, bytes and, under a delivery domain, url.

`sha256`, in hex, is of what was made in memory.
"""


class Publisher:
    """Writes one revision's outputs, a few at once, while the next are still being made.

    `before_put` is called ahead of every write, for outputs whose keys are used again.
    """

    def __init__(
        self,
        client: S3Client,
        bucket: str,
        key_of: Callable[[str], str],
        delivery_domain: str | None,
        before_put: Callable[[], None] | None = None,
    ) -> None:
        self._client = client
        self.bucket = bucket
        self._key_of = key_of
        self._delivery_domain = delivery_domain
        self._before_put = before_put
        self._threads = ThreadPoolExecutor(UPLOADS_AT_ONCE, thread_name_prefix="publish")
        self._uploads: list[Future[None]] = []
        self.seconds_waited = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)

    def put(
        self, name: str, body: Body, content_type: str, *, download_name: str | None = None
    ) -> Located:
        """Start writing an output; the answer is what the record says of it.

        A browser saves what has a `download_name`, under that name, rather than show it.
        """
        key, headers = self._key_of(name), self._headers(content_type, download_name)
        self._start(lambda: self._write(key, body, headers))
        located = self._locate(key, _size(body))
        if isinstance(body, bytes):
            located["sha256"] = hashlib.sha256(body).hexdigest()
        return located

    def copy_original(
        self, name: str, job: Job, size: int, content_type: str, download_name: str
    ) -> Located:
        """Start copying the job's version of the original, of `size` bytes, within S3.

        The copy raises `SupersededError` if the key holds another version by then.
        """
        key, headers = self._key_of(name), self._headers(content_type, download_name)
        self._start(lambda: self._copy(job, key, headers))
        return self._locate(key, size)

    def locate_original(self, job: Job, size: int) -> Located:
        """What a record says of the original where it lies.

        The delivery domain has only the bucket of the outputs behind it; another one is named.
        """
        if job.bucket == self.bucket:
            return self._locate(job.key, size)
        return {"bucket": job.bucket, "key": job.key, "bytes": size}

    def _locate(self, key: str, size: int) -> Located:
        located: Located = {"key": key, "bytes": size}
        if self._delivery_domain:
            located["url"] = f"https://{self._delivery_domain}/{quote(key)}"
        return located

    def read(self, key: str) -> bytes:
        """A caller's own file in the bucket of the outputs, such as a watermark."""
        try:
            answer = self._client.get_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            raise TransientError(f"{key} in {self.bucket} cannot be read") from error
        with closing(answer["Body"]) as body:
            return body.read()

    def wait(self) -> None:
        """Return once everything put so far is in S3; raises what the first failed write raised."""
        uploads, self._uploads = self._uploads, []
        started = time.monotonic()
        try:
            for upload in uploads:
                upload.result()
        finally:
            self.seconds_waited += time.monotonic() - started

    def _start(self, write: Callable[[], None]) -> None:
        self._uploads.append(self._threads.submit(write))

    def _headers(self, content_type: str, download_name: str | None) -> dict[str, str]:
        headers = {
            "ContentType": content_type,
            "CacheControl": REVALIDATED if self._before_put else IMMUTABLE,
        }
        if download_name is not None:
            headers["ContentDisposition"] = attachment(download_name)
        return headers

    def _write(self, key: str, body: Body, headers: dict[str, str]) -> None:
        if self._before_put:
            self._before_put()
        if isinstance(body, Path):
            self._client.upload_file(str(body), self.bucket, key, ExtraArgs=headers)
        else:
            content = body if isinstance(body, bytes) else body.read()
            self._client.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=content,
                **headers,  # type: ignore[arg-type]
            )

    def _copy(self, job: Job, key: str, headers: dict[str, str]) -> None:
        if self._before_put:
            self._before_put()
        source: CopySourceTypeDef = {"Bucket": job.bucket, "Key": job.key}
        # Tags are left behind, for the role may not read them.
        arguments = {**headers, "MetadataDirective": "REPLACE", "TaggingDirective": "REPLACE"}
        if job.version_id is not None:
            source["VersionId"] = job.version_id
        else:
            arguments["CopySourceIfMatch"] = f'"{job.etag}"'
        try:
            self._client.copy(source, self.bucket, key, ExtraArgs=arguments, Config=COPYING)
        except ClientError as error:
            failure = _read_failure(error)
            raise failure if isinstance(failure, SupersededError) else error from error


def _size(body: Body) -> int:
    if isinstance(body, Path):
        return body.stat().st_size
    return len(body) if isinstance(body, bytes) else body.size
