#!/usr/bin/env python3
"""Counts requests and times `vit update` against a GitHub API with an injected latency.

    cargo build --release && python3 benches/registry.py [--releases 1000] [--latency 50] [--rounds 5]
    VIT_BENCH_PROGRAM=target/debug/vit python3 benches/registry.py --clock

Makes its own server on loopback, repositories in a temporary folder; needs git and nothing from
the network. Each round begins without anything kept. The bare side asks for the same pages, one
after the other, each over a connection of its own, as a script with `curl` would.
"""

import argparse
import hashlib
import http.client
import http.server
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent.parent
VIT = pathlib.Path(os.environ.get("VIT_BENCH_PROGRAM", HERE / "target" / "release" / "vit"))
BASE = "/api/v3"
REPOSITORY = "/repos/vitruvyan/vitruvyan-core"


def metadata(version):
    return json.dumps(
        {
            "version": version,
            "release_date": "2026-02-19T16:45:00Z",
            "channel": "stable",
            "contracts_version": "1.0.0",
            "changes": {"breaking": [], "features": ["x"], "fixes": [], "deprecated": []},
        }
    ).encode()


class Server:
    """The endpoints that a client of releases uses; every answer comes after the latency."""

    def __init__(self, versions, latency):
        self.asked = []
        bench = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                bench.asked.append(self.path)
                time.sleep(latency)
                bench.answer(self)

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.host = "127.0.0.1:%d" % self.http.server_address[1]
        self.url = "http://" + self.host + BASE
        self.releases = [self.release(n, v) for n, v in enumerate(versions)]
        self.releases.reverse()
        self.versions = versions
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def release(self, number, version):
        body = metadata(version)
        notes = "A change that is described at some length.\n" * 30
        asset = {
            "id": number,
            "url": f"{self.url}{REPOSITORY}/releases/assets/{number}",
            "name": "release_metadata.json",
            "state": "uploaded",
            "size": len(body),
            "digest": "sha256:" + hashlib.sha256(body).hexdigest(),
        }
        return {
            "id": number, "tag_name": "v" + version, "draft": False, "prerelease": False,
            "author": {"login": "core"}, "body": notes, "assets": [asset],
        }  # fmt: skip

    def answer(self, request):
        path, _, query = request.path.partition("?")
        headers, status = {}, 200
        if "/releases/assets/" in path:
            body = metadata(self.versions[int(path.rsplit("/", 1)[1])])
        else:
            pairs = dict(urllib.parse.parse_qsl(query))
            page, last = int(pairs.get("page", 1)), -(-len(self.releases) // 100)
            body = json.dumps(self.releases[(page - 1) * 100 : page * 100]).encode()
            headers["ETag"] = '"%s"' % hashlib.sha256(body).hexdigest()
            if page < last:
                link = f'<{self.url}/repositories/1/releases?per_page=100&page=%d>; rel="%s"'
                headers["Link"] = ", ".join([link % (page + 1, "next"), link % (last, "last")])
            if request.headers.get("If-None-Match") == headers["ETag"]:
                status, body = 304, b""
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)


