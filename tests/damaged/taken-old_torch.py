"""Idioms of torch 0.3 that still run: Variable, Tensor types, .data."""

NEEDS_TORCH = True


def damage(notebook):
    for name in ("forward", "backward"):
        cell = named(notebook, name)
        cell["source"] = "from torch.autograd import Variable\nimport torch\n\n" + cell["source"].replace(
            "np.asarray(log_probs, dtype=np.float64)", "Variable(torch.as_tensor(np.asarray(log_probs))).data.numpy().astype(float)"
        )
    return dumped(notebook)
