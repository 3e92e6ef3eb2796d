"""The two kinds of failure: one that trying again cannot mend, and one that it may."""


class PermanentError(Exception):
    """The same job would fail again; its record becomes `failed` and its message is acknowledged.

    `code` is stable and meant for programs; `sentence` is meant for a person and says what to do.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence


class BadPayloadError(PermanentError):
    """A direct invocation whose payload cannot become a job. `sentence` names the field."""

    def __init__(self, sentence: str) -> None:
        super().__init__("bad_payload", sentence)


class TransientError(Exception):
    """The same job may succeed later; its message goes back to the queue."""
