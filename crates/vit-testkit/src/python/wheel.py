"""Writes a wheel into the folder of the first argument; described by JSON on standard input."""
import base64, hashlib, json, pathlib, sys, zipfile

wheel = json.load(sys.stdin)
name = wheel["name"].replace("-", "_")
info = f"{name}-{wheel['version']}.dist-info"
metadata = f"Metadata-Version: 2.1\nName: {wheel['name']}\nVersion: {wheel['version']}\n"
metadata += "".join(f"Requires-Dist: {text}\n" for text in wheel["requires"])
files = dict(map(tuple, wheel["files"]))
files[f"{info}/METADATA"] = metadata
files[f"{info}/WHEEL"] = (
    "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
)
record = ""
for path, text in files.items():
    digest = hashlib.sha256(text.encode()).digest()
    digest = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    record += f"{path},sha256={digest},{len(text.encode())}\n"
files[f"{info}/RECORD"] = record + f"{info}/RECORD,,\n"
target = f"{name}-{wheel['version']}-py3-none-any.whl"
with zipfile.ZipFile(pathlib.Path(sys.argv[1]) / target, "w") as archive:
    for path, text in files.items():
        archive.writestr(zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0)), text)
print(target)
