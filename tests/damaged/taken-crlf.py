"""Line ends of Windows, in the file and in the cells."""


def damage(notebook):
    for cell in notebook["cells"]:
        cell["source"] = [line + "\r\n" for line in cell["source"].split("\n")]
    return json.dumps(notebook, indent=1).replace("\n", "\r\n").encode()
