"""What a kernel can ask the page: here only for the notebook itself."""

import json
import os


class MessageError(Exception):
    """The page said no."""


def blocking_request(request_type, request="", timeout_sec=5, parent=None):
    """{"ipynb": the notebook} for "get_ipynb", if the machine was given one."""
    path = os.environ.get("COLAB_NOTEBOOK", "")
    if request_type != "get_ipynb" or not os.path.exists(path):
        raise MessageError(f"no answer to {request_type}")
    with open(path, encoding="utf-8") as file:
        return {"ipynb": json.load(file)}
