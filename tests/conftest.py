"""What Terraform sets in a function's environment and Powertools reads when it is imported."""

import os
import tempfile

import pytest
from hypothesis import settings

os.environ["POWERTOOLS_METRICS_NAMESPACE"] = "MediaPipeline"
os.environ["POWERTOOLS_SERVICE_NAME"] = "images"


# A busy machine is no failure.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def temporary_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A function has one work folder; tests that run side by side need one each."""
    tempfile.tempdir = os.environ["TMPDIR"] = str(tmp_path_factory.mktemp("temporary"))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where everything that a test needs must be at hand, a skipped test is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("FAIL_ON_SKIP") and reporter and reporter.stats.get("skipped"):
        reporter.write_line("Skipped tests count as failures here.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
