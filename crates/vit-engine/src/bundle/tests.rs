//! The file by itself: every byte of it counts, and nothing of a hostile one is believed.

use std::path::Path;

use semver::Version;
use vit_contract::bundle::{BundleManifest, BundleMember, BundledRelease, CORE, SCHEMA, Wheel};
use vit_contract::digest;

use super::core::{self, Head};
use super::file::{self, Content, Unusable};
use super::kept;
use crate::archive::{BLOCK, Writer};
use crate::environment::Environment;
use crate::error::EngineError;
use crate::faults::Faults;
use crate::git::Git;
use crate::git::scratch::Scratch;

fn manifest(releases: Vec<BundledRelease>, members: &[(&str, &[u8])]) -> BundleManifest {
    BundleManifest {
        schema: SCHEMA.into(),
        created_by: "vit 0.1.0".into(),
        targets: vec![releases.last().unwrap().version.clone()],
        releases,
        base: Vec::new(),
        members: members
            .iter()
            .map(|(path, content)| BundleMember {
                path: (*path).to_owned(),
                length: content.len() as u64,
                sha256: digest::sha256(content),
            })
            .collect(),
        wheels: members
            .iter()
            .filter_map(|(path, content)| {
                Some(Wheel {
                    name: path.strip_prefix("wheels/")?.to_owned(),
                    sha256: digest::sha256(content),
                })
            })
            .collect(),
    }
}

fn release() -> BundledRelease {
    BundledRelease {
        version: Version::new(1, 1, 0),
        tag: "v1.1.0".into(),
        commit: "1".repeat(40),
        tree: "2".repeat(40),
        tag_object: "3".repeat(40),
        metadata: None,
    }
}

const MEMBERS: [(&str, &[u8]); 2] = [
    (CORE, b"what git reads"),
    ("wheels/alpha-1.0-py3-none-any.whl", &[7; 700]),
];

/// A small bundle.
fn small(folder: &Path) -> Vec<u8> {
    let path = folder.join("good");
    let contents = MEMBERS.map(|(_, content)| Content::Bytes(content.to_vec()));
    let manifest = manifest(vec![release()], &MEMBERS);
    let written = file::write(&path, &manifest, &contents, (false, &Faults::default())).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(written.bytes, bytes.len() as u64);
    assert_eq!(written.sha256, digest::sha256(&bytes));
    let checked = file::check(&path).unwrap();
    assert_eq!(
        (checked.manifest, checked.sha256),
        (manifest, written.sha256)
    );
    bytes
}

fn put(path: &Path, bytes: &[u8]) {
    use std::io::Write as _;
    std::fs::File::create(path)
        .unwrap()
        .write_all(bytes)
        .unwrap();
}

fn why(path: &Path) -> Option<String> {
    match file::check(path) {
        Ok(_) => None,
        Err(Unusable::Damaged(why)) => Some(why),
        Err(Unusable::Error(error)) => panic!("{error:?}"),
    }
}

#[test]
fn every_byte_counts_and_so_does_every_block() {
    let folder = tempfile::tempdir().unwrap();
    let good = small(folder.path());
    let path = folder.path().join("bad");
    // The manifest with its header whole, and every seventh of the rest.
    let places = (0..2048).chain((2048..good.len()).step_by(7));
    for at in places.chain(good.len() - 1100..good.len() - 1000) {
        let mut bytes = good.clone();
        bytes[at] ^= 1 << (at % 8);
        put(&path, &bytes);
        assert!(why(&path).is_some(), "byte {at}");
    }
    for length in (0..good.len()).step_by(BLOCK).chain([good.len() - 1]) {
        put(&path, &good[..length]);
        assert!(why(&path).is_some(), "cut at {length}");
    }
    put(&path, &[&good[..], b"x"].concat());
    assert!(why(&path).is_some());
}

/// An archive in the right form, with a right hash at its end.
fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    for (name, content) in members {
        let mut content = *content;
        writer
            .add(name, content.len() as u64, &mut content)
            .unwrap();
    }
    let hash = format!("{}\n", digest::sha256(writer.sink()));
    writer.add("SHA256", 65, &mut hash.as_bytes()).unwrap();
    writer.finish().unwrap()
}

