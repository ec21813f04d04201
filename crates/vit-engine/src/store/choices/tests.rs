use super::*;

fn chosen() -> Choices {
    Choices {
        channel: Some(Channel::Beta),
        holds: vec![
            Hold {
                version: Some(Version::new(1, 2, 0)),
                since: "2026-02-19T16:45:00Z".parse().unwrap(),
                reason: Some("breaks the import".to_owned()),
            },
            Hold {
                version: None,
                since: "2026-02-20T16:45:00Z".parse().unwrap(),
                reason: None,
            },
        ],
        ..Choices::default()
    }
}

fn put(dir: &Path, text: &str) {
    atomic::write(&dir.join(FILE), text.as_bytes(), &Faults::default()).unwrap();
}

fn text(dir: &Path) -> String {
    std::fs::read_to_string(dir.join(FILE)).unwrap()
}

#[test]
fn choices_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(load(dir.path()).unwrap(), Choices::default());
    save(dir.path(), &chosen(), &Faults::default()).unwrap();
    assert_eq!(load(dir.path()).unwrap(), chosen());
}

#[test]
fn damage_is_an_error_with_its_place_and_is_not_written_over() {
    for (damage, line, code) in [
        ("", 1, Code::JsonSyntax),
        (
            "{\n \"format\": 1,\n \"channel\": \"be",
            3,
            Code::JsonSyntax,
        ),
        (
            "{\"format\": 1,\n \"channel\": \"nightly\"}",
            2,
            Code::BadValue,
        ),
        ("[]", 1, Code::BadValue),
    ] {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), damage);
        let Err(EngineError::BadInput {
            summary,
            problems,
            hints,
        }) = load(dir.path())
        else {
            panic!("{damage}");
        };
        assert!(summary.contains(FILE) && hints[0].contains("remove it"));
        let place = problems[0].place.as_ref().unwrap();
        assert_eq!(
            (problems[0].code, place.line.unwrap().max(1)),
            (code, line),
            "{damage}"
        );
        assert!(save(dir.path(), &chosen(), &Faults::default()).is_err());
        assert_eq!(text(dir.path()), damage);
    }
}

#[test]
fn a_newer_file_is_read_and_not_written() {
    let dir = tempfile::tempdir().unwrap();
    let newer = r#"{"format": 2, "channel": "lts", "later": true}"#;
    put(dir.path(), newer);
    assert_eq!(load(dir.path()).unwrap().channel, Some(Channel::Lts));
    let error = save(dir.path(), &chosen(), &Faults::default()).unwrap_err();
    assert!(matches!(error, EngineError::BadInput { .. }));
    assert_eq!(text(dir.path()), newer);
}

#[test]
fn a_link_in_its_place_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/dev/zero", dir.path().join(FILE)).unwrap();
    assert!(matches!(
        load(dir.path()),
        Err(EngineError::BadInput { .. })
    ));
}
