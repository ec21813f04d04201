use super::*;

/// Somebody who holds the server and no key puts other files there.
#[test]
fn tuf_attack_arbitrary_software() {
    let Some(signed) = Signed::usual(&["same", "wrong_key:targets", "wrong_key:timestamp"]) else {
        return;
    };
    // Another index under the name of the right one, before anything was ever verified.
    let evil = std::fs::read(signed.tuf.after(0).join("index.json")).unwrap();
    let evil = String::from_utf8(evil).unwrap().replace("1.1.0", "9.9.9");
    for index in ending(&signed.tuf.after(1), "index.json") {
        put(&index, evil.as_bytes());
    }
    signed.serve(1);
    let listing = signed.assert_barred(Code::RegistryUntrusted, "is not the file that was signed");
    assert!(
        listing
            .releases
            .iter()
            .all(|r| r.version.to_string() != "9.9.9")
    );

    signed.serve(0);
    signed.assert_good(&["1.0.0", "1.1.0"]);
    // Metadata of a release that was replaced: that release alone is no target.
    let Some(fresh) = Signed::usual(&[]) else {
        return;
    };
    for file in ending(&fresh.tuf.after(0).join("1.1.0"), ".json") {
        put(&file, b"{\"version\": \"1.1.0\"}");
    }
    let listing = fresh.list();
    assert!(listing.source.signed);
    assert!(find(&listing, "1.0.0").is_usable());
    let problems = &find(&listing, "1.1.0").problems;
    assert_eq!(problems[0].code, Code::MetadataUnreadable, "{problems:#?}");

    // Signed, but by keys of somebody else.
    for step in [2, 3] {
        signed.serve(step);
        let listing = signed.assert_barred(Code::RegistryUntrusted, "threshold not met");
        assert_eq!(listing.releases.len(), 2);
    }
}

#[test]
fn tuf_attack_endless_data() {
    let Some(signed) = Signed::usual(&["content_of:{b}"]) else {
        return;
    };
    signed.assert_good(&["1.0.0", "1.1.0"]);
    signed.serve(1);
    // What was verified before counts on where the newest word does not come.
    signed.world.server.fault("timestamp.json", Fault::Endless);
    let listing = signed.list();
    assert!(listing.source.signed && listing.source.stale);
    assert!(signed.world.server.endless_bytes() < 1024 * 1024);
    signed.world.server.mend();
    for path in ["2.snapshot.json", "2.targets.json", "2.root.json"] {
        signed.world.server.fault(path, Fault::Endless);
        let before = signed.world.server.endless_bytes();
        signed.assert_barred(Code::RegistryUntrusted, "");
        let taken = signed.world.server.endless_bytes() - before;
        assert!(taken < 6 * 1024 * 1024, "{path}: {taken} bytes");
        signed.world.server.mend();
    }
    signed.assert_good(&["1.0.0", "1.1.0", "1.2.0"]);
    let Some(fresh) = Signed::usual(&[]) else {
        return;
    };
    fresh.world.server.fault("index.json", Fault::Endless);
    let listing = fresh.list();
    assert!(listing.problems[0].blocks());
    assert!(fresh.world.server.endless_bytes() < 1024 * 1024);
}

/// More is asked to be installed than what was signed: by an index that lists more, or by a
/// delegated signer who signs what he was not given.
#[test]
fn tuf_attack_extraneous_dependencies() {
    let steps = [
        "forget:1.1.0/release_metadata.json",
        "delegate:partner/*:1.0.0/release_metadata.json",
        "delegate:1.0.0/*:1.0.0/release_metadata.json",
    ];
    let Some(signed) = Signed::usual(&steps[..1]) else {
        return;
    };
    signed.assert_good(&["1.0.0", "1.1.0"]);
    // A release of the index whose metadata nobody signs for.
    signed.serve(1);
    let listing = signed.assert_good(&["1.0.0"]);
    let problem = &find(&listing, "1.1.0").problems[0];
    assert_eq!(problem.code, Code::RegistryUntrusted);
    assert!(
        problem
            .evidence
            .as_ref()
            .unwrap()
            .contains("not among the signed files")
    );

    // Signed by a partner whose delegation does not cover it, and by one whose does.
    let Some(outside) = Signed::usual(&steps[1..2]) else {
        return;
    };
    outside.serve(1);
    let listing = outside.assert_good(&["1.1.0"]);
    assert_eq!(
        find(&listing, "1.0.0").problems[0].code,
        Code::RegistryUntrusted
    );
    let Some(inside) = Signed::usual(&steps[2..]) else {
        return;
    };
    inside.serve(1);
    inside.assert_good(&["1.0.0", "1.1.0"]);
    // What a partner signs is verified without asking, too.
    let kept = inside.world.list(false).unwrap();
    assert!(kept.source.signed);
}

