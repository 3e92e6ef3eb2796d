"""The originals as a sweep lists them, and the outputs that it removes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from media_pipeline.events import named_version
from sweeping.revisions import Place

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# DeleteObjects takes keys as XML 1.0, which has no such characters.
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class NotRemovedError(Exception):
    """S3 has refused to delete some objects."""


@dataclass(frozen=True)
class Upload:
    """An object as a listing tells of it."""

    key: str
    etag: str
    modified: datetime


@dataclass(frozen=True)
class Head:
    """What a key holds now; `version_id` is None in a bucket without versions."""

    version_id: str | None
    etag: str
    modified: datetime


class Originals:
    """The bucket that uploads arrive in."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self.bucket = bucket

    def list(self, prefix: str) -> Iterator[Upload]:
        """Every object below `prefix`."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=prefix
        )
        for page in pages:
            for listed in page.get("Contents", []):
                yield Upload(listed["Key"], listed["ETag"].strip('"'), listed["LastModified"])

    def head(self, key: str) -> Head | None:
        """None for a key that holds nothing."""
        try:
            answer = self._client.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            # S3 answers 403 for a missing object to a role that may list a prefix only.
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            if status not in (403, 404) or self._is_listed(key):
                raise
            return None
        return Head(
            named_version(answer.get("VersionId")),
            answer["ETag"].strip('"'),
            answer["LastModified"],
        )

    def _is_listed(self, key: str) -> bool:
        answer = self._client.list_objects_v2(Bucket=self.bucket, Prefix=key, MaxKeys=1)
        return any(listed["Key"] == key for listed in answer.get("Contents", []))


class Outputs:
    """The bucket that outputs are written to."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self.bucket = bucket

    def remove(
        self, place: Place, is_kept: Callable[[str], bool], check_time: Callable[[], None]
    ) -> int:
        """Delete every object of a revision but what `is_kept`; answers how many there were.

        Raises `NotRemovedError` after all that S3 does delete, and what `check_time` raises between
        two requests.
        """
        removed = 0
        refusals: list[str] = []
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=place.prefix
        )
        for page in pages:
            check_time()
            listed = [entry["Key"] for entry in page.get("Contents", [])]
            keys = [key for key in listed if place.has(key) and not is_kept(key)]
            refusals += self._delete(keys)
            removed += len(keys)
        if refusals:
            raise NotRemovedError(f"{len(refusals)} objects were not deleted; {refusals[0]}")
        return removed

    def _delete(self, keys: list[str]) -> list[str]:
        """At most 1,000 keys, as many as a page of a listing has; answers what S3 has refused."""
        for key in filter(NOT_XML.search, keys):
            self._client.delete_object(Bucket=self.bucket, Key=key)
        if together := [key for key in keys if not NOT_XML.search(key)]:
            answer = self._client.delete_objects(
                Bucket=self.bucket,
                Delete={"Objects": [{"Key": key} for key in together], "Quiet": True},
            )
            return [
                f"{error.get('Key')}: {error.get('Code')}: {error.get('Message')}"
                for error in answer.get("Errors", [])
            ]
        return []