#[test]
fn case_27_members_that_the_manifest_does_not_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad");
    let text = serde_json::to_vec(&manifest(vec![release()], &MEMBERS)).unwrap();
    let first = ("manifest.json", text.as_slice());
    let [core, wheel] = MEMBERS;
    let extra: (&str, &[u8]) = ("wheels/evil-1.0-py3-none-any.whl", b"x");
    let other: (&str, &[u8]) = (CORE, b"what git  eats");
    let longer: (&str, &[u8]) = (CORE, b"what git reads, and more");
    type Files<'a> = &'a [(&'a str, &'a [u8])];
    let members: &[(Files<'_>, &str)] = &[
        (&[core, first, wheel], "begin with a manifest"),
        (&[first, wheel, core], "stands where"),
        (&[first, core], "stands where"),
        (&[first, core, wheel, extra], "not in its manifest"),
        (&[first, other, wheel], "SHA-256"),
        (&[first, longer, wheel], "stands where"),
        (&[first, core, core], "twice"),
        (&[("manifest.json", b"[1]")], "cannot be read"),
        (&[("manifest.json", b"{\"schema\": ")], "cannot be read"),
    ];
    for (members, word) in members {
        put(&path, &archive(members));
        let why = why(&path).unwrap();
        assert!(why.contains(word), "{word}: {why}");
    }
    let mut late = Writer::new(Vec::new());
    for (name, mut content) in [first, core, wheel] {
        late.add(name, content.len() as u64, &mut content).unwrap();
    }
    put(&path, &late.finish().unwrap());
    assert!(why(&path).unwrap().contains("no hash"));
    put(&path, &archive(&[first, core, wheel]));
    assert_eq!(why(&path), None);
}

#[test]
fn a_file_that_changes_after_it_was_checked_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let good = small(folder.path());
    let path = folder.path().join("good");
    let checked = file::check(&path).unwrap();
    let out = folder.path().join("out");
    let place = |name: &str| name.starts_with("wheels/").then(|| out.clone());
    checked.extract(&place, &Faults::default()).unwrap();
    assert_eq!(std::fs::read(&out).unwrap(), MEMBERS[1].1);
    // What is there is never written over.
    let again = checked.extract(&place, &Faults::default());
    assert!(matches!(again, Err(Unusable::Error(_))), "{again:?}");
    std::fs::remove_file(&out).unwrap();
    let at = good.windows(700).position(|w| w == MEMBERS[1].1).unwrap();
    let mut changed = good;
    changed[at] = 8;
    put(&path, &changed);
    let late = checked.extract(&place, &Faults::default());
    assert!(matches!(late, Err(Unusable::Damaged(_))), "{late:?}");
}

fn aside(world: &Scratch, lender: Option<&Path>) -> (tempfile::TempDir, Git) {
    let folder = tempfile::tempdir().unwrap();
    let git = core::aside(folder.path(), &world.environment, (40, lender)).unwrap();
    (folder, git)
}

#[test]
fn what_git_reads_is_held_against_the_manifest() {
    let world = Scratch::new();
    world.write("a", "1");
    let base = world.commit("one");
    world.write("a", "2");
    let commit = world.commit("two");
    world.run(&["tag", "-a", "-m", "x", "v1.1.0"]);
    let release = BundledRelease {
        commit: commit.clone(),
        tree: world.run(&["rev-parse", "HEAD^{tree}"]),
        tag_object: world.run(&["rev-parse", "v1.1.0"]),
        ..release()
    };
    let objects = world.root.join(".git/objects");
    for from in [None, Some(base.as_str())] {
        let (folder, git) = aside(&world, Some(&objects));
        let file = folder.path().join("made");
        core::make(&git, &file, std::slice::from_ref(&release), from).unwrap();
        let head = core::head(&file).unwrap();
        assert_eq!(
            head.base,
            from.map(str::to_owned).into_iter().collect::<Vec<_>>()
        );
        let name = "refs/tags/v1.1.0".to_owned();
        assert_eq!(head.refs, [(release.tag_object.clone(), name)]);
        let mut told = manifest(vec![release.clone()], &MEMBERS);
        told.base.clone_from(&head.base);
        core::agree(&told, &head).unwrap();
        let (_folder, git) = aside(&world, from.map(|_| objects.as_path()));
        core::trial(&git, &file, (&told, &head)).unwrap();
        assert_eq!(
            core::missing(&git, &[commit.clone(), "4".repeat(40)]).unwrap(),
            ["4".repeat(40)]
        );

        let lies: [fn(&mut BundleManifest); 3] = [
            |m| m.releases[0].tag_object = "5".repeat(40),
            |m| m.releases[0].tag = "v1.2.0".into(),
            |m| m.base.push("5".repeat(40)),
        ];
        for lie in lies {
            let mut told = told.clone();
            lie(&mut told);
            assert!(core::agree(&told, &head).is_err());
        }
        told.releases[0].tree = "5".repeat(40);
        assert!(core::holds(&git, &told).is_err());
    }
    // Without what it builds on it is refused, and nothing came of it.
    let (folder, lent) = aside(&world, Some(&objects));
    let file = folder.path().join("thin");
    core::make(&lent, &file, std::slice::from_ref(&release), Some(&base)).unwrap();
    let (_folder, git) = aside(&world, None);
    let told = manifest(vec![release], &MEMBERS);
    let tried = core::trial(&git, &file, (&told, &core::head(&file).unwrap()));
    assert!(matches!(tried, Err(Unusable::Damaged(_))), "{tried:?}");
}

