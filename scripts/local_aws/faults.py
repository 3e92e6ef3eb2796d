"""Calls that fail as AWS's own do now and then, for tests of what must survive that.

Which share of them fails is said while it runs, to an address that no bucket can have:

    curl -X PUT $ENDPOINT/_local-aws/faults -d '{"share": 0.02, "seed": 1}'

From then on that share of the calls on S3's objects and DynamoDB's items fails, whoever makes them;
with a share of 0 none does, as at first. GET answers what was called and what has failed since.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from http.client import HTTPConnection
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from werkzeug.wrappers import Request, Response

from local_aws.errors import LocalAwsError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/_local-aws/faults"
SERVICE = "local_aws.service"
"""Where a request's environment says whose it is."""

ANSWER_LOST = "AnswerLost"
"""The kind of fault whose call was carried out all the same: whoever tries again does it twice."""


@dataclass(frozen=True)
class Fault:
    """An error of AWS's; `kind` is its name in the counts."""

    kind: str
    status: int
    code: str
    message: str


_SLOW_DOWN = "Please reduce your request rate."
_S3_ERROR = "We encountered an internal error. Please try again."
_THROTTLED = "Rate of requests exceeds the allowed throughput."
_EXCEEDED = (
    "The level of configured provisioned throughput for the table was exceeded. Consider "
    "increasing your provisioning level with the UpdateTable API."
)
_DYNAMODB_ERROR = "The request processing has failed because of an unknown error."
_THROTTLING = "com.amazon.coral.availability#ThrottlingException"
_V2012 = "com.amazonaws.dynamodb.v20120810"

FAULTS = {
    "s3": (
        Fault("SlowDown", 503, "SlowDown", _SLOW_DOWN),
        Fault("InternalError", 500, "InternalError", _S3_ERROR),
        Fault(ANSWER_LOST, 500, "InternalError", _S3_ERROR),
    ),
    "dynamodb": (
        Fault("ThrottlingException", 400, _THROTTLING, _THROTTLED),
        Fault(
            "ProvisionedThroughputExceededException",
            400,
            f"{_V2012}#ProvisionedThroughputExceededException",
            _EXCEEDED,
        ),
        Fault("InternalServerError", 500, f"{_V2012}#InternalServerError", _DYNAMODB_ERROR),
        Fault(ANSWER_LOST, 500, f"{_V2012}#InternalServerError", _DYNAMODB_ERROR),
    ),
}
"""By service, what can go wrong; one kind is as likely as the other."""

ITEM_OPERATIONS = frozenset(
    {
        "BatchGetItem",
        "BatchWriteItem",
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "Scan",
        "TransactGetItems",
        "TransactWriteItems",
        "UpdateItem",
    }
)
OBJECT_OPERATIONS = {
    ("GET", True, ""): "GetObject",
    ("HEAD", True, ""): "HeadObject",
    ("PUT", True, ""): "PutObject",
    ("DELETE", True, ""): "DeleteObject",
    ("POST", True, "uploads"): "CreateMultipartUpload",
    ("PUT", True, "uploadId"): "UploadPart",
    ("GET", True, "uploadId"): "ListParts",
    ("POST", True, "uploadId"): "CompleteMultipartUpload",
    ("DELETE", True, "uploadId"): "AbortMultipartUpload",
    ("GET", False, "list-type"): "ListObjectsV2",
    ("GET", False, "versions"): "ListObjectVersions",
    ("POST", False, "delete"): "DeleteObjects",
}
"""By method, whether a key is named, and what of the query tells one from another."""

COPIES = {"PutObject": "CopyObject", "UploadPart": "UploadPartCopy"}
MARKERS = ("uploads", "uploadId", "list-type", "versions", "delete")
SETTINGS = frozenset({"acl", "attributes", "legal-hold", "restore", "retention", "tagging"})
"""In the query of a call that is about an object, but not on it."""

READS = ("BatchGet", "Get", "Head", "List", "Query", "Scan", "TransactGet")
"""How operations begin that do nothing, so that only their answer could be missed."""

ASKED_ONCE = "CompleteMultipartUpload"
"""Its answer is not lost: AWS takes it again, and moto fails."""


@dataclass
class Report:
    """What happened since the share was set: calls and faults by service and operation."""

    share: float = 0.0
    seed: int = 0
    calls: dict[str, Counter[str]] = field(default_factory=dict)
    faults: dict[str, dict[str, Counter[str]]] = field(default_factory=dict)
    """The faults also by kind."""


