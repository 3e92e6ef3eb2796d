"""The logger and the metrics that the functions write through."""

from __future__ import annotations

from aws_lambda_powertools import Logger, Metrics

# Lambda reads levels only from lines whose times are RFC 3339, and drops others as it sees fit.
logger = Logger(use_rfc3339=True)
metrics = Metrics()
