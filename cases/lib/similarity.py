"""How alike two texts are, by their search terms; suggestions only, never a merge by itself."""

from cases.lib.bigrams import bigrams


def similar(a: str, b: str) -> float:
    """0 to 1: shared terms over the smaller text's, weighed down when the sizes differ much."""
    one, two = set(bigrams(a).split()), set(bigrams(b).split())
    if not one or not two:
        return 0.0
    shared = len(one & two)
    return (shared / min(len(one), len(two)) + shared / len(one | two)) / 2