/// Stolen online keys sign the highest versions, so that nothing newer can follow. With new keys
/// in a new root, the registry goes on.
#[test]
fn tuf_attack_fast_forward() {
    let steps = [
        "fast_forward",
        "content_of:{b}",
        "rotate:timestamp:snapshot",
    ];
    let Some(signed) = Signed::usual(&steps) else {
        return;
    };
    signed.assert_good(&["1.0.0", "1.1.0"]);
    signed.serve(1);
    signed.assert_good(&["1.0.0", "1.1.0"]);
    // The same keys with lower versions: a rollback.
    signed.serve(2);
    signed.assert_barred(Code::RegistryUntrusted, "rollback");
    signed.serve(3);
    signed.assert_good(&["1.0.0", "1.1.0", "1.2.0"]);
}

/// The server always shows the same, for ever.
#[test]
fn tuf_attack_indefinite_freeze() {
    let Some(mut signed) = Signed::usual(&["until_soon", "content_of:{b}"]) else {
        return;
    };
    signed.serve(1);
    signed.assert_good(&["1.0.0", "1.1.0"]);
    // The very moment of its expiry is past it.
    signed.world.now = "2026-12-01T00:00:00Z".parse().unwrap();
    let listing = signed.assert_barred(Code::RegistryMetadataExpired, "timestamp was good until");
    assert_eq!(listing.releases.len(), 2);
    signed.world.now = "2026-11-30T23:59:59Z".parse().unwrap();
    signed.assert_good(&["1.0.0", "1.1.0"]);
    // Each role has an end of its own.
    for role in ["root", "targets", "snapshot", "timestamp"] {
        let step = format!("expired:{role}");
        let Some(signed) = Signed::usual(&[&step]) else {
            return;
        };
        signed.assert_good(&["1.0.0", "1.1.0"]);
        signed.serve(1);
        signed.assert_barred(Code::RegistryMetadataExpired, role);
    }
}

/// A mirror that gives nothing, or nonsense, can delay and do no more; once it is gone, all goes on.
#[test]
fn tuf_attack_malicious_mirror_preventing_updates() {
    let Some(signed) = Signed::usual(&["content_of:{b}"]) else {
        return;
    };
    signed.assert_good(&["1.0.0", "1.1.0"]);
    signed.serve(1);
    for fault in [
        Fault::Down,
        Fault::Status(500),
        Fault::Status(401),
        Fault::Stalls,
    ] {
        signed.world.server.fault("", fault.clone());
        let listing = signed.list();
        // What was verified before still is, and it is said that it is old.
        assert!(listing.source.signed && listing.source.stale, "{fault:?}");
        assert_eq!(listing.problems[0].code, Code::RegistryStale, "{fault:?}");
        assert_eq!(listing.releases.len(), 2);
        signed.world.server.mend();
    }
    for fault in [
        Fault::Status(404),
        Fault::Status(403),
        Fault::Body(b"{}".to_vec()),
    ] {
        signed.world.server.fault("", fault.clone());
        let listing = signed.assert_barred(Code::RegistryUntrusted, "");
        assert_eq!(listing.releases.len(), 2, "{fault:?}");
        signed.world.server.mend();
    }
    // The new index, with its signed file withheld.
    signed.world.server.fault("index.json", Fault::Status(404));
    signed.assert_barred(Code::RegistryUntrusted, "404");
    signed.world.server.mend();
    signed.assert_good(&["1.0.0", "1.1.0", "1.2.0"]);
    // The metadata of a release withheld: it must not look harmless for want of what it says.
    let Some(fresh) = Signed::usual(&[]) else {
        return;
    };
    let server = &fresh.world.server;
    server.fault("1.1.0/release_metadata.json", Fault::Status(404));
    server.fault(".release_metadata.json", Fault::Status(404));
    let listing = fresh.list();
    assert!(listing.source.signed);
    for release in &listing.releases {
        let codes: Vec<Code> = release.problems.iter().map(|p| p.code).collect();
        assert_eq!(codes, [Code::MetadataNotFetched]);
        assert!(!release.is_usable(), "{}", release.tag);
    }
}

/// Parts of different moments, each signed, together.
#[test]
fn tuf_attack_mix_and_match() {
    for (part, new) in [("targets.json", 2), ("snapshot.json", 2)] {
        let Some(signed) = Signed::usual(&["content_of:{b}"]) else {
            return;
        };
        signed.assert_good(&["1.0.0", "1.1.0"]);
        let metadata = |step: usize| signed.tuf.after(step).join("metadata");
        mix(
            &metadata(0).join(format!("1.{part}")),
            &metadata(1).join(format!("{new}.{part}")),
        );
        signed.serve(1);
        signed.assert_barred(Code::RegistryUntrusted, "integrity check failed");
    }
    // The old index under the name of the new one.
    let Some(signed) = Signed::usual(&["content_of:{b}"]) else {
        return;
    };
    let named = |step: usize| {
        let mut names = ending(&signed.tuf.after(step), ".index.json");
        names.pop().unwrap()
    };
    mix(&named(0), &named(1));
    signed.serve(1);
    signed.assert_barred(Code::RegistryUntrusted, "is not the file that was signed");
}

