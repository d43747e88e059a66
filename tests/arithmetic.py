"""Sums that stand in texts, computed again: for the tests of hints and questions."""

import re

SUM = re.compile(r"(?<![\w.,(\[])((?:-?\d+(?:\.\d+)?|\()[\d.()·+/ -]*?[\d)]) = (-?\d+(?:\.\d+)?)(?!\.?\d| ?[·+/]| - )")


def sums(text):
    """Every “expression = number” of a text, with the digits that the number is given to."""
    for expression, number in SUM.findall(text.replace("−", "-")):
        if re.search(r"[·+/]| - ", expression):
            digits = len(number.split(".")[1]) if "." in number else 0
            yield expression, float(number), digits


def value(expression):
    """Of sums, differences, products and quotients, without `eval`."""
    tokens = re.findall(r"\d+(?:\.\d+)?|[()·+/-]", expression)

    def atom():
        token = tokens.pop(0)
        if token == "-":
            return -atom()
        if token == "(":
            inner = total()
            assert tokens.pop(0) == ")"
            return inner
        return float(token)

    def product():
        result = atom()
        while tokens and tokens[0] in "·/":
            result = result * atom() if tokens.pop(0) == "·" else result / atom()
        return result

    def total():
        result = product()
        while tokens and tokens[0] in "+-":
            result = result + product() if tokens.pop(0) == "+" else result - product()
        return result

    result = total()
    assert not tokens
    return result


def shown(text):
    return {float(number) for number in re.findall(r"(?<![\w.])-?\d+\.?\d*", text.replace("−", "-"))}
