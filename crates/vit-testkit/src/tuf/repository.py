"""Builds a repository of The Update Framework with python-tuf, and lets it go wrong.

    repository.py OUT CONTENT STEP...

OUT/0 is a good repository of the files in the folder CONTENT; OUT/1, OUT/2 ... are what a server
shows after each STEP. Each is a folder to serve: the targets, and the signed metadata under
`metadata/`. Steps are words, with arguments after colons; the functions below are their list.
"""

import hashlib
import json
import os
import shutil
import sys
from datetime import datetime, timezone

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization.json import JSONSerializer

GOOD_UNTIL = datetime(2027, 6, 1, tzinfo=timezone.utc)
SOON = datetime(2026, 12, 1, tzinfo=timezone.utc)
PAST = datetime(2026, 1, 1, tzinfo=timezone.utc)
THRESHOLDS = {"root": 2, "targets": 2, "snapshot": 1, "timestamp": 1}
ONLINE = ("snapshot", "timestamp")


def signer(name):
    """A key that is the same in every run; those named `p256-` are of another kind."""
    if name.startswith("p256-"):
        number = int.from_bytes(hashlib.sha256(name.encode()).digest(), "big") >> 8
        return CryptoSigner(ec.derive_private_key(number, ec.SECP256R1()))
    seed = hashlib.sha256(name.encode()).digest()
    return CryptoSigner(Ed25519PrivateKey.from_private_bytes(seed))


