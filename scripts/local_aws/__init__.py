"""An AWS on this machine, for development and tests: moto in server mode, and what it lacks.

`LocalAws` runs it in this process, `LocalAwsProcess` and `python -m local_aws` in one of its own.
The Lambda functions that are deployed to it run as they do on AWS, from their zips and layers;
queues are polled, and S3 tells EventBridge what was uploaded.
"""

from local_aws.errors import LocalAwsError
from local_aws.process import LocalAwsProcess
from local_aws.server import LocalAws

__all__ = ["LocalAws", "LocalAwsError", "LocalAwsProcess"]
