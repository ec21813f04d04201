#!/usr/bin/env python3
"""Times going back over tree and Python environment against git and sha256sum, and prints ratios.

    cargo build --release && python3 benches/environment.py [--files 2000] [--packages 1500]

Makes its own repository and an environment of as many files in a temporary folder. A stand-in for
`uv` installs, so that nothing but vit is timed; needs git, coreutils and nothing from the network.
"""

import argparse
import os
import pathlib
import shutil
import sys
import tempfile

from commands import VIT, Bench, line, pairs

INSTALLER = """#!/bin/sh
[ "$1" = --version ] && { echo "uv 0.0.0"; exit 0; }
folder=%s/lib/python3/site-packages/package_1
for n in 1 2 3 4 5; do echo "# changed" > "$folder/new.$n" && mv "$folder/new.$n" "$folder/module_$n.py"; done
"""


class Installation(Bench):
    """The Core of the other benchmark with an environment beside it, which an upgrade changes."""

    def __init__(self, root, files, packages):
        self.environment = root / "installation" / ".venv"
        super().__init__(root, files)
        self.env["PATH"] = f"{root / 'tools'}:{self.env['PATH']}"
        self.make_environment(packages)
        tools = root / "tools"
        tools.mkdir()
        (tools / "uv").write_text(INSTALLER % f"'{self.environment}'")
        (tools / "uv").chmod(0o755)

    def release(self, version, mark, files):
        """The same release with a requirement that changes, and the environment ignored."""
        out = super().release(version, mark, files)
        need = b"dependency==%s\n" % version.encode()
        ignore = b"/domains/\n/.venv/\n"
        extra = b"M 100644 inline requirements.txt\ndata %d\n%s\n" % (len(need), need)
        extra += b"M 100644 inline .gitignore\ndata %d\n%s\n" % (len(ignore), ignore)
        at = out.index(b"\nreset refs/tags/")
        return out[:at] + extra + out[at:]

    def make_environment(self, packages):
        """About 17 KiB a file, a few of them large, as site-packages are."""
        site = self.environment / "lib" / "python3" / "site-packages"
        for n in range(packages):
            folder = site / f"package_{n // 30 + 1}"
            folder.mkdir(parents=True, exist_ok=True)
            size = 200 + (n * 7919) % 34000
            (folder / f"module_{n % 30}.py").write_bytes((b"x = %d\n" % n) * (size // 7))
        (self.environment / "bin").mkdir()
        (self.environment / "bin" / "python").symlink_to(shutil.which("python3"))
        (self.environment / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.11.0\n")

    def settle(self):
        """Waits for the disk: a tree that is gone back from has stood there for a while. To replace
        files that were never written out costs a third of what it costs otherwise."""
        self.run("sync", "-f", str(self.site))

    def verify_bare(self):
        """Every tracked file and every file of the environment, hashed on all cores."""
        both = f"(git ls-files -z; find '{self.environment}' -type f -print0)"
        return self.run("sh", "-c", f"{both} | xargs -0 -P{os.cpu_count()} -n 200 sha256sum > /dev/null")


def rollback(bench, rounds):
    """vit rollback (smoke test, snapshot and proof included) against a reset and hashing it all."""

    def ours():
        bench.vit("upgrade", "--target", "1.1.0", "--yes", "--quiet", "--offline", "--retry-quarantined", "bench")
        bench.settle()
        return bench.vit("rollback", "--yes", "--quiet")

    def bare():
        bench.git("checkout", "-q", "--detach", "v1.1.0")
        bench.settle()
        elapsed = bench.git("reset", "-q", "--hard", "v1.0.0") + bench.verify_bare()
        return elapsed

    return pairs(rounds, ours, bare)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--files", type=int, default=2000)
    arguments.add_argument("--packages", type=int, default=1500)
    arguments.add_argument("--rounds", type=int, default=9)
    options = arguments.parse_args()
    if not VIT.exists():
        sys.exit("build it first: cargo build --release")
    root = pathlib.Path(tempfile.mkdtemp(prefix="vit-bench-"))
    try:
        bench = Installation(root, options.files, options.packages)
        bench.vit("update")
        print(f"{options.files} files, environment of {options.packages}, {os.cpu_count()} cores")
        line("vit rollback : git reset --hard + sha256sum", *rollback(bench, options.rounds), "2")
    finally:
        print(root) if os.environ.get("VIT_BENCH_KEEP") else shutil.rmtree(root)


if __name__ == "__main__":
    main()