class Bench:
    """A Core with many tags on few commits, and an installation of the last but one."""

    def __init__(self, root, versions, latency):
        self.root, self.server = root, Server(versions, latency)
        self.env = {
            "PATH": os.environ["PATH"], "HOME": str(root), "LANG": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1", "GITHUB_API_URL": self.server.url,
        }  # fmt: skip
        self.origin, self.site = root / "core.git", root / "installation"
        self.git(root, "init", "-q", "--bare", "-b", "main", str(self.origin))
        stream = b"".join(self.commit(n + 1, v) for n, v in enumerate(versions))
        subprocess.run(["git", "fast-import", "--quiet"], input=stream, check=True, cwd=self.origin, env=self.env)
        self.git(self.origin, "pack-refs", "--all")
        tag = "v" + versions[-2]
        self.git(root, "-c", "advice.detachedHead=false", "clone", "-q", "--single-branch", "--no-tags", "-b", tag, str(self.origin), str(self.site))
        url = f"http://{self.server.host}/vitruvyan/vitruvyan-core.git"
        self.git(self.site, "remote", "set-url", "origin", url)
        self.git(self.site, "config", "--global", f"url.{self.origin}.insteadOf", url)

    def commit(self, mark, version):
        name = version.encode()
        out = [b"commit refs/heads/main\nmark :%d\n" % mark]
        out.append(b"committer Core <core@example.org> %d +0000\ndata 1\nr\n" % (1700000000 + mark))
        if mark > 1:
            out.append(b"from :%d\n" % (mark - 1))
        body = b'__version__ = "%s"\n' % name
        out.append(b"M 100644 inline vitruvyan_core/__init__.py\ndata %d\n%s\n" % (len(body), body))
        out.append(b"\nreset refs/tags/v%s\nfrom :%d\n\n" % (name, mark))
        return b"".join(out)

    def git(self, cwd, *args):
        subprocess.run(["git", *args], check=True, cwd=cwd, env=self.env, stdout=subprocess.DEVNULL)

    def forget(self):
        shutil.rmtree(self.root / ".cache", ignore_errors=True)
        shutil.rmtree(self.site / ".git" / "vit", ignore_errors=True)

    def update(self, *args, now="2026-03-01T08:00:00Z"):
        """Seconds and requests of one `vit update`."""
        self.server.asked.clear()
        started = time.perf_counter()
        done = subprocess.run(
            [VIT, "update", "--json", *args], cwd=self.site, env={**self.env, "VIT_TEST_NOW": now},
            capture_output=True,
        )  # fmt: skip
        elapsed = time.perf_counter() - started
        report = json.loads(done.stdout or "{}")
        if report.get("source", {}).get("kind") != "github":
            sys.exit(f"vit update ended with {done.returncode}: {done.stdout.decode()}{done.stderr.decode()}")
        return elapsed, len(self.server.asked)

    def bare(self):
        """The same pages, one by one, each over a connection of its own."""
        started = time.perf_counter()
        for page in range(1, -(-len(self.server.releases) // 100) + 1):
            connection = http.client.HTTPConnection(self.server.host)
            connection.request("GET", f"{BASE}{REPOSITORY}/releases?per_page=100&page={page}")
            json.loads(connection.getresponse().read())
            connection.close()
        return time.perf_counter() - started


def median(values):
    return statistics.median(values)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--releases", type=int, default=1000)
    parser.add_argument("--latency", type=float, default=50, help="milliseconds")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clock", action="store_true", help="the program is a debug build, which believes VIT_TEST_NOW")
    options = parser.parse_args()
    versions = [f"1.{n}.0" for n in range(options.releases)]
    with tempfile.TemporaryDirectory(prefix="vit-bench-") as folder:
        bench = Bench(pathlib.Path(folder), versions, options.latency / 1000)
        cold, warm, bare = [], [], []
        for _ in range(options.rounds):
            bench.forget()
            cold.append(bench.update())
            bare.append(bench.bare())
            warm.append(bench.update())
        print(f"{options.releases} releases, {options.latency:.0f} ms latency, medians of {options.rounds}")
        show = "{:<36} {:8.1f} ms  {:4d} requests"
        seconds, requests = median(t for t, _ in cold), cold[0][1]
        print(show.format("vit update, nothing kept", seconds * 1e3, requests))
        print(f"{'the same pages one by one':<36} {median(bare) * 1e3:8.1f} ms   {seconds / median(bare):5.2f} x")
        print(show.format("vit update again", median(t for t, _ in warm) * 1e3, warm[0][1]))
        if options.clock:
            elapsed, requests = bench.update(now="2026-03-01T08:30:00Z")
            print(show.format("vit update half an hour later", elapsed * 1e3, requests))


main()