/// What was signed once is shown again.
#[test]
fn tuf_attack_rollback() {
    let Some(signed) = Signed::usual(&["content_of:{b}"]) else {
        return;
    };
    signed.serve(1);
    signed.assert_good(&["1.0.0", "1.1.0", "1.2.0"]);
    signed.serve(0);
    let listing = signed.assert_barred(Code::RegistryUntrusted, "rollback detected for timestamp");
    assert_eq!(listing.releases.len(), 3);
    // The floor is no cache: it stands as long as the trust does.
    signed.assert_barred(Code::RegistryUntrusted, "rollback detected for timestamp");
    signed.serve(1);
    signed.assert_good(&["1.0.0", "1.1.0", "1.2.0"]);
}

/// A server that sends next to nothing: the transport gives up, and what was verified counts.
#[test]
fn tuf_attack_slow_retrieval() {
    let Some(signed) = Signed::usual(&["content_of:{b}"]) else {
        return;
    };
    signed.assert_good(&["1.0.0", "1.1.0"]);
    signed.serve(1);
    signed.world.server.fault("timestamp.json", Fault::Stalls);
    let listing = signed.list();
    assert!(listing.source.stale && listing.source.signed);
    let evidence = listing.problems[0].evidence.clone().unwrap();
    assert!(evidence.contains("no whole answer within"), "{evidence}");
    assert_eq!(listing.releases.len(), 2);
    // Where something new is known to be there, the old does not count for it.
    signed.world.server.mend();
    signed.world.server.fault("2.snapshot.json", Fault::Stalls);
    signed.assert_barred(Code::RegistryUntrusted, "no whole answer within");
    signed.world.server.mend();
    signed.assert_good(&["1.0.0", "1.1.0", "1.2.0"]);
}

/// Some keys are stolen, fewer than the threshold; or those that were replaced.
#[test]
fn tuf_attack_key_compromise() {
    let alone = ["one_key:targets", "one_key:root", "usurp", "wrong_key:root"];
    for step in alone {
        let Some(signed) = Signed::usual(&[step]) else {
            return;
        };
        signed.assert_good(&["1.0.0", "1.1.0"]);
        signed.serve(1);
        signed.assert_barred(Code::RegistryUntrusted, "threshold not met");
    }
    let Some(signed) = Signed::usual(&["twice_the_same_key:targets"]) else {
        return;
    };
    signed.serve(1);
    signed.assert_barred(Code::RegistryUntrusted, "duplicate signature");
    // Keys that a new root no longer names sign nothing any more.
    let Some(signed) = Signed::usual(&["rotate:targets:timestamp", "again"]) else {
        return;
    };
    signed.serve(1);
    signed.assert_good(&["1.0.0", "1.1.0"]);
    let metadata = |step: usize| signed.tuf.after(step).join("metadata");
    mix(
        &metadata(0).join("timestamp.json"),
        &metadata(1).join("timestamp.json"),
    );
    signed.assert_barred(Code::RegistryUntrusted, "threshold not met");
    signed.serve(2);
    signed.assert_good(&["1.0.0", "1.1.0"]);
}

/// The right files under wrong names: another release's metadata, another index.
#[test]
fn tuf_attack_wrong_software_installation() {
    let Some(signed) = Signed::usual(&[]) else {
        return;
    };
    let of = |version: &str| {
        let mut files = ending(&signed.tuf.after(0).join(version), ".release_metadata.json");
        files.pop().unwrap()
    };
    mix(&of("1.0.0"), &of("1.1.0"));
    let listing = signed.list();
    assert!(find(&listing, "1.0.0").is_usable());
    let problems = &find(&listing, "1.1.0").problems;
    assert_eq!(problems[0].code, Code::MetadataUnreadable, "{problems:#?}");

    // The signed index names a commit; the repository's tag leads to another.
    signed
        .world
        .core
        .run(&["tag", "--force", "v1.1.0", "v1.2.0"]);
    signed.world.with(|cx| {
        let registry = crate::registry::open(cx, None).unwrap();
        let listing = registry.list(cx, true).unwrap();
        let error = registry.fetch(cx, find(&listing, "1.1.0")).unwrap_err();
        let EngineError::Refused { problems, .. } = error else {
            panic!("{error:?}");
        };
        assert_eq!(problems[0].code, Code::ChecksumMismatch);
    });
}
