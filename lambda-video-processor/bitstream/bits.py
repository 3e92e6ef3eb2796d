"""Numbers as headers pack them, bit by bit, the highest first."""

from __future__ import annotations

_LONGEST_PREFIX = 32


class BitstreamError(ValueError):
    """What is coded in the file breaks the rules of its codec."""


class Bits:
    """Reads `payload` once from its start. Raises `BitstreamError` at its end."""

    def __init__(self, payload: bytes) -> None:
        self._value = int.from_bytes(payload, "big")
        self.left = 8 * len(payload)

    def take(self, count: int) -> int:
        """The next `count` bits as one number."""
        if count > self.left:
            raise BitstreamError("a header of the codec is cut short")
        self.left -= count
        return self._value >> self.left & ((1 << count) - 1)

    def flag(self) -> bool:
        """The next bit."""
        return bool(self.take(1))

    def unsigned(self) -> int:
        """ue(v) of ITU-T H.264, 9.1."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > _LONGEST_PREFIX:
                raise BitstreamError("a number in a header of the codec is too long")
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        """se(v) of ITU-T H.264, 9.1.1."""
        code = self.unsigned()
        return (code + 1) // 2 if code % 2 else -(code // 2)
