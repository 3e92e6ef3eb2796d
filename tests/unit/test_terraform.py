"""The Terraform module without a cloud: its form, its refusals, and its wiring on mocked plans."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from terraform import ROOT, roots
from terraform_checkout import Checkout, write_artifacts


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("checkout"))


def _stem(path: Path) -> str:
    return path.name.partition(".")[0]


def test_files_are_formatted(checkout: Checkout) -> None:
    checkout.run(".", "fmt", "-check", "-recursive", "-diff")


@pytest.mark.parametrize("root", [str(path.relative_to(ROOT)) for path in roots()])
def test_roots_are_valid(checkout: Checkout, root: str) -> None:
    checkout.run(root, "init", "-backend=false", "-no-color")
    answer = json.loads(checkout.run(root, "validate", "-json"))
    assert answer["valid"], answer
    assert answer["warning_count"] == 0, answer


@pytest.fixture(scope="module")
def checkout_under_test(checkout: Checkout) -> Checkout:
    """With artifacts beside the good ones that are each wrong in one way."""
    for name, architecture, runtime in (
        ("mips", "mips", "python3.13"),
        ("python2.7", "x86_64", "python2.7"),
        ("without-json", "x86_64", "python3.13"),
        ("silent", "x86_64", "python3.13"),
        ("altered", "x86_64", "python3.13"),
        ("undescribed", "x86_64", "python3.13"),
    ):
        folder = checkout.path / f"artifacts-{name}"
        write_artifacts(folder, architecture=architecture, runtime=runtime)
    write_artifacts(checkout.path / "artifacts-with-raw", raw=True)
    write_artifacts(checkout.path / "artifacts-silent-on-raw", raw=None)
    write_artifacts(checkout.path / "artifacts-large", size=60_000_000)
    write_artifacts(checkout.path / "artifacts-of-images", names=["image-processor", "sweep"])
    write_artifacts(
        checkout.path / "artifacts-of-videos", names=["video-processor", "ffmpeg-layer", "sweep"]
    )
    write_artifacts(
        checkout.path / "artifacts-without-sweep",
        names=["image-processor", "video-processor", "ffmpeg-layer"],
    )
    (checkout.path / "artifacts-without-json/ffmpeg-layer.zip.json").unlink()
    (checkout.path / "artifacts-silent/ffmpeg-layer.zip.json").write_text("{}")
    (checkout.path / "artifacts-undescribed/ffmpeg-layer.zip.json").write_text("no JSON")
    with (checkout.path / "artifacts-altered/ffmpeg-layer.zip").open("ab") as archive:
        archive.write(b"more")
    checkout.run(".", "init", "-backend=false", "-no-color", "-test-directory=tests/terraform")
    return checkout


@pytest.mark.parametrize("path", sorted(ROOT.glob("tests/terraform/*.tftest.hcl")), ids=_stem)
def test_refusals_and_wiring(checkout_under_test: Checkout, path: Path) -> None:
    tests = "tests/terraform"
    told = checkout_under_test.run(
        ".", "test", "-no-color", f"-test-directory={tests}", f"-filter={tests}/{path.name}"
    )
    runs = len(re.findall(r"^run ", path.read_text(), re.MULTILINE))
    assert runs > 0
    assert f"Success! {runs} passed, 0 failed." in told
