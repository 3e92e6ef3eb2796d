"""What AWS itself says of the workspace, whatever Terraform's state holds."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.exceptions import ClientError

Readings = dict[str, Any]

ROLE = "acme-media"
ROLE_POLICIES = ("buckets", "logs", "tables")
QUEUES = ("acme-incoming", "acme-incoming-dead")
LOG_GROUPS = ("/acme/media", "/acme/web")

SETTINGS = (
    (
        "s3",
        (
            "get_bucket_cors",
            "get_bucket_encryption",
            "get_bucket_lifecycle_configuration",
            "get_bucket_notification_configuration",
            "get_bucket_ownership_controls",
            "get_bucket_policy",
            "get_bucket_tagging",
            "get_bucket_versioning",
            "get_public_access_block",
        ),
        "Bucket",
        ("acme-media", "acme-renditions"),
    ),
    (
        "dynamodb",
        ("describe_continuous_backups", "describe_table", "describe_time_to_live"),
        "TableName",
        ("acme-media", "acme-photos", "acme-videos"),
    ),
    (
        "iam",
        ("get_role", "list_attached_role_policies", "list_role_policies"),
        "RoleName",
        (ROLE,),
    ),
    (
        "iam",
        ("list_attached_user_policies", "list_groups_for_user", "list_user_policies"),
        "UserName",
        ("acme-web",),
    ),
    (
        "iam",
        ("get_group", "list_attached_group_policies", "list_group_policies"),
        "GroupName",
        ("acme-applications",),
    ),
    ("logs", ("describe_log_groups",), "logGroupNamePrefix", LOG_GROUPS),
    (
        "logs",
        ("describe_metric_filters", "describe_subscription_filters"),
        "logGroupName",
        LOG_GROUPS,
    ),
    ("events", ("describe_rule",), "Name", ("acme-nightly",)),
    ("events", ("list_targets_by_rule",), "Rule", ("acme-nightly",)),
)
"""A service, what it is asked, and the argument that names what it is asked of."""

LISTS = (
    ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    ("dynamodb", "list_tables", "TableNames", None),
    ("events", "list_rules", "Rules", "Name"),
    ("iam", "list_roles", "Roles", "RoleName"),
    ("iam", "list_users", "Users", "UserName"),
    ("lambda", "list_event_source_mappings", "EventSourceMappings", "UUID"),
    ("lambda", "list_functions", "Functions", "FunctionName"),
    ("lambda", "list_layers", "Layers", "LayerName"),
    ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    ("s3", "list_buckets", "Buckets", "Name"),
    ("sns", "list_topics", "Topics", "TopicArn"),
    ("sqs", "list_queues", "QueueUrls", None),
)
"""A service, what it is asked, where the list is, and what identifies an entry."""

USE = {
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "IndexSizeBytes",
    "ItemCount",
    "LatestRestorableDateTime",
    "ResponseMetadata",
    "RoleLastUsed",
    "TableSizeBytes",
    "storedBytes",
}
"""What changes by mere use."""


def read_its_own(access: dict[str, Any]) -> Readings:
    """The settings of what the workspace holds, by `service operation name`."""
    clients = _Clients(access)
    readings = {
        f"{service} {operation} {name}": clients.ask(service, operation, **{argument: name})
        for service, operations, argument, names in SETTINGS
        for operation in operations
        for name in names
    }
    for policy in ROLE_POLICIES:
        readings[f"iam get_role_policy {policy}"] = clients.ask(
            "iam", "get_role_policy", RoleName=ROLE, PolicyName=policy
        )
    for queue in QUEUES:
        readings[f"sqs get_queue_attributes {queue}"] = clients.ask(
            "sqs",
            "get_queue_attributes",
            QueueUrl=clients.ask("sqs", "get_queue_url", QueueName=queue)["QueueUrl"],
            AttributeNames=["All"],
        )
    return readings


def read_lists(access: dict[str, Any]) -> Readings:
    """What identifies each thing that the account holds, by `service operation`."""
    clients = _Clients(access)
    return {
        f"{service} {operation}": sorted(
            entry if identity is None else entry[identity]
            for entry in clients.ask(service, operation).get(entries, ())
        )
        for service, operation, entries, identity in LISTS
    }


class _Clients:
    """Clients made when they are first asked."""

    def __init__(self, access: dict[str, Any]) -> None:
        self._access = access
        self._made: dict[str, Any] = {}

    def ask(self, service: str, operation: str, **arguments: object) -> Any:  # noqa: ANN401
        """The answer without what use changes; of a refusal, its code."""
        if service not in self._made:
            self._made[service] = boto3.client(service, **self._access)  # type: ignore[call-overload]
        try:
            return _without_use(getattr(self._made[service], operation)(**arguments))
        except ClientError as error:
            return error.response["Error"]["Code"]


def _without_use(answer: Any) -> Any:  # noqa: ANN401
    if isinstance(answer, dict):
        return {name: _without_use(value) for name, value in answer.items() if name not in USE}
    if isinstance(answer, list):
        return [_without_use(value) for value in answer]
    return answer
