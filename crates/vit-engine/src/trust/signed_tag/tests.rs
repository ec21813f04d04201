#![expect(
    clippy::disallowed_methods,
    reason = "a test's own keys and files, in a temporary folder"
)]

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use vit_testkit::tools::need;

use super::*;
use crate::environment::Environment;
use crate::registry::tests::{World, find, metadata_of, publish};

/// An installation with ssh keys: `team` is trusted, `eve` is not.
struct Signed {
    world: World,
    keys: PathBuf,
}

impl Signed {
    fn new() -> Self {
        let world = World::new();
        let keys = world.here.beside("keys");
        std::fs::create_dir(&keys).unwrap();
        for name in ["team", "eve"] {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
                .arg(keys.join(name))
                .status()
                .unwrap();
            assert!(made.success());
        }
        let mut signed = Self { world, keys };
        signed.allow("allowed", "team", "");
        let allowed = signed.keys.join("allowed").to_str().unwrap().to_owned();
        signed.trust(true, Some(&allowed));
        signed
    }

    fn trust(&mut self, required: bool, allowed: Option<&str>) {
        let trust = &mut self.world.site.settings.trust;
        trust.require_signed_tags = required;
        trust.allowed_signers = allowed.map(str::to_owned);
    }

    fn line(&self, key: &str, options: &str) -> String {
        let public = std::fs::read_to_string(self.keys.join(key).with_extension("pub")).unwrap();
        format!("{key}@example.org {options} {public}")
    }

    fn allow(&self, file: &str, key: &str, options: &str) {
        std::fs::write(self.keys.join(file), self.line(key, options)).unwrap();
    }

    /// Publishes a release whose tag `key` signs.
    fn publish(&self, version: &str, key: &str) {
        let core = &self.world.core;
        core.write("release_metadata.json", &metadata_of(version));
        core.commit(version);
        let key = format!("user.signingkey={}", self.keys.join(key).display());
        let tag = format!("v{version}");
        core.run(&[
            "-c",
            "gpg.format=ssh",
            "-c",
            &key,
            "tag",
            "-s",
            "-m",
            "m",
            &tag,
        ]);
    }

    fn look(&self, tag: &str) -> Signature {
        let listing = self.world.list(true).unwrap();
        let release = find(&listing, tag).clone();
        self.world.with(|cx| signature(cx, &release).unwrap())
    }

