"""The upload broke off in the middle."""

SAYS = 'cut off'


def damage(notebook):
    data = json.dumps(notebook, indent=1).encode()
    return data[: len(data) // 2]
