"""`Content-Disposition` of what is to be saved under a name of its own.

RFC 6266, with the name a second time as RFC 8187 (which obsoletes RFC 5987) encodes it: browsers
prefer that one, and only very old clients read the first.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

# attr-char of RFC 8187, beside what `quote` never encodes.
UNENCODED = "!#$&+^`|"

# Surrogates have no UTF-8. Of formatting characters, those that turn the direction of writing can
# make one file type look like another.
UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}
DIRECTIONS = set("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def attachment(name: str) -> str:
    """The header's value, ASCII only, for a file to be saved as `name`."""
    safe = "".join("_" if _is_unsafe(character) else character for character in name) or "download"
    # Some clients decode % in the plain form, too.
    plain = re.sub(r'[^ -~]|["\\%]', "_", safe)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe=UNENCODED)}"


def _is_unsafe(character: str) -> bool:
    return (
        character in DIRECTIONS
        or character in "/\\"
        or unicodedata.category(character) in UNPRINTABLE
    )
