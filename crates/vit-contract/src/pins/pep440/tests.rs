use proptest::prelude::*;

use super::*;

fn py(text: &str) -> PyVersion {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn spellings_are_normalised() {
    for (written, normal) in [
        ("1.2.0", "1.2.0"),
        ("v1.2", "1.2"),
        ("1.2.0-beta.1", "1.2.0b1"),
        ("1.2.0_ALPHA2", "1.2.0a2"),
        ("1.2.0.rc", "1.2.0rc0"),
        ("1.2.0-preview-3", "1.2.0rc3"),
        ("1.2.0-5", "1.2.0.post5"),
        ("1.2.0.r5", "1.2.0.post5"),
        ("1!1.2.dev", "1!1.2.dev0"),
        ("1.0a1.post2.dev3+Ubuntu-1", "1.0a1.post2.dev3+ubuntu.1"),
    ] {
        assert_eq!(py(written).to_string(), normal);
    }
    for wrong in [
        "",
        "x",
        "1.",
        "1..2",
        "1.2.0-canary.1",
        "1.2 .0",
        "1+",
        "1!",
        "!1",
        "1.2.0b1x",
        "1.2.*",
    ] {
        assert!(wrong.parse::<PyVersion>().is_err(), "{wrong}");
    }
}

#[test]
fn the_order_is_the_one_of_pep_440() {
    let order = [
        "1.0.dev1",
        "1.0a1.dev1",
        "1.0a1",
        "1.0a1.post1",
        "1.0b2",
        "1.0rc1",
        "1.0",
        "1.0+abc",
        "1.0+5",
        "1.0.post1.dev1",
        "1.0.post1",
        "1.0.1",
        "1.1",
        "1!0.1",
    ];
    for pair in order.windows(2) {
        assert!(py(pair[0]) < py(pair[1]), "{pair:?}");
    }
    assert_eq!(py("1.0"), py("1.0.0"));
}

#[test]
fn pre_releases_go_both_ways() {
    for (semver, python) in [
        ("1.2.0", "1.2.0"),
        ("1.2.0-alpha.1", "1.2.0a1"),
        ("1.2.0-beta.1", "1.2.0b1"),
        ("1.2.0-rc.2", "1.2.0rc2"),
        ("1.2.0-dev.7", "1.2.0.dev7"),
        ("1.2.0-beta.1+build.5", "1.2.0b1+build.5"),
        ("10.0.0", "10.0.0"),
    ] {
        let version = Version::parse(semver).unwrap();
        let there = PyVersion::of_semver(&version).unwrap();
        assert_eq!(there.to_string(), python);
        assert_eq!(there.to_semver(), Some(version));
    }
    // Other spellings of the same Python version.
    for same in ["1.2.0-b.1", "1.2.0-beta1", "1.2.0-beta.1"] {
        let version = Version::parse(same).unwrap();
        assert_eq!(PyVersion::of_semver(&version), Some(py("1.2.0b1")));
    }
    for none in [
        "1.2.0-canary.3",
        "1.2.0-5",
        "1.2.0-beta.1.dev.2",
        "1.2.0-beta.1.2",
        "1.2.0-post.1",
        "1.2.0-alpha.beta",
        "1.2.0-0.3.7",
        "1.2.0-x",
    ] {
        let version = Version::parse(none).unwrap();
        assert_eq!(PyVersion::of_semver(&version), None, "{none}");
    }
    for none in ["1.2.0.post1", "1!1.2.0", "1.2.3.4", "1.2b1.dev2"] {
        assert_eq!(py(none).to_semver(), None, "{none}");
    }
}

#[test]
fn constraints_admit_what_they_say() {
    for (constraint, inside, outside) in [
        (">=1.0,<2", "1.9.9", "2.0"),
        ("<2", "1.9", "2.0rc1"),
        (">1.0", "1.0.1", "1.0.post1"),
        ("~=1.2.0", "1.2.9", "1.3.0"),
        ("~=1.2", "1.9", "2.0"),
        ("==1.*", "1.7", "2.0"),
        ("!=1.1.*", "1.2", "1.1.5"),
        ("!=1.1", "1.2", "1.1.0"),
        ("==1.1", "1.1.0+local", "1.1.1"),
        ("===1.1", "1.1", "1.1.0"),
        (" >= 1.0 , < 2 , ", "1.0", "0.9"),
        (">=1.0b1", "1.0b2", "1.0a9"),
    ] {
        assert_eq!(
            admits(constraint, &py(inside)),
            Ok(true),
            "{constraint} {inside}"
        );
        assert_eq!(
            admits(constraint, &py(outside)),
            Ok(false),
            "{constraint} {outside}"
        );
    }
    for wrong in ["1.0", "=1", "~=1", ">=1.*", ">=x", "==1.0b1.*"] {
        assert!(admits(wrong, &py("1.0")).is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn anything_can_be_read(text in ".{0,40}", near in "[0-9vab.rc+!_~=<>*-]{0,16}") {
        for text in [text, near] {
            if let Ok(version) = text.parse::<PyVersion>() {
                let again = py(&version.to_string());
                prop_assert_eq!(&again, &version);
                if let Some(semver) = version.to_semver() {
                    prop_assert_eq!(PyVersion::of_semver(&semver), Some(version));
                }
            }
            let _ = admits(&text, &py("1.0"));
        }
    }

    #[test]
    fn releases_keep_their_order(a in (0u64..4, 0u64..4, 0u64..4), b in (0u64..4, 0u64..4, 0u64..4), pre in 0usize..8) {
        let pre = ["", "-alpha.1", "-alpha.2", "-beta.1", "-beta.3", "-rc.1", "-rc.2", ""][pre];
        let read = |(x, y, z): (u64, u64, u64), pre: &str| Version::parse(&format!("{x}.{y}.{z}{pre}")).unwrap();
        let (a, b) = (read(a, pre), read(b, "-beta.2"));
        let (pa, pb) = (PyVersion::of_semver(&a).unwrap(), PyVersion::of_semver(&b).unwrap());
        prop_assert_eq!(pa.cmp(&pb), a.cmp(&b));
    }
}
