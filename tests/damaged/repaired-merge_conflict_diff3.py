"""git wrote the common ancestor as well (`merge.conflictStyle = diff3`)."""

SAYS = 'merge'


def damage(notebook):
    text = json.dumps(notebook, ensure_ascii=False, indent=1)
    ours = '   "execution_count": null,'
    marks = f"<<<<<<< HEAD\n{ours}\n||||||| merged common ancestors\n   \"execution_count\": 2,\n=======\n   \"execution_count\": 3,\n>>>>>>> main"
    return text.replace(ours, marks, 3).encode()
