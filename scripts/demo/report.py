"""What came out, as tables for the terminal and as a page for the browser."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from rich import box
from rich.console import Console
from rich.table import Table

Record = Mapping[str, Any]

_PLAYER = Path(__file__).with_name("player.js")

NUMBERS = ("size", "bytes", "seconds", "peak kbit/s", "average", "fps")
"""Columns that are read from their right ends."""


def show(console: Console, name: str, record: Record) -> None:
    """Print the tables of one record."""
    if record["status"] != "completed":
        error = record["error"]
        console.print(f"[red]{name}: {error['code']}[/red]: {error['message']}")
        return
    tables = {
        f"{name}: files under {_folder(record)}/": _files(record),
        f"{name}: HLS rungs": _rungs(record),
        f"{name}: the record": _record(record),
        f"{name}: how long it took": _timings(record),
    }
    for title, table in tables.items():
        if table.row_count:
            console.print(f"\n[bold]{title}[/bold]", highlight=False, soft_wrap=True)
            console.print(table)


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        justify: Literal["left", "right"] = "right" if column in NUMBERS else "left"
        table.add_column(column, justify=justify, no_wrap=column in NUMBERS)
    return table


def _files(record: Record) -> Table:
    files = [
        (rendition["name"], rendition, file_format, file)
        for rendition in record["renditions"]
        for file_format, file in rendition["formats"].items()
    ]
    files += [
        (f"download {download['name']}", download, "mp4", download)
        for download in record.get("downloads", ())
    ]
    folder = f"{_folder(record)}/"
    table = _table("name", "size", "format", "bytes", "file")
    for made, measured, file_format, file in files:
        size = f"{measured['width']} x {measured['height']}"
        path = file["key"].removeprefix(folder)
        table.add_row(made, size, file_format, f"{file['bytes']:,}", path)
    return table


def _folder(record: Record) -> str:
    """What the keys of all renditions begin with."""
    first = next(iter(record["renditions"][0]["formats"].values()))
    return str(first["key"]).rpartition("/")[0]


def _rungs(record: Record) -> Table:
    table = _table("rung", "size", "fps", "peak kbit/s", "average", "bytes", "codecs")
    for rung in record.get("stream", {"rungs": ()})["rungs"]:
        table.add_row(
            rung["name"],
            f"{rung['width']} x {rung['height']}",
            f"{float(rung['frameRate']):.3f}",
            f"{int(rung['bandwidth']) // 1000:,}",
            f"{int(rung['averageBandwidth']) // 1000:,}",
            f"{rung['bytes']:,}",
            rung["codecs"],
        )
    return table


TABLED = ("renditions", "stream", "downloads", "timings")
"""What has a table of its own."""


def _record(record: Record) -> Table:
    table = _table("attribute", "value")
    for attribute, value in sorted(record.items()):
        if attribute not in TABLED:
            table.add_row(attribute, value if isinstance(value, str) else _json(value))
    return table


def _timings(record: Record) -> Table:
    table = _table("stage", "seconds")
    for stage, seconds in record["timings"].items():
        table.add_row(stage, f"{float(seconds):.2f}")
    return table


def _json(value: object) -> str:
    return json.dumps(value, default=_plain, ensure_ascii=False)


def _plain(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


def write_page(folder: Path, records: Mapping[str, Record]) -> Path:
    """Write `index.html` over the saved outputs, which lie at `folder` under their own keys."""
    sections = "".join(_section(name, record) for name, record in records.items())
    page = folder / "index.html"
    page.write_text(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Media pipeline demo</title>"
        # Or the browser would ask for one.
        '<link rel="icon" href="data:,">'
        "<style>body{font:16px/1.5 system-ui;margin:2rem auto;max-width:75rem;padding:0 1rem}"
        "figure{display:inline-block;margin:0 1rem 1rem 0;vertical-align:top}"
        "img,video{max-width:100%;max-height:20rem;background:#ddd}"
        "pre{overflow:auto;background:#f4f4f4;padding:1rem}</style>"
        f"<h1>What came out</h1>{sections}\n"
        f'<script src="hls.min.js"></script><script>{_PLAYER.read_text()}</script>\n',
        encoding="utf-8",
    )
    return page


def _section(name: str, record: Record) -> str:
    parts = [f"<h2>{html.escape(name)}</h2>", *_video(record), *_pictures(record)]
    dumped = json.dumps(json.loads(_json(record)), indent=2, ensure_ascii=False)
    parts.append(
        f"<details><summary>The record</summary><pre>{html.escape(dumped)}</pre></details>"
    )
    return "\n".join(parts)


def _video(record: Record) -> Iterator[str]:
    if "stream" not in record:
        return
    # The original is among the downloads, but not among the outputs that were saved.
    downloads = [file for file in record.get("downloads", ()) if file["name"] != "original"]
    attributes = {"data-stream": record["stream"]}
    if downloads:
        attributes["data-download"] = downloads[0]
    if "poster" in record:
        attributes["poster"] = record["poster"]
    named = " ".join(f'{name}="{_src(file)}"' for name, file in attributes.items())
    yield f"<video controls playsinline {named}></video>"
    yield '<p class="player">Served by `make page`, the stream plays here.</p>'


def _pictures(record: Record) -> Iterator[str]:
    for rendition in record.get("renditions", ()):
        size = f"{rendition['width']} x {rendition['height']}"
        for file_format, file in rendition["formats"].items():
            caption = f"{rendition['name']}.{file_format}, {size}, {file['bytes']:,} bytes"
            yield (
                f'<figure><img src="{_src(file)}" alt="" loading="lazy">'
                f"<figcaption>{html.escape(caption)}</figcaption></figure>"
            )


def _src(file: Mapping[str, Any]) -> str:
    return html.escape(file["key"])
