"""Numbers as short text: at most five characters for any probability a lesson meets."""

import math

MINUS = "−"


def probability(log_p: float, small_digits: int = 1) -> str:
    """exp(log_p) in two digits ("0.49", "0.081"), in `small_digits` below 0.01 ("5e-3", "1e-17"); "0" for -inf.

    Works on the logarithm, so a probability far below the smallest float ("4e-612") is not shown as 0.
    """
    if math.isnan(log_p):
        return "NaN"
    if log_p == -math.inf:
        return "0"
    if log_p == math.inf:
        return "∞"
    if log_p < math.log(0.0095) or log_p >= math.log(99.5):
        exponent = math.floor(log_p / math.log(10))
        leading = f"{math.exp(log_p - exponent * math.log(10)):.{small_digits - 1}f}"
        if leading.startswith("10"):
            leading, exponent = "1" + leading[2:], exponent + 1
        return f"{leading}e{exponent}"
    p = math.exp(log_p)
    if p < 0.0995:
        return f"{p:.3f}"
    return f"{p:.2f}" if p < 9.95 else f"{p:.0f}"


def three_digits(log_p: float, digits: int = 3) -> str:
    """exp(log_p) in three significant digits, for sums that are written out: "0.139", "0.0966", "5.31e-17"."""
    if math.isnan(log_p) or math.isinf(log_p):
        return probability(log_p)
    exponent = math.floor(log_p / math.log(10))
    leading = f"{math.exp(log_p - exponent * math.log(10)):.{digits - 1}f}"
    if leading.startswith("10"):
        leading, exponent = "1" + leading[2:], exponent + 1
    if exponent < -3 or exponent >= digits:
        return f"{leading}e{exponent}"
    return f"{math.exp(log_p):.{digits - 1 - exponent}f}"


def logarithm(value: float, digits: int | None = None) -> str:
    """A log-probability with a true minus sign: "−2.31", "−∞", "NaN".

    `digits` behind the point; without it three digits in all ("−2.31", "−12.3", "−123"), which fits a node.
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+∞" if value > 0 else f"{MINUS}∞"
    size = abs(value)
    if size >= 99999.5:
        text = f"{size:.0e}".replace("e+0", "e").replace("e+", "e")
    else:
        text = f"{size:.{digits if digits is not None else 2 - (size >= 9.995) - (size >= 99.95)}f}"
    return MINUS + text if value < 0 and float(text) else text


def percent(log_share: float) -> str:
    """A share of 1 as a percentage with two digits: "4.9 %"; more than all, from a wrong array, is said as it is."""
    share = 100 * math.exp(min(log_share, 50.0))
    if 99.95 <= share < 100.05:
        return "100 %"
    return f"{share:.1f} %" if 0.095 <= share < 1e6 else f"{probability(log_share + math.log(100))} %"
