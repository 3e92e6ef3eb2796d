"""`make page`: the last demo's page, served with byte ranges, which a stream's segments are."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response, send_file, send_from_directory
from werkzeug.serving import make_server

from demo import hls_js

BUILD = Path("build")


def create_app(folder: Path, player: Path | None) -> Flask:
    """An application that serves the files of `folder`, and hls.js if `player` is its script."""
    app = Flask(__name__, static_folder=None)

    @app.get("/hls.min.js")
    def serve_player() -> Response:
        if player is None:
            return Response("// It was not fetched.", mimetype="text/javascript")
        return send_file(player.resolve(), mimetype="text/javascript")

    @app.get("/", defaults={"path": "index.html"})
    @app.get("/<path:path>")
    def serve(path: str) -> Response:
        return send_from_directory(folder.resolve(), path)

    return app


def main() -> None:
    """Serve the page until somebody types Ctrl-C."""
    player = None
    try:
        player = hls_js.fetch(BUILD, _say)
    except hls_js.PlayerError as error:
        _say(f"{error} Browsers that play no HLS by themselves will play the download.")
    server = make_server("127.0.0.1", 0, create_app(BUILD / "demo", player), threaded=True)
    _say(f"http://127.0.0.1:{server.port}/ until you type Ctrl-C")
    server.serve_forever()


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
