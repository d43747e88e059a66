"""Times and sizes as people say them."""

import pytest

from helpers.units import duration, size


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.04, "0.0 s"),
        (0.4, "0.4 s"),
        (1.4, "1 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (200, "3 min 20 s"),
        (3599.7, "1 h 0 min"),
        (7500, "2 h 5 min"),
    ],
)
def test_durations(seconds, said):
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (12_345, "12 kB"),
        (999_400, "999 kB"),
        (999_700, "1.0 MB"),
        (3_240_000, "3.2 MB"),
        (9.96e6, "10 MB"),
        (340e6, "340 MB"),
        (999.7e6, "1.0 GB"),
        (6_387_309_499, "6.4 GB"),
    ],
)
def test_sizes(count, said):
    assert size(count) == said
