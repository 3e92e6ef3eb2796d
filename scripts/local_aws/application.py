"""The one way in: every request to the embedded AWS passes here before it reaches moto."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.wsgi import ClosingIterator

from local_aws.faults import SERVICE, FaultyApplication
from local_aws.s3_events import S3Events

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

INVOKE = re.compile(r"/2015-03-31/functions/[^/]+/invocations/?")
REQUEST_ID_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Application:
    """moto as a WSGI application that several clients can use at once.

    moto's services are not made for threads, so each serves one request at a time. Two calls wait
    for something and are not among them: `Invoke`, and SQS's, whose turns are taken further in.
    """

    def __init__(self, s3_events: S3Events) -> None:
        moto = DomainDispatcherApplication(create_backend_app)
        # It looks through the folders of all services, at every request, for the same answer.
        moto.get_backend_for_host = cache(moto.get_backend_for_host)  # type: ignore[method-assign]
        self._moto = FaultyApplication(moto)
        self._s3_events = s3_events
        self._turns: dict[str, Lock] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # Read before the turn is taken, so that a slow client keeps nobody waiting.
        environ["wsgi.input"] = BytesIO(_body(environ))
        environ["wsgi.input_terminated"] = True
        service = environ[SERVICE] = _service(environ)
        request_id = "".join(secrets.choice(REQUEST_ID_ALPHABET) for _ in range(16))
        if service == "s3":
            start_response = _with_header(start_response, ("x-amz-request-id", request_id))
        source_ip = environ.get("REMOTE_ADDR", "127.0.0.1")
        with (
            self._turn(service, environ["PATH_INFO"]),
            self._s3_events.noted(request_id, source_ip) as send_events,
        ):
            answer = self._moto(environ, start_response)
            chunks = list(answer)
            if hasattr(answer, "close"):
                answer.close()
        return ClosingIterator(chunks, send_events)

    def _turn(self, service: str, path: str) -> AbstractContextManager[object]:
        if service == "sqs" or INVOKE.fullmatch(path):
            return nullcontext()
        return self._turns.setdefault(service, Lock())


def _body(environ: WSGIEnvironment) -> bytes:
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        body: bytes = stream.read()
    else:
        body = stream.read(int(environ.get("CONTENT_LENGTH") or 0))
    return body


def _service(environ: WSGIEnvironment) -> str:
    """Whose request it is, by what it was signed for; S3 answers what was not signed."""
    signed = re.search(r"Credential=([^,\s]+)", environ.get("HTTP_AUTHORIZATION", ""))
    if signed:
        scope = signed[1]
    else:
        query = parse_qs(environ.get("QUERY_STRING", ""))
        scope = query.get("X-Amz-Credential", [""])[0]
    parts = scope.split("/")
    return parts[3] if len(parts) == 5 else "s3"


def _with_header(start_response: StartResponse, header: tuple[str, str]) -> StartResponse:
    def start(
        status: str, headers: list[tuple[str, str]], *rest: object
    ) -> Callable[[bytes], object]:
        return start_response(status, [*headers, header], *rest)  # type: ignore[arg-type]

    return start
