"""A process that is over as soon as a Lambda could answer: `ours`, or `bare` boto3 clients."""

from __future__ import annotations

import os
import sys

ENVIRONMENT = {
    "MEDIA_TABLE": "media",
    "OUTPUT_BUCKET": "media",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "POWERTOOLS_SERVICE_NAME": "images",
    "POWERTOOLS_METRICS_NAMESPACE": "MediaPipeline",
}
"""What Terraform and Lambda set for the function."""


def start_ours() -> None:
    """Import the image Lambda and make its handler."""
    import image_processor

    image_processor._handler()


def start_bare() -> None:
    """The least that any function with these two clients does."""
    import boto3

    boto3.client("s3")
    boto3.client("dynamodb")


if __name__ == "__main__":
    {"ours": start_ours, "bare": start_bare}[sys.argv[1]]()
    # What would come after it, taking everything down again, is no part of a start.
    os._exit(0)
