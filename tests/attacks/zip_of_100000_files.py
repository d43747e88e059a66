# tries: packs 100,000 files
# gain: a file system without room, or minutes of unpacking
# verdict: unreadable
# only: ours

# %% zip
import io, zipfile
def pack(notebook):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("seminar4.ipynb", notebook)
        for number in range(100_000):
            archive.writestr(f"f{number}.csv", b"")
    return buffer.getvalue()
