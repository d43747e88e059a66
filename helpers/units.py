"""Times and sizes as people say them."""


def duration(seconds: float) -> str:
    """Such as "0.4 s", "45 s", "3 min 20 s" or "2 h 5 min"."""
    if seconds < 1:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if minutes else f"{rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def size(count: float) -> str:
    """A number of bytes, such as "12 kB", "3.2 MB", "340 MB" or "6.4 GB"."""
    for unit, one in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        # Rounding must not give 1000 of a smaller unit.
        if count >= 0.9995 * one:
            few = unit != "kB" and count < 9.95 * one
            return f"{count / one:.{int(few)}f} {unit}"
    return f"{count:.0f} bytes"