class Repository:
    def __init__(self, content):
        self.content = content
        self.written = {}
        self.prefixes = {}
        self.delegated = {}
        self.signers = {
            "root": [signer("root-a"), signer("p256-root-b")],
            "targets": [signer("targets-a"), signer("targets-b")],
            "snapshot": [signer("snapshot-a")],
            "timestamp": [signer("timestamp-a")],
        }
        root = Root(expires=GOOD_UNTIL, consistent_snapshot=True)
        for role, signers in self.signers.items():
            for one in signers:
                root.add_key(one.public_key, role)
            root.roles[role].threshold = THRESHOLDS[role]
        self.root = Metadata(root)
        self.targets = Metadata(Targets(expires=GOOD_UNTIL))
        self.snapshot = Metadata(Snapshot(expires=GOOD_UNTIL))
        self.timestamp = Metadata(Timestamp(expires=GOOD_UNTIL))
        self.list_targets()
        self.sign_root(self.signers["root"])
        self.sign_rest()

    # -- what is signed

    def put(self, name, metadata):
        data = metadata.to_bytes(JSONSerializer(compact=False))
        self.written[name] = data
        return data

    def sign(self, metadata, signers):
        metadata.signatures.clear()
        for one in signers:
            metadata.sign(one, append=True)

    def sign_root(self, signers):
        self.sign(self.root, signers)
        self.put(f"{self.root.signed.version}.root.json", self.root)

    def sign_rest(self, signers=None):
        """Signs targets, snapshot and timestamp, each naming the one before."""
        signers = {**self.signers, **(signers or {})}
        version = self.targets.signed.version
        self.sign(self.targets, signers["targets"])
        data = self.put(f"{version}.targets.json", self.targets)
        meta = self.snapshot.signed.meta
        meta["targets.json"] = MetaFile.from_data(version, data, ["sha256"])
        for name, (role, key) in self.delegated.items():
            self.sign(role, [key])
            data = self.put(f"{role.signed.version}.{name}.json", role)
            meta[f"{name}.json"] = MetaFile.from_data(role.signed.version, data, ["sha256"])
        version = self.snapshot.signed.version
        self.sign(self.snapshot, signers["snapshot"])
        data = self.put(f"{version}.snapshot.json", self.snapshot)
        self.timestamp.signed.snapshot_meta = MetaFile.from_data(version, data, ["sha256"])
        self.sign(self.timestamp, signers["timestamp"])
        self.put("timestamp.json", self.timestamp)

    def files(self):
        for folder, _, names in os.walk(self.content):
            for name in sorted(names):
                path = os.path.join(folder, name)
                yield os.path.relpath(path, self.content).replace(os.sep, "/"), path

    def list_targets(self):
        listed = {p: TargetFile.from_file(p, path, ["sha256"]) for p, path in self.files()}
        self.targets.signed.targets = listed

    def bump(self, roles=("targets", "snapshot", "timestamp")):
        for role in roles:
            getattr(self, role).signed.version += 1

    def roles_of(self, word):
        return {"root": self.root, "targets": self.targets}.get(word) or getattr(self, word)

    # -- steps: each is what a server shows next

    def same(self):
        """Nothing changes."""

    def content_of(self, folder):
        """Another content, signed as it must be."""
        self.content = folder
        self.list_targets()
        self.bump()
        self.sign_rest()

    def again(self):
        """Everything is signed anew."""
        self.bump()
        self.sign_rest()

    def until_soon(self):
        """The timestamp is good for a few days only."""
        self.timestamp.signed.expires = SOON
        self.bump(("timestamp",))
        self.sign_rest()

    def expired(self, role):
        """A role that has expired, signed by the right keys."""
        metadata = self.roles_of(role)
        metadata.signed.expires = PAST
        if role == "root":
            self.root.signed.version += 1
            self.sign_root(self.signers["root"])
        else:
            self.bump()
            self.sign_rest()

    def one_key(self, role):
        """Fewer signatures than the threshold asks for."""
        if role == "root":
            self.root.signed.version += 1
            self.sign_root(self.signers["root"][:1])
            return
        self.bump()
        self.sign_rest({role: self.signers[role][:1]})

    def twice_the_same_key(self, role):
        """The threshold is met by one key that signs twice."""
        self.bump()
        self.sign_rest({role: self.signers[role][:1] * 2})
        name = f"{self.targets.signed.version}.targets.json"
        data = json.loads(self.written[name])
        data["signatures"] = data["signatures"][:1] * 2
        self.written[name] = json.dumps(data).encode()
        self.snapshot.signed.meta["targets.json"] = MetaFile.from_data(
            self.targets.signed.version, self.written[name], ["sha256"]
        )
        version = self.snapshot.signed.version
        self.sign(self.snapshot, self.signers["snapshot"])
        data = self.put(f"{version}.snapshot.json", self.snapshot)
        self.timestamp.signed.snapshot_meta = MetaFile.from_data(version, data, ["sha256"])
        self.sign(self.timestamp, self.signers["timestamp"])
        self.put("timestamp.json", self.timestamp)

    def wrong_key(self, role):
        """A role signed by keys that the root does not name."""
        strangers = [signer(f"stranger-{role}-{n}") for n in range(THRESHOLDS[role])]
        if role == "root":
            self.root.signed.version += 1
            self.sign_root(strangers)
            return
        self.bump()
        self.sign_rest({role: strangers})

    def rotate(self, *roles):
        """A new root, in which these roles have other keys; signed by the old keys and the new."""
        old = self.signers["root"]
        for role in roles:
            kind = "p256-" if role == "targets" else ""
            generation = f"{kind}{role}-{self.root.signed.version}"
            fresh = [signer(f"{generation}-{n}") for n in range(THRESHOLDS[role])]
            for one in self.signers[role]:
                self.root.signed.revoke_key(one.public_key.keyid, role)
            for one in fresh:
                self.root.signed.add_key(one.public_key, role)
            self.signers[role] = fresh
        self.root.signed.version += 1
        both = list({s.public_key.keyid: s for s in old + self.signers["root"]}.values())
        self.sign_root(both)
        self.bump()
        self.sign_rest()

    def usurp(self):
        """A new root with new root keys that only those new keys have signed."""
        fresh = [signer("usurper-0"), signer("usurper-1")]
        for one in self.signers["root"]:
            self.root.signed.revoke_key(one.public_key.keyid, "root")
        for one in fresh:
            self.root.signed.add_key(one.public_key, "root")
        self.root.signed.version += 1
        self.sign_root(fresh)
        self.bump()
        self.sign_rest()

    def fast_forward(self):
        """Stolen online keys have signed the highest versions there are."""
        kept = [getattr(self, role).signed.version for role in ONLINE]
        for role in ONLINE:
            getattr(self, role).signed.version = 2**31 - 1
        self.sign_rest()
        for role, version in zip(ONLINE, kept):
            getattr(self, role).signed.version = version

    def delegate(self, pattern, listed):
        """A partner may sign what matches a pattern, and signs `listed` whatever it matches."""
        key = signer("partner")
        role = DelegatedRole("partner", [key.public_key.keyid], 1, False, paths=[pattern])
        self.targets.signed.delegations = Delegations(
            {key.public_key.keyid: key.public_key}, {"partner": role}
        )
        given = self.targets.signed.targets.pop(listed)
        partner = Targets(expires=GOOD_UNTIL, targets={listed: given})
        self.delegated["partner"] = (Metadata(partner), key)
        self.bump()
        self.sign_rest()

    def forget(self, path):
        """The targets no longer list a file that is still served."""
        self.targets.signed.targets.pop(path)
        self.bump()
        self.sign_rest()

    def plain_names(self):
        """Without consistent snapshots: names without versions and hashes."""
        self.root.signed.consistent_snapshot = False
        self.root.signed.version += 1
        self.sign_root(self.signers["root"])
        self.bump()
        self.sign_rest()

    # -- writing

    def write(self, folder):
        metadata = os.path.join(folder, "metadata")
        os.makedirs(metadata)
        for name, data in self.written.items():
            with open(os.path.join(metadata, name), "wb") as out:
                out.write(data)
            plain = name.split(".", 1)[1]
            if name[0].isdigit() and not plain.startswith("root"):
                with open(os.path.join(metadata, plain), "wb") as out:
                    out.write(data)
        for path, source in self.files():
            at = os.path.join(folder, path)
            os.makedirs(os.path.dirname(at), exist_ok=True)
            shutil.copyfile(source, at)
            with open(source, "rb") as file:
                digest = hashlib.sha256(file.read()).hexdigest()
            name = f"{digest}.{os.path.basename(path)}"
            shutil.copyfile(source, os.path.join(os.path.dirname(at), name))


def main():
    out, content, *steps = sys.argv[1:]
    repository = Repository(content)
    repository.write(os.path.join(out, "0"))
    for number, step in enumerate(steps, start=1):
        word, *arguments = step.split(":")
        getattr(repository, word)(*arguments)
        repository.write(os.path.join(out, str(number)))


main()
