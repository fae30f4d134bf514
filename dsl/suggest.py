"""What was probably meant: the nearest of the known names; and how names are listed."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known name that `word` is a slip of, or None when nothing is near.

    Compares by Damerau-Levenshtein distance (a swap of two letters is one slip), without regard to case;
    the number of slips allowed grows with the word's length.
    """
    candidates = sorted(set(known))
    if not candidates or not word:
        return None
    from rapidfuzz.distance import DamerauLevenshtein

    plain = word.lower().replace("-", "_")
    allowed = 1 if len(plain) <= 4 else 2 if len(plain) <= 7 else 3
    best: tuple[int, str] | None = None
    for name in candidates:
        slips = DamerauLevenshtein.distance(plain, name.lower(), score_cutoff=allowed)
        if slips <= allowed and slips < max(len(plain), len(name)) and (best is None or slips < best[0]):
            best = (slips, name)
    if best is not None:
        return best[1]
    longer = [name for name in candidates if len(plain) >= 3 and name.lower().startswith(plain)]
    return min(longer, key=len) if longer else None


def listing(names: Iterable[str], last: str = "or") -> str:
    """Return `a`, `b` or `c`, each quoted."""
    quoted = [f"`{name}`" for name in names]
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} {last} {quoted[-1]}"
