"""What can keep the embedded AWS from starting."""


class LocalAwsError(Exception):
    """A sentence that says why, and what to do."""
