"""A Drive that outlives the machine: the folder /google-drive. Without it, the student declined."""

import os

from . import _message


def mount(mountpoint, force_remount=False):
    """Make `mountpoint`/MyDrive; MessageError as Colab raises it where permission is not given."""
    if not os.path.isdir("/google-drive"):
        raise _message.MessageError("Error: credential propagation was unsuccessful")
    os.makedirs(mountpoint, exist_ok=True)
    if not os.path.lexists(f"{mountpoint}/MyDrive"):
        os.symlink("/google-drive", f"{mountpoint}/MyDrive")
    print(f"Mounted at {mountpoint}")