class Faults:
    """Decides which calls fail, and counts; safe to use from several threads.

    The seed says of each operation's first call, its second and so on whether it fails, and how:
    the same in every run, in whatever order the calls of several operations come.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._report = Report()

    def begin(self, share: float, seed: int) -> None:
        """Let `share` (0 to 1) of the calls fail from now on, and count anew."""
        with self._lock:
            self._report = Report(share, seed)

    def next(self, service: str, operation: str) -> Fault | None:
        """What becomes of the call that is about to be made: None if nothing is wrong with it."""
        with self._lock:
            report = self._report
            calls = report.calls.setdefault(service, Counter())
            calls[operation] += 1
            name = f"{report.seed} {service} {operation} {calls[operation]}"
            chance = random.Random(name)  # noqa: S311 - it hides nothing, and must be repeatable
            if chance.random() >= report.share:
                return None
            fault = chance.choice(_faults_of(service, operation))
            of_service = report.faults.setdefault(service, {})
            of_service.setdefault(operation, Counter())[fault.kind] += 1
            return fault

    def report(self) -> dict[str, Any]:
        """A `Report` as JSON has it."""
        with self._lock:
            return deepcopy(vars(self._report))


class FaultyApplication:
    """A WSGI application that fails now and then, and the way to say how often.

    It reads of the environment whose request it is (`SERVICE`); a body must have been read.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application
        self._faults = Faults()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == PATH:
            return self._told(Request(environ))(environ, start_response)
        service = environ[SERVICE]
        operation = operation_of(service, environ)
        fault = None if operation is None else self._faults.next(service, operation)
        if fault is None:
            return self._application(environ, start_response)
        if fault.kind == ANSWER_LOST:
            self._carry_out(environ)
        return _answer(service, fault)(environ, start_response)

    def _carry_out(self, environ: WSGIEnvironment) -> None:
        answer = self._application(environ, lambda *_: lambda _: None)
        for _ in answer:
            pass
        if hasattr(answer, "close"):
            answer.close()

    def _told(self, request: Request) -> Response:
        if request.method == "PUT":
            try:
                self._faults.begin(*_settings(json.loads(request.get_data())))
            except (KeyError, TypeError, ValueError):
                wanted = 'Give {"share": 0 to 1, "seed": a whole number}.\n'
                return Response(wanted, 400, mimetype="text/plain")
        return Response(json.dumps(self._faults.report()), mimetype="application/json")


def operation_of(service: str, environ: WSGIEnvironment) -> str | None:
    """The operation on an object or an item that a request asks for; None for any other."""
    if service == "dynamodb":
        api, _, operation = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")
        return operation if api.startswith("DynamoDB_") and operation in ITEM_OPERATIONS else None
    if service != "s3":
        return None
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True).keys()
    if query & SETTINGS:
        return None
    _, _, key = environ["PATH_INFO"].lstrip("/").partition("/")
    marker = next((name for name in MARKERS if name in query), "")
    named = OBJECT_OPERATIONS.get((environ["REQUEST_METHOD"], bool(key), marker))
    if named and "HTTP_X_AMZ_COPY_SOURCE" in environ:
        return COPIES.get(named, named)
    return named


def _faults_of(service: str, operation: str) -> list[Fault]:
    is_never_lost = operation.startswith(READS) or operation == ASKED_ONCE
    return [one for one in FAULTS[service] if not (is_never_lost and one.kind == ANSWER_LOST)]


def set_faults(endpoint: str, share: float, seed: int = 0) -> None:
    """Let `share` (0 to 1) of the calls to the embedded AWS at `endpoint` fail, and count anew.

    Raises `LocalAwsError` for what is no share.
    """
    _ask(endpoint, "PUT", {"share": share, "seed": seed})


def read_faults(endpoint: str) -> dict[str, Any]:
    """A `Report` of the embedded AWS at `endpoint`, as JSON has it."""
    return _ask(endpoint, "GET")


def _ask(endpoint: str, method: str, body: Mapping[str, float] | None = None) -> dict[str, Any]:
    connection = HTTPConnection(urlsplit(endpoint).netloc, timeout=60)
    try:
        connection.request(method, PATH, json.dumps(body) if body else None)
        answer = connection.getresponse()
        text = answer.read().decode()
    finally:
        connection.close()
    if answer.status != 200:
        raise LocalAwsError(text.strip())
    report: dict[str, Any] = json.loads(text)
    return report


def _settings(told: Mapping[str, float]) -> tuple[float, int]:
    """Raises `KeyError`, `TypeError` or `ValueError` for what cannot be set."""
    share, seed = float(told["share"]), int(told.get("seed", 0))
    if not 0 <= share <= 1:
        raise ValueError(share)
    return share, seed


def _answer(service: str, fault: Fault) -> Callable[..., Iterable[bytes]]:
    if service == "dynamodb":
        body = json.dumps({"__type": fault.code, "message": fault.message})
        return Response(body, fault.status, mimetype="application/x-amz-json-1.0")
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{escape(fault.code)}</Code><Message>{escape(fault.message)}</Message></Error>"
    )
    return Response(body, fault.status, mimetype="application/xml")