#[test]
fn a_head_of_another_form_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("core");
    for text in [
        "",
        "PACK",
        "# v2 git bundle\n",
        "# v9 git bundle\n\n",
        "# v3 git bundle\n@filter=blob:none\n\n",
        "# v2 git bundle\nword\n\n",
    ] {
        put(&path, text.as_bytes());
        assert!(core::head(&path).is_err(), "{text}");
    }
    put(
        &path,
        b"# v3 git bundle\n@object-format=sha1\n-ab \xff message\ncd refs/tags/v1\n\nPACK",
    );
    let expected = Head {
        base: vec!["ab".into()],
        refs: vec![("cd".into(), "refs/tags/v1".into())],
    };
    assert_eq!(core::head(&path).unwrap(), expected);
}

#[test]
fn records_that_are_not_ours_are_told_and_do_not_count() {
    let folder = tempfile::tempdir().unwrap();
    kept::prepare(folder.path()).unwrap();
    let imports = kept::folder(folder.path());
    put(&imports.join(format!("{}.json", "a".repeat(64))), b"{}");
    put(&imports.join("offered.json"), b"{");
    put(&imports.join("notes.txt"), b"x");
    let (records, problems) = kept::load(folder.path()).unwrap();
    assert_eq!((records, problems.len()), (Vec::new(), 1));
    assert!(!problems[0].blocks());
    assert!(kept::offered(folder.path()).is_empty());
    kept::write_metadata(folder.path(), b"{}", &Faults::default()).unwrap();
    let sha256 = digest::sha256(b"{}");
    assert_eq!(kept::metadata(folder.path(), &sha256).unwrap(), b"{}");
    put(&imports.join(format!("metadata/{sha256}.json")), b"[]");
    assert_eq!(kept::metadata(folder.path(), &sha256), None);
    std::os::unix::fs::symlink("/etc", folder.path().join("away")).unwrap();
    std::fs::remove_dir_all(&imports).unwrap();
    std::os::unix::fs::symlink("/etc", &imports).unwrap();
    assert!(kept::prepare(folder.path()).is_err());
}

/// A full disk speaks against the disk, not against the bundle.
#[test]
fn a_full_disk_does_not_make_a_bundle_damaged() {
    let scratch = Scratch::new();
    scratch.commit("1");
    scratch.run(&["tag", "v1.1.0"]);
    let file = scratch.beside("core.bundle");
    scratch.run(&[
        "bundle",
        "create",
        "--quiet",
        file.to_str().unwrap(),
        "v1.1.0",
    ]);
    let head = core::head(&file).unwrap();
    let manifest = manifest(vec![release()], &MEMBERS);
    let said = |what: &str| {
        let folder = scratch.beside(&digest::sha256(what.as_bytes())[..8]);
        std::fs::create_dir(&folder).unwrap();
        let git = folder.join("git");
        put(
            &git,
            format!("#!/bin/sh\necho 'fatal: {what}' >&2\nexit 128\n").as_bytes(),
        );
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&git, mode).unwrap();
        let environment = Environment::new([("PATH".into(), folder.clone().into())]);
        core::trial(&Git::open(&folder, &environment), &file, (&manifest, &head)).unwrap_err()
    };
    assert!(matches!(said("pack is corrupt"), Unusable::Damaged(_)));
    let Unusable::Error(EngineError::Io { source, .. }) =
        said("write error: No space left on device")
    else {
        panic!("it is said to be damaged");
    };
    assert_eq!(source.kind(), std::io::ErrorKind::StorageFull);
}