    fn refused(&self, tag: &str, code: Code, part: &str) {
        let signature = self.look(tag);
        assert_eq!(signature.signed_by, None, "{tag}");
        let problem = &signature.problems[0];
        let told = format!("{problem:?}");
        assert_eq!((problem.code, problem.blocks()), (code, true), "{told}");
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn only_a_tag_that_a_trusted_key_signed_is_good() {
    if !need("ssh-keygen") {
        return;
    }
    let mut signed = Signed::new();
    signed.publish("1.1.0", "team");
    signed.publish("1.2.0", "eve");
    let core = &signed.world.core;
    core.write("release_metadata.json", &metadata_of("1.3.0"));
    core.commit("1.3.0");
    core.run(&["tag", "-a", "-m", "annotated", "v1.3.0"]);
    // The signature of another text.
    let text = core.run(&["cat-file", "tag", "v1.1.0"]);
    let text = text
        .replace("tag v1.1.0", "tag v1.4.0")
        .replace("\nm\n", "\nn\n");
    core.write("tag", &format!("{text}\n"));
    let object = core.run(&["hash-object", "-t", "tag", "-w", "tag"]);
    core.run(&["update-ref", "refs/tags/v1.4.0", &object]);

    let good = signed.look("v1.1.0");
    let by = good.signed_by.unwrap();
    assert_eq!((good.state, good.problems), (State::Good, Vec::new()));
    assert_eq!(
        (by.kind, by.signer.as_str()),
        (SignatureKind::Ssh, "team@example.org")
    );
    assert!(by.key.starts_with("SHA256:"), "{by}");
    signed.refused("v1.0.0", Code::TagUnsigned, "no tag object");
    signed.refused("v1.3.0", Code::TagUnsigned, "bears no signature");
    signed.refused("v1.2.0", Code::TagSignatureBad, "No principal matched");
    signed.refused("v1.4.0", Code::TagSignatureBad, "git says");

    // Where nothing is required, keys that are there only tell.
    let allowed = signed.world.site.settings.trust.allowed_signers.clone();
    signed.trust(false, allowed.as_deref());
    assert_eq!(signed.look("v1.1.0").state, State::Good);
    let eve = signed.look("v1.2.0");
    assert_eq!(eve.state, State::Bad);
    assert!(!eve.problems[0].blocks());
    assert_eq!(signed.look("v1.0.0").problems, []);
    signed.trust(false, None);
    let unknown = signed.look("v1.2.0");
    assert_eq!(
        (unknown.state, unknown.problems),
        (State::NotVerified, Vec::new())
    );
}

#[test]
fn a_key_whose_time_is_over_is_not_trusted() {
    if !need("ssh-keygen") {
        return;
    }
    let signed = Signed::new();
    signed.publish("1.1.0", "team");
    signed.allow("allowed", "team", "valid-before=\"20200101\"");
    signed.refused("v1.1.0", Code::TagSignatureBad, "git says");
}

/// git itself verifies the signature of such a ref.
#[test]
fn case_28_another_releases_signed_tag_is_not_this_ones() {
    if !need("ssh-keygen") {
        return;
    }
    let mut signed = Signed::new();
    signed.publish("1.1.0", "team");
    signed.world.core.run(&["tag", "v9.9.9", "v1.1.0"]);
    for (required, keys) in [(true, true), (false, true), (false, false)] {
        let allowed = signed.keys.join("allowed").to_str().unwrap().to_owned();
        signed.trust(required, keys.then_some(allowed.as_str()));
        assert_eq!(signed.look("v9.9.9").state, State::OtherName);
        signed.refused("v9.9.9", Code::TagNameMismatch, "v1.1.0");
    }
    // A copy of a tag that nobody signed is told of.
    signed.world.core.run(&["tag", "-a", "-m", "x", "v1.2.0"]);
    signed.world.core.run(&["tag", "v1.3.0", "v1.2.0"]);
    let copy = signed.look("v1.3.0");
    assert_eq!(copy.problems[0].code, Code::TagNameMismatch);
    assert!(!copy.problems[0].blocks());
}

#[test]
fn case_28_the_repositorys_configuration_does_not_say_who_verifies() {
    if !need("ssh-keygen") {
        return;
    }
    let signed = Signed::new();
    signed.publish("1.1.0", "eve");
    let here = &signed.world.here;
    let (mark, program) = (here.beside("ran"), here.beside("verify"));
    let says = "Good \\\"git\\\" signature for team@example.org with ED25519 key SHA256:x";
    let script = format!(
        "#!/bin/sh\ntouch '{}'\necho \"{says}\"\nexit 0\n",
        mark.display()
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    signed.allow("eves", "eve", "");
    let program = program.to_str().unwrap();
    for key in [
        "gpg.program",
        "gpg.ssh.program",
        "gpg.openpgp.program",
        "gpg.x509.program",
    ] {
        here.run(&["config", key, program]);
    }
    let eves = signed.keys.join("eves");
    here.run(&[
        "config",
        "gpg.ssh.allowedSignersFile",
        eves.to_str().unwrap(),
    ]);
    here.run(&["config", "gpg.format", "x509"]);
    signed.refused("v1.1.0", Code::TagSignatureBad, "No principal matched");
    assert!(!mark.exists());
}

/// A release cannot bring the key that it is signed with.
#[test]
fn keys_in_the_repository_are_those_of_the_installed_state() {
    if !need("ssh-keygen") {
        return;
    }
    let mut signed = Signed::new();
    let here = &signed.world.here;
    here.write("trust/allowed", &signed.line("team", ""));
    here.commit("keys");
    signed.trust(true, Some("trust/allowed"));
    signed.publish("1.1.0", "team");
    signed.publish("1.2.0", "eve");
    let both = format!("{}{}", signed.line("team", ""), signed.line("eve", ""));
    signed.world.here.write("trust/allowed", &both);
    assert_eq!(signed.look("v1.1.0").state, State::Good);
    signed.refused("v1.2.0", Code::TagSignatureBad, "No principal matched");
    // By way of a link, or gone from the working tree, it is still HEAD's.
    let link = signed.keys.join("link");
    std::os::unix::fs::symlink(signed.world.here.root.join("trust/allowed"), &link).unwrap();
    signed.trust(true, link.to_str());
    signed.refused("v1.2.0", Code::TagSignatureBad, "No principal matched");
    signed.trust(true, Some("trust/allowed"));
    std::fs::remove_file(signed.world.here.root.join("trust/allowed")).unwrap();
    assert_eq!(signed.look("v1.1.0").state, State::Good);
}

#[test]
fn what_is_missing_is_said_with_what_to_do() {
    if !need("ssh-keygen") {
        return;
    }
    let mut signed = Signed::new();
    signed.publish("1.1.0", "team");
    let allowed = signed.world.site.settings.trust.allowed_signers.clone();
    signed.trust(true, Some("nowhere/allowed"));
    signed.refused("v1.1.0", Code::TagSignatureBad, "nowhere/allowed");
    signed.trust(true, None);
    signed.world.site.settings.trust.gpg_home = Some("nowhere".into());
    signed.refused(
        "v1.1.0",
        Code::TagSignatureBad,
        "`allowed_signers` names no keys",
    );
    signed.trust(true, allowed.as_deref());
    // A relative entry of the PATH is the repository's to fill.
    let path = std::ffi::OsString::from("/nowhere:.:bin");
    signed.world.here.environment = Environment::new([("PATH".into(), path)]);
    signed.refused(
        "v1.1.0",
        Code::TagSignatureBad,
        "apt install openssh-client",
    );
}

/// A GnuPG home, and a program that signs with its key at some time.
struct Gpg {
    home: tempfile::TempDir,
}

impl Gpg {
    fn new(time: &str, expires: &str) -> Self {
        let home = tempfile::Builder::new()
            .prefix("vit-gpg-")
            .tempdir_in("/tmp")
            .unwrap();
        let gpg = Self { home };
        let script = format!(
            "#!/bin/sh\nexec gpg --homedir '{}' --batch --faked-system-time {time}! \"$@\"\n",
            gpg.home.path().display()
        );
        std::fs::write(gpg.program(), script).unwrap();
        std::fs::set_permissions(gpg.program(), PermissionsExt::from_mode(0o755)).unwrap();
        let made = Command::new(gpg.program())
            .args(["--quiet", "--pinentry-mode", "loopback", "--passphrase", ""])
            .args([
                "--quick-gen-key",
                "Core <core@example.org>",
                "ed25519",
                "sign",
                expires,
            ])
            .output()
            .unwrap();
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        gpg
    }

    fn program(&self) -> PathBuf {
        self.home.path().join("sign")
    }

    fn publish(&self, world: &World, version: &str) {
        publish(&world.core, version);
        let tag = format!("v{version}");
        let program = format!("gpg.program={}", self.program().display());
        let sign = [
            "-c",
            &program,
            "tag",
            "-f",
            "-s",
            "-u",
            "core@example.org",
            "-m",
            "m",
            &tag,
        ];
        world.core.run(&sign);
    }

    /// A home that has only the public key.
    fn public(&self) -> tempfile::TempDir {
        let public = tempfile::Builder::new()
            .prefix("vit-gpg-")
            .tempdir_in("/tmp")
            .unwrap();
        let exported = Command::new(self.program())
            .arg("--export")
            .output()
            .unwrap();
        std::fs::write(public.path().join("key"), exported.stdout).unwrap();
        let imported = Command::new("gpg")
            .args(["--quiet", "--batch", "--no-autostart", "--homedir"])
            .arg(public.path())
            .arg("--import")
            .arg(public.path().join("key"))
            .output()
            .unwrap();
        assert!(
            imported.status.success(),
            "{}",
            String::from_utf8_lossy(&imported.stderr)
        );
        public
    }
}

impl Drop for Gpg {
    fn drop(&mut self) {
        let _ = Command::new("gpgconf")
            .arg("--homedir")
            .arg(self.home.path())
            .args(["--kill", "all"])
            .output();
    }
}

#[test]
fn openpgp_keys_of_the_named_home_count() {
    if !need("gpg") || !need("ssh-keygen") {
        return;
    }
    let mut signed = Signed::new();
    let team = Gpg::new("20260101T000000", "0");
    let (home, empty) = (team.public(), tempfile::tempdir().unwrap());
    team.publish(&signed.world, "1.1.0");
    let home_is = |signed: &mut Signed, path: &Path| {
        signed.world.site.settings.trust.gpg_home = path.to_str().map(str::to_owned);
    };
    signed.refused("v1.1.0", Code::TagSignatureBad, "`gpg_home` names no keys");
    home_is(&mut signed, home.path());
    let good = signed.look("v1.1.0");
    let by = good
        .signed_by
        .unwrap_or_else(|| panic!("{:?}", good.problems));
    assert_eq!(
        (by.kind, by.signer.as_str()),
        (SignatureKind::Openpgp, "Core <core@example.org>")
    );
    assert_eq!(by.key.len(), 40, "{by}");
    home_is(&mut signed, empty.path());
    signed.refused("v1.1.0", Code::TagSignatureBad, "NO_PUBKEY");
    // One whose time is over.
    let old = Gpg::new("20200101T000000", "30d");
    let home = old.public();
    old.publish(&signed.world, "1.2.0");
    home_is(&mut signed, home.path());
    signed.refused("v1.2.0", Code::TagSignatureBad, "EXPKEYSIG");
}
