#!/usr/bin/env python3
"""Times whole commands of vit against the bare tools, pair by pair, and prints ratios.

    cargo build --release && python3 benches/commands.py [--files 2000] [--rounds 15]

Makes its own repositories in a temporary folder; needs git and nothing from the network.
Each round runs A and B one after the other; the ratio is that of the medians.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent.parent
VIT = HERE / "target" / "release" / "vit"


def environment(home):
    """Only what git and vit need, so that no user configuration has a say."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1"}


class Bench:
    """A Core with two releases of many files, cloned into an installation with one vertical."""

    def __init__(self, root, files):
        self.env = environment(root)
        self.origin, self.site = root / "core.git", root / "installation"
        git = ["git", "init", "-q", "--bare", "-b", "main", str(self.origin)]
        subprocess.run(git, check=True, env=self.env)
        stream = b"".join(self.release(v, mark, files) for v, mark in [("1.0.0", 1), ("1.1.0", 2)])
        subprocess.run(["git", "fast-import", "--quiet"], input=stream, check=True, cwd=self.origin, env=self.env)
        subprocess.run(["git", "clone", "-q", str(self.origin), str(self.site)], check=True, env=self.env)
        self.git("checkout", "-q", "v1.0.0")
        self.vertical()

    def release(self, version, mark, files):
        """One commit: half of the files differ from release to release."""
        name = version.encode()
        metadata = (
            b'{"version": "%s", "release_date": "2026-02-19T16:45:00Z", "channel": "stable", '
            b'"contracts_version": "1.0.0", "changes": {"breaking": [], "features": ["x"], '
            b'"fixes": [], "deprecated": []}}' % name
        )
        blobs = {
            b"release_metadata.json": metadata,
            b"contracts/__init__.py": b"class GraphPlugin: pass\n",
            b"vitruvyan_core/__init__.py": b'__version__ = "%s"\n' % name,
            b".gitignore": b"/domains/\n",
        }
        for n in range(files):
            body = b"# module %d of %s\n" % (n, name if n % 2 else b"all releases")
            body += b"".join(b"def function_%d(x):\n    return x + %d\n" % (i, i * n) for i in range(30))
            blobs[b"vitruvyan_core/package_%02d/module_%d.py" % (n % 50, n)] = body
        out = [b"commit refs/heads/main\nmark :%d\n" % mark]
        out.append(b"committer Core <core@example.org> %d +0000\ndata 7\nrelease\n" % (1700000000 + mark))
        if mark > 1:
            out.append(b"from :%d\n" % (mark - 1))
        for path, data in blobs.items():
            out.append(b"M 100644 inline %s\ndata %d\n%s\n" % (path, len(data), data))
        out.append(b"\nreset refs/tags/v%s\nfrom :%d\n\n" % (name, mark))
        return b"".join(out)

    def vertical(self):
        folder = self.site / "domains" / "finance"
        (folder / "smoke_tests").mkdir(parents=True)
        (folder / "vertical_manifest.yaml").write_text(
            'domain_name: finance\ndomain_version: "0.1.0"\nstatus: active\ncompatibility:\n'
            '  min_core_version: "1.0.0"\n  max_core_version: "1.x.x"\n  contracts_major: 1\n'
            "  update_channel: stable\nownership: {team: a, tech_lead: b, contact: a@example.org}\n"
        )
        script = folder / "smoke_tests" / "run.sh"
        script.write_text("#!/bin/sh\nexit 0\n")
        script.chmod(0o755)

    def run(self, *command):
        started = time.perf_counter()
        done = subprocess.run(command, cwd=self.site, env=self.env, capture_output=True)
        elapsed = time.perf_counter() - started
        if done.returncode:
            sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}: {done.stderr.decode()}")
        return elapsed

    def peak(self, *args):
        """The largest resident set of vit and of what it ran, in MiB."""
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen([VIT, *args], cwd=self.site, env=self.env, **quiet)
        _, _, usage = os.wait4(process.pid, 0)
        return usage.ru_maxrss / 1024

    def git(self, *args):
        return self.run("git", *args)

    def vit(self, *args):
        return self.run(VIT, *args)


def pairs(rounds, a, b):
    """Medians of A and of B, run in turn after one round that does not count."""
    times = [(a(), b()) for _ in range(rounds + 1)][1:]
    return statistics.median(t[0] for t in times), statistics.median(t[1] for t in times)


def line(name, ours, bare, bound):
    print(f"{name:<44} {ours * 1e3:8.1f} ms {bare * 1e3:8.1f} ms   {ours / bare:5.2f} x   (bound {bound})")


def upgrade(bench, rounds):
    """vit upgrade against a bare checkout and tag; both come back by a checkout that is not timed."""
    count = iter(range(10**6))

    def back():
        bench.git("checkout", "-q", "--force", "v1.0.0")

    def ours():
        elapsed = bench.vit("upgrade", "--target", "1.1.0", "--yes", "--quiet", "--offline")
        back()
        return elapsed

    def bare():
        elapsed = bench.git("tag", f"bench-{next(count)}") + bench.git("checkout", "-q", "v1.1.0")
        back()
        return elapsed

    return pairs(rounds, ours, bare)


def rehearsal(bench, rounds):
    """vit plan --rehearse (its smoke test does nothing) against git worktree add and remove."""
    folder = bench.site.parent / "worktree"

    def bare():
        elapsed = bench.git("worktree", "add", "-q", "--detach", str(folder), "v1.1.0")
        return elapsed + bench.git("worktree", "remove", "--force", str(folder))

    return pairs(rounds, lambda: bench.vit("plan", "--rehearse", "--target", "1.1.0", "--quiet", "--offline"), bare)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--files", type=int, default=2000)
    arguments.add_argument("--rounds", type=int, default=15)
    options = arguments.parse_args()
    if not VIT.exists():
        sys.exit("build it first: cargo build --release")
    root = pathlib.Path(tempfile.mkdtemp(prefix="vit-bench-"))
    try:
        bench = Bench(root, options.files)
        bench.vit("update")
        print(f"{options.files} files, {options.rounds} rounds, {os.cpu_count()} cores")
        print(f"{'':<44} {'vit':>11} {'bare':>11}   ratio")
        line("vit status : git status", *pairs(options.rounds, lambda: bench.vit("status"), lambda: bench.git("status")), "3")
        line("vit upgrade : git tag + git checkout", *upgrade(bench, options.rounds), "2")
        line("vit plan --rehearse : git worktree add + remove", *rehearsal(bench, options.rounds), "+ 1 s")
        start = pairs(options.rounds, lambda: bench.vit("--version"), lambda: bench.run("true"))
        line("vit --version : true", *start, "10 ms")
        print(f"peak memory of vit status, its git included: {bench.peak('status'):.1f} MiB (bound 30 MiB)")
        print(f"size of the program: {VIT.stat().st_size / 1e6:.1f} MB (bound 12 MB)")
    finally:
        print(root) if os.environ.get("VIT_BENCH_KEEP") else shutil.rmtree(root)


if __name__ == "__main__":
    main()
