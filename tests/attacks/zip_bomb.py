# tries: packs 2 GB of zeros into 2 MB, as notebook, as data and as a zip in the zip
# gain: a full disk or no memory
# verdict: unreadable
# only: ours

# %% zip
import io, zipfile
def pack(notebook):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in ("seminar4.ipynb", "weights.safetensors"):
            with archive.open(name, "w", force_zip64=True) as member:
                for _ in range(64):
                    member.write(bytes(2**24))
    return buffer.getvalue()
