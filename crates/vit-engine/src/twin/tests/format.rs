//! The manifest's text.

use proptest::prelude::*;

use super::manifest::Time;
use super::*;

fn read_back(manifest: &Manifest) -> Manifest {
    text::parse(&text::whole(manifest)).unwrap()
}

#[test]
fn a_manifest_is_written_and_read_back() {
    let case = Case::new();
    odd(&case.live());
    let manifest = case.take();
    let path = case.path("manifest");
    manifest.write(&path, &case.faults).unwrap();
    let read = Manifest::read(&path).unwrap().unwrap();
    assert_eq!(read, manifest);
    assert_eq!(read.digest(), manifest.digest());
    assert_eq!(Manifest::read(&case.path("none")).unwrap(), None);
    assert_eq!(manifest.others().count(), 1);
    assert_eq!(manifest.get(Path::new(".")).unwrap().node, Node::Folder);
}

#[test]
fn times_and_holding_are_no_part_of_the_digest() {
    let case = Case::new();
    plain(&case.live());
    let manifest = case.take();
    let mut other = manifest.clone();
    for entry in other.entries.values_mut() {
        entry.modified.seconds += 1;
        entry.held = Held::Not;
    }
    assert_ne!(other, manifest);
    assert_eq!(other.digest(), manifest.digest());
    assert!(manifest.difference(&other).is_empty());
    other.entries.values_mut().next().unwrap().mode ^= 1;
    assert_ne!(other.digest(), manifest.digest());
    assert_eq!(manifest.difference(&other).changed, [Path::new(".")]);
}

#[test]
fn every_damage_of_the_text_shows() {
    let case = Case::new();
    odd(&case.live());
    let good = text::whole(&case.of_live());
    for index in (0..good.len()).step_by(7).chain([good.len() - 1]) {
        let mut bad = good.clone();
        bad[index] ^= 1;
        assert!(text::parse(&bad).is_err(), "byte {index}");
        assert!(text::parse(&good[..index]).is_err(), "cut at {index}");
    }
    let path = case.path("manifest");
    put(&path, &good[..good.len() / 2]);
    let error = Manifest::read(&path).unwrap_err();
    assert!(crate::store::atomic::is_unusable(&error));
    let EngineError::Io { source, .. } = error else {
        panic!("{error:?}");
    };
    assert!(source.to_string().contains("sum"), "{source}");
}

/// A text with a right sum that leads out of the folder, or through a link.
#[test]
fn a_text_that_leads_out_is_refused() {
    use sha2::Digest as _;
    let folder = "folder\t0755\t0\t0\t-\t-\t.\t-\t0.0\t-\n";
    let link = "link\t0777\t0\t0\t-\t-\tl\t>/etc\t0.0\t-\n";
    let entry = |name: &str| format!("folder\t0755\t0\t0\t-\t-\t{name}\t-\t0.0\t-\n");
    let parse = |lines: &str| {
        let body = format!("vit-manifest\t1\n{lines}");
        let sum = text::hex(&sha2::Sha256::digest(&body).into());
        text::parse(format!("{body}sum\t{sum}\n").as_bytes())
    };
    assert!(parse(&format!("{folder}{}", entry("a"))).is_ok());
    for name in [
        "..",
        "../a",
        "/a",
        "a//b",
        "a/",
        "missing/a",
        "a\\x00b",
        "a\\q",
        ".",
    ] {
        let result = parse(&format!("{folder}{}", entry(name)));
        assert!(result.unwrap_err().to_string().contains("line 3"), "{name}");
    }
    assert!(parse(&format!("{folder}{link}{}", entry("l/a"))).is_err());
    assert!(parse(&format!("{folder}{}{}", entry("b"), entry("a"))).is_err());
    assert!(parse(&format!("{folder}{}{}", entry("a"), entry("a"))).is_err());
    assert!(parse(&entry("a")).is_err());
    assert!(parse("").is_err());
    let newer = text::parse(b"vit-manifest\t2\nsum\t0\n").unwrap_err();
    assert!(newer.to_string().contains("version is 2"), "{newer}");
}

proptest! {
    #[test]
    fn any_name_and_target_survive(
        name in proptest::collection::vec(1..=255_u8, 1..40),
        target in proptest::collection::vec(1..=255_u8, 1..40),
        seconds in any::<i64>(),
        nanoseconds in 0..1_000_000_000_u32,
    ) {
        let name: Vec<u8> = name.into_iter().filter(|&b| b != b'/').collect();
        prop_assume!(!matches!(name.as_slice(), b"" | b"." | b".."));
        let entry = |node| Entry {
            node,
            mode: 0o777,
            uid: 1,
            gid: u32::MAX,
            modified: Time { seconds, nanoseconds },
            held: Held::Own,
        };
        let link = Node::Link { target: OsStr::from_bytes(&target).to_owned() };
        let manifest = Manifest {
            entries: [
                (OsString::new(), entry(Node::Folder)),
                (OsStr::from_bytes(&name).to_owned(), entry(link)),
            ].into(),
        };
        prop_assert_eq!(read_back(&manifest), manifest);
    }

    #[test]
    fn no_text_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = text::parse(&bytes);
    }
}
