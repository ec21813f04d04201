"""A build backend that needs nothing: pyproject.toml with one line each for name, version and
dependencies; every folder with an __init__.py is a package."""
import ast, base64, hashlib, pathlib, re, zipfile

HERE = pathlib.Path.cwd()


def _value(key):
    text = (HERE / "pyproject.toml").read_text()
    found = re.search(rf"^{key} = (.*)$", text, re.MULTILINE)
    return ast.literal_eval(found.group(1)) if found else []


def _build(folder, files):
    name, version = _value("name"), _value("version")
    stem = f"{name.replace('-', '_')}-{version}"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {text}\n" for text in _value("dependencies"))
    files[f"{stem}.dist-info/METADATA"] = metadata.encode()
    files[f"{stem}.dist-info/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    record = ""
    for path, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(data)}\n"
    files[f"{stem}.dist-info/RECORD"] = (record + f"{stem}.dist-info/RECORD,,\n").encode()
    target = f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(folder) / target, "w") as archive:
        for path, data in files.items():
            archive.writestr(zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0)), data)
    return target


def build_wheel(folder, config_settings=None, metadata_directory=None):
    files = {}
    for init in HERE.glob("*/__init__.py"):
        for path in init.parent.rglob("*.py"):
            files[path.relative_to(HERE).as_posix()] = path.read_bytes()
    return _build(folder, files)


def build_editable(folder, config_settings=None, metadata_directory=None):
    pth = f"__editable__.{_value('name')}.pth"
    return _build(folder, {pth: f"{HERE}\n".encode()})
