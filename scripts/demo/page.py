"""`make page`: the last demo's page, served with byte ranges, which a stream's segments are."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response, send_from_directory
from werkzeug.serving import make_server


def create_app(folder: Path) -> Flask:
    """An application that serves the files of `folder`."""
    app = Flask(__name__, static_folder=None)

    @app.get("/", defaults={"path": "index.html"})
    @app.get("/<path:path>")
    def serve(path: str) -> Response:
        return send_from_directory(folder.resolve(), path)

    return app


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, create_app(Path("build/demo")), threaded=True)
    print(f"http://127.0.0.1:{server.port}/ until you type Ctrl-C", flush=True)  # noqa: T201
    server.serve_forever()
