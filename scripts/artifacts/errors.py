"""Why an artifact cannot be built."""


class BuildError(Exception):
    """An artifact cannot be built; the text is one sentence that a person can act on."""
