use super::*;

const HASH: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn entry(version: &str, more: &str) -> String {
    format!(
        r#"{{"version": "{version}", "tag": "v{version}", "commit": "{c}"{more},
            "metadata": {{"path": "{version}/release_metadata.json", "sha256": "{HASH}", "length": 3}}}}"#,
        c = "a".repeat(40),
    )
}

fn index(entries: &[String]) -> String {
    format!(
        r#"{{"schema": "vit.index/1", "releases": [{}]}}"#,
        entries.join(",")
    )
}

fn of(text: &str) -> Reading<Index> {
    read("index.json", text.as_bytes())
}

#[test]
fn what_is_written_is_read() {
    let text = index(&[
        entry("1.10.0", r#", "withdrawn": "it loses data""#),
        entry(
            "1.2.0",
            r#", "channel": "beta", "date": "2026-02-19T16:45:00Z""#,
        ),
    ]);
    let reading = of(&text);
    assert_eq!(reading.problems, []);
    let index = reading.value.unwrap();
    let versions: Vec<String> = index
        .releases
        .iter()
        .map(|r| r.version.to_string())
        .collect();
    assert_eq!(versions, ["1.2.0", "1.10.0"]);
    assert_eq!(
        index.releases[1].withdrawn.as_deref(),
        Some("it loses data")
    );
    let bytes = index.to_bytes();
    let again = read("index.json", &bytes).value.unwrap();
    assert_eq!(again, index);
    assert_eq!(again.to_bytes(), bytes);
}

#[test]
fn one_bad_entry_hides_no_other() {
    let good = entry("1.0.0", "");
    let bad = [
        entry("1.1.0", "").replace("1.1.0/release", "../../etc/release"),
        entry("1.1.0", "").replace("1.1.0/release", "https://evil/release"),
        entry("1.1.0", "").replace(HASH, &HASH.to_uppercase()),
        entry("1.1.0", "").replace("\"length\": 3", "\"length\": 99999999"),
        entry("1.1.0", "").replace("\"length\": 3", "\"length\": -1"),
        entry("1.1.0", "").replace("\"length\": 3", "\"length\": \"3\""),
        entry("1.1.0", "").replace("\"tag\": \"v1.1.0\"", "\"tag\": \"v1.1.1\""),
        entry("1.1.0", "").replace(&"a".repeat(40), "bb"),
        entry("1.1.0", r#", "tree": "HEAD""#),
        entry("1.1.0", r#", "withdrawn": 7"#),
    ];
    for bad in bad {
        let reading = of(&index(&[good.clone(), bad.clone()]));
        let index = reading
            .value
            .unwrap_or_else(|| panic!("{bad}: {:?}", reading.problems));
        assert_eq!(index.releases.len(), 2, "{bad}");
        assert_eq!(index.releases[0].problems, [], "{bad}");
        let problems = &index.releases[1].problems;
        assert_eq!(problems.len(), 1, "{bad}");
        assert_eq!(problems[0].code, Code::MetadataUnreadable);
        assert!(problems[0].blocks() && problems[0].evidence.is_some());
    }
    for lost in ["7", "[]", "{}", r#"{"version": "1.2", "tag": "v1.2"}"#] {
        let reading = of(&index(&[good.clone(), lost.to_owned()]));
        assert_eq!(reading.value.unwrap().releases.len(), 1, "{lost}");
        assert_eq!(reading.problems.len(), 1, "{lost}");
        assert!(!reading.problems[0].blocks(), "{lost}");
    }
}

#[test]
fn a_version_that_stands_twice_is_no_target() {
    let reading = of(&index(&[entry("1.0.0", ""), entry("1.0.0", "")]));
    let index = reading.value.unwrap();
    assert_eq!(index.releases.len(), 1);
    assert!(index.releases[0].problems[0].blocks());
}

#[test]
fn what_is_no_index_says_why() {
    let twice = index(&[entry("1.0.0", r#", "commit": "bb""#)]);
    let deep = "[".repeat(100) + &"]".repeat(100);
    for bad in [
        "",
        "[]",
        "{}",
        "{\"schema\": \"vit.index/2\", \"releases\": []}",
        "NaN",
        "{\"schema\": \"vit.index/1\"}",
        "{\"schema\": \"vit.index/1\", \"releases\": NaN}",
        "{\"schema\": \"vit.index/1\", \"releases\": 7}",
        &deep,
        &twice,
    ] {
        let reading = of(bad);
        assert!(reading.value.is_none(), "{bad}");
        assert!(reading.problems.iter().any(Problem::blocks), "{bad}");
    }
    let large = vec![b' '; MAX_BYTES + 1];
    assert_eq!(read("index.json", &large).problems[0].code, Code::TooLarge);
}

#[test]
fn a_repository_that_is_none_is_not_used_and_named() {
    let text = |value: &str| {
        index(&[entry("1.0.0", "")]).replacen('{', &format!("{{\"repository\": \"{value}\","), 1)
    };
    let good = of(&text("core.git"));
    assert_eq!(good.value.unwrap().repository.as_deref(), Some("core.git"));
    let bad = of(&text("ext::sh"));
    assert_eq!(bad.value.unwrap().repository, None);
    assert_eq!(bad.problems.len(), 1);
}
