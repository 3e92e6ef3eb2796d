"""Clients of an embedded AWS."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

REGION = "us-east-1"
CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


@dataclass(frozen=True)
class Clients:
    """One client for each service that uploads and their records pass through."""

    endpoint: str

    @cached_property
    def s3(self) -> S3Client:
        path_style = Config(s3={"addressing_style": "path"})
        return boto3.client("s3", config=path_style, **self.access)

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        return boto3.client("dynamodb", **self.access)

    @cached_property
    def sqs(self) -> SQSClient:
        return boto3.client("sqs", **self.access)

    @cached_property
    def lambdas(self) -> LambdaClient:
        # An invocation may take as long as its function may.
        patient = Config(read_timeout=900, retries={"total_max_attempts": 1})
        return boto3.client("lambda", config=patient, **self.access)

    @property
    def access(self) -> dict[str, Any]:
        """What a client of any other service is made with."""
        return {"endpoint_url": self.endpoint, "region_name": REGION, **CREDENTIALS}
