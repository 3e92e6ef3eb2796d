"""What Terraform sets in a function's environment and Powertools reads when it is imported."""

import os

import pytest

os.environ["POWERTOOLS_METRICS_NAMESPACE"] = "MediaPipeline"
os.environ["POWERTOOLS_SERVICE_NAME"] = "images"


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where everything that a test needs must be at hand, a skipped test is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("FAIL_ON_SKIP") and reporter and reporter.stats.get("skipped"):
        reporter.write_line("Skipped tests count as failures here.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
