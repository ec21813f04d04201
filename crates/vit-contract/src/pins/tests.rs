use proptest::prelude::*;

use super::*;

fn target() -> Target {
    Target {
        version: "1.2.0b1".parse().expect("it is a version"),
        tag: "v1.2.0-beta.1".into(),
        commit: "b".repeat(40),
    }
}

/// The text with every pin edited that can be, and what became of the pins.
fn edited(text: &str, pins: &[Pin]) -> (String, Vec<Change>) {
    let changes: Vec<Change> = pins.iter().map(|pin| pin.towards(&target())).collect();
    let edits: Vec<Edit> = pins
        .iter()
        .zip(&changes)
        .filter_map(|(pin, change)| match change {
            Change::To(new) => Some(Edit {
                span: pin.span.clone(),
                text: new.clone(),
            }),
            _ => None,
        })
        .collect();
    (apply(text, &edits), changes)
}

fn requirements_after(text: &str) -> (String, Vec<Change>) {
    edited(text, &requirements::read(text, "vitruvyan-core").pins)
}

fn pyproject_after(text: &str) -> (String, Vec<Change>) {
    edited(text, &pyproject::read(text, "Vitruvyan_Core"))
}

fn to(text: &str) -> Change {
    Change::To(text.to_owned())
}

#[test]
fn names_are_normalised() {
    for name in [
        "vitruvyan-core",
        "Vitruvyan_Core",
        "VITRUVYAN..core",
        "vitruvyan-_.core",
    ] {
        assert_eq!(normalized(name), "vitruvyan-core");
    }
    assert!(!is_name("-x") && !is_name("") && !is_name("a b") && is_name("a.b"));
}

#[test]
fn exact_requirements_are_edited_and_nothing_beside_them() {
    for (before, after) in [
        ("vitruvyan-core==1.0.0", "vitruvyan-core==1.2.0b1"),
        (
            "  Vitruvyan_Core [bus, x]  ==  1.0.0  # kept\r\n",
            "  Vitruvyan_Core [bus, x]  ==  1.2.0b1  # kept\r\n",
        ),
        (
            "vitruvyan.core===1.0.0;python_version>'3'",
            "vitruvyan.core===1.2.0b1;python_version>'3'",
        ),
        (
            "a==1.0.0\nvitruvyan-core (==1.0.0) ; extra == 'x'\n\nb",
            "a==1.0.0\nvitruvyan-core (==1.2.0b1) ; extra == 'x'\n\nb",
        ),
        (
            "vitruvyan-core \\\r\n  == \\\r\n  1.0.0\r\n",
            "vitruvyan-core \\\r\n  == \\\r\n  1.2.0b1\r\n",
        ),
        (
            "vitruvyan-core @ git+https://u@example.org/core.git@v1.0.0#subdirectory=x ; a",
            "vitruvyan-core @ git+https://u@example.org/core.git@v1.2.0-beta.1#subdirectory=x ; a",
        ),
        (
            "-e git+ssh://git@example.org/core.git@v1.0.0#egg=Vitruvyan.Core[bus]",
            "-e git+ssh://git@example.org/core.git@v1.2.0-beta.1#egg=Vitruvyan.Core[bus]",
        ),
        (
            "--editable=git+file:///srv/core@v1.0.0#egg=vitruvyan-core&x=1\n",
            "--editable=git+file:///srv/core@v1.2.0-beta.1#egg=vitruvyan-core&x=1\n",
        ),
        (
            "vitruvyan-core@git+https://example.org/core@v1.0.0",
            "vitruvyan-core@git+https://example.org/core@v1.2.0-beta.1",
        ),
    ] {
        let (text, changes) = requirements_after(before);
        assert_eq!(text, after);
        assert_eq!(changes.len(), 1, "{before}");
    }
    let commit = format!("vitruvyan-core @ git+https://h/c@{}", "a".repeat(40));
    assert_eq!(requirements_after(&commit).1, [to(&"b".repeat(40))]);
}

#[test]
fn what_cannot_be_edited_says_so() {
    for (text, change) in [
        ("vitruvyan-core>=1.0,<2", Change::Admits),
        ("vitruvyan-core", Change::Admits),
        ("vitruvyan-core~=1.0.0", Change::Excludes),
        ("vitruvyan-core==1.0.*", Change::Excludes),
        ("vitruvyan-core==1.0.0,!=1.1", Change::Excludes),
        ("vitruvyan-core==1.2.0-beta-1", Change::None),
        ("vitruvyan-core==1.0.0 --hash=sha256:00", Change::Hashed),
        (
            "vitruvyan-core==1.0.0 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n",
            Change::Hashed,
        ),
        ("vitruvyan-core==1.2.0b1 --hash=sha256:00", Change::None),
    ] {
        assert_eq!(requirements_after(text), (text.to_owned(), vec![change]));
    }
    for text in [
        "vitruvyan-core @ https://example.org/vitruvyan_core-1.0.0-py3-none-any.whl",
        "vitruvyan-core @ git+https://example.org/core.git",
        "vitruvyan-core @ git+ssh://git@example.org/core.git",
        "vitruvyan-core @ git+https://example.org/core.git@main",
        "vitruvyan-core @ file:///srv/core",
        "vitruvyan-core=1.0",
        "vitruvyan-core==latest",
        "vitruvyan-core[bus==1.0",
    ] {
        let (after, changes) = requirements_after(text);
        assert_eq!(after, text);
        assert!(
            matches!(changes[..], [Change::Unclear(_)]),
            "{text}: {changes:?}"
        );
    }
    for text in [
        "vitruvyan-core-extra==1.0.0",
        "# vitruvyan-core==1.0.0",
        "other  # vitruvyan-core==1.0.0",
        "-e ./vitruvyan-core",
        "--index-url https://example.org/vitruvyan-core",
        "other==1.0 \\\n    # vitruvyan-core==1.0.0",
    ] {
        assert!(requirements_after(text).1.is_empty(), "{text}");
    }
}

#[test]
fn lines_and_includes_are_told() {
    let text = "-r base.txt\n--requirement=more/dev.txt\n-cconstraints.txt # why\n\n\
                vitruvyan-core==1.0.0 ; python_version < '3.12'\n\
                vitruvyan-core==1.1.0 ; python_version >= '3.12'\n";
    let found = requirements::read(text, "vitruvyan-core");
    assert_eq!(
        found.includes,
        ["base.txt", "more/dev.txt", "constraints.txt"]
    );
    let lines: Vec<usize> = found.pins.iter().map(|pin| pin.line).collect();
    assert_eq!(lines, [5, 6]);
    assert_eq!(found.pins[1].version(), Some(Version::new(1, 1, 0)));
    let secret = "vitruvyan-core @ git+https://me:secret@example.org/core@v1.0.0";
    let pins = requirements::read(secret, "vitruvyan-core").pins;
    assert_eq!(
        pins[0].shown,
        "vitruvyan-core @ git+https://***@example.org/core@v1.0.0"
    );
    assert_eq!(requirements_after(secret).1, [to("v1.2.0-beta.1")]);
}

#[test]
fn a_pyproject_keeps_every_other_byte() {
    let text = r#"# a comment
[project]
name = "x"   # kept
dependencies = [
  "other==1.0.0",
  'vitruvyan-core[bus] == 1.0.0 ; python_version > "3"',  # why
]
[project.optional-dependencies]
all = ["vitruvyan_core===1.0.0"]

[dependency-groups]
dev = ["pytest", {include-group = "x"}, "vitruvyan-core>=1.0"]
[tool.poetry.dependencies]
vitruvyan-core = "1.0.0"
[tool.poetry.group.dev.dependencies]
vitruvyan-core = { version = "==1.0.0", extras = ["bus"] }
[tool.poetry.dev-dependencies.vitruvyan-core]
git = "https://example.org/core"
tag = "v1.0.0"
[tool.uv]
override-dependencies = ["vitruvyan-core==1.0.0"]
[tool.uv.sources]
Vitruvyan_Core = [{ git = "https://example.org/core", rev = "v1.0.0", marker = "x" }]
[[tool.poetry.group.many.dependencies.vitruvyan-core]]
version = "1.0.0"
"#;
    for text in [
        text.to_owned(),
        text.replace('\n', "\r\n"),
        text.trim_end().to_owned(),
    ] {
        let (after, changes) = pyproject_after(&text);
        let expected = text
            .replace("== 1.0.0 ;", "== 1.2.0b1 ;")
            .replace("core===1.0.0", "core===1.2.0b1")
            .replace("core = \"1.0.0\"", "core = \"1.2.0b1\"")
            .replace("\"==1.0.0\"", "\"==1.2.0b1\"")
            .replace("v1.0.0", "v1.2.0-beta.1")
            .replace("-core==1.0.0", "-core==1.2.0b1")
            .replace("version = \"1.0.0\"", "version = \"1.2.0b1\"");
        assert_eq!(after, expected);
        assert_eq!(changes.len(), 9, "{changes:?}");
        assert_eq!(changes.iter().filter(|c| **c == Change::Admits).count(), 1);
    }
}

#[test]
fn poetry_ranges_are_ranges() {
    let one = |constraint: &str| {
        let text = format!("[tool.poetry.dependencies]\nvitruvyan-core = {constraint}\n");
        pyproject_after(&text).1
    };
    for (constraint, change) in [
        ("\"^1.0\"", Change::Admits),
        ("\"^0.9\"", Change::Excludes),
        ("\"~1.1\"", Change::Excludes),
        ("\"~1.2.0b0\"", Change::Admits),
        ("\"1.*\"", Change::Admits),
        ("\"*\"", Change::Admits),
        ("\">=1.0,<2.0\"", Change::Admits),
        ("\">=2.0\"", Change::Excludes),
    ] {
        assert_eq!(one(constraint), [change], "{constraint}");
    }
    for constraint in [
        "\"^1 || ^2\"",
        "{ path = \"../core\" }",
        "{ git = \"x\", branch = \"main\" }",
        "{ url = \"https://x/y.whl\" }",
        "\"1.0\\u002e0\"",
        "\"^x\"",
    ] {
        let found = one(constraint);
        assert!(
            matches!(found[..], [Change::Unclear(_)]),
            "{constraint}: {found:?}"
        );
    }
}

#[test]
fn what_a_project_needs_is_compared() {
    let one = "[project]\nname='core'\nversion='1'\ndependencies=['b','a']\n[project.optional-dependencies]\nx=['y']";
    let two = "[project]\nversion='2'\nname='core'\ndependencies=['a','b']\noptional-dependencies={x=['y']}";
    assert_eq!(pyproject::needs(one), pyproject::needs(two));
    assert!(pyproject::needs(one).is_some());
    assert_ne!(
        pyproject::needs(one),
        pyproject::needs(&one.replace("'y'", "'z'"))
    );
    assert_eq!(
        pyproject::needs("[project]\ndynamic=['dependencies']"),
        None
    );
    assert_eq!(pyproject::needs("x"), None);
    assert_eq!(pyproject::own_version(two).as_deref(), Some("2"));
}

const LOCK: &str = r#"version = 1
requires-python = ">=3.11"

[[package]]
name = "app"
version = "0.1.0"
source = { editable = "." }
dependencies = [
    { name = "vitruvyan-core" },
]

[package.metadata]
requires-dist = [{ name = "vitruvyan-core", git = "https://example.org/core?tag=v1.0.0" }]

[package.metadata.requires-dev]
dev = [{ name = "vitruvyan-core", specifier = "==1.0.0" }]

[[package]]
name = "vitruvyan-core"
version = "1.0.0"
source = { git = "https://example.org/core?subdirectory=x&tag=v1.0.0#aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" }
"#;

#[test]
fn a_lock_from_git_is_edited() {
    let edits = uv_lock::edits(LOCK, "vitruvyan_core", &target()).expect("it can be edited");
    let expected = LOCK
        .replace("v1.0.0", "v1.2.0-beta.1")
        .replace("\"1.0.0\"", "\"1.2.0b1\"")
        .replace("==1.0.0", "==1.2.0b1")
        .replace(&"a".repeat(40), &"b".repeat(40));
    assert_eq!(apply(LOCK, &edits), expected);
    let locked = uv_lock::read(&expected, "vitruvyan-core");
    assert_eq!(locked.len(), 1);
    assert_eq!(locked[0].version.as_deref(), Some("1.2.0b1"));
    let source = uv_lock::Source::Git {
        tag: Some("v1.2.0-beta.1".into()),
        commit: Some("b".repeat(40)),
    };
    assert_eq!(locked[0].source, source);
}

#[test]
fn other_locks_are_made_anew() {
    for (old, new) in [
        (
            "{ git = \"https://example.org/core?sub",
            "{ registry = \"https://example.org/core?sub",
        ),
        ("subdirectory=x&tag=v1.0.0", "branch=main"),
        (
            "{ name = \"vitruvyan-core\" }",
            "{ name = \"vitruvyan-core\", version = \"1.0.0\" }",
        ),
        (
            "name = \"vitruvyan-core\"\nversion",
            "name = \"other\"\nversion",
        ),
        ("version = 1\n", "version = \n"),
    ] {
        let lock = LOCK.replace(old, new);
        assert_ne!(lock, LOCK, "{old}");
        assert_eq!(
            uv_lock::edits(&lock, "vitruvyan-core", &target()),
            None,
            "{new}"
        );
    }
}

/// Pieces that make a requirements file.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("vitruvyan-core==1.0.0".to_owned()),
        Just("Vitruvyan_Core [x] === 1.1 ; a == 'b'".to_owned()),
        Just("vitruvyan-core @ git+https://u@h/c@v1.0.0#egg=x".to_owned()),
        Just("-e git+https://h/c@v1.0.0#egg=vitruvyan-core".to_owned()),
        Just("vitruvyan-core>=1 --hash=sha256:0".to_owned()),
        Just(" \\".to_owned()),
        Just(" # è".to_owned()),
        Just("\r".to_owned()),
        "[ -~]{0,12}",
        ".{0,6}",
    ]
}

proptest! {
    /// Every byte outside the pins stays, and afterwards every edited pin names the target.
    #[test]
    fn only_the_pins_change(pieces in prop::collection::vec(piece(), 0..12), joints in prop::collection::vec("\n|\r\n||\\\\\n", 12)) {
        let text: String = pieces.iter().zip(&joints).flat_map(|(a, b)| [a.as_str(), b]).collect();
        let found = requirements::read(&text, "vitruvyan-core").pins;
        for pin in &found {
            prop_assert!(text.get(pin.span.clone()).is_some());
            if pin.is_exact() {
                prop_assert_eq!(&text[pin.span.clone()], pin.old());
            }
        }
        let (after, changes) = edited(&text, &found);
        let again = requirements::read(&after, "vitruvyan-core").pins;
        prop_assert_eq!(again.len(), found.len());
        let mut grown = 0isize;
        for ((pin, change), new) in found.iter().zip(&changes).zip(&again) {
            if let Change::To(text) = change {
                prop_assert_eq!(new.towards(&target()), Change::None);
                grown += text.len() as isize - pin.span.len() as isize;
            } else {
                prop_assert_eq!(&new.asks, &pin.asks);
            }
        }
        prop_assert_eq!(after.len() as isize, text.len() as isize + grown);
        let outside = |text: &str, pins: &[Pin]| {
            let gone: Vec<Edit> = pins.iter().zip(&changes).filter(|(_, c)| matches!(c, Change::To(_)))
                .map(|(pin, _)| Edit { span: pin.span.clone(), text: String::new() }).collect();
            apply(text, &gone)
        };
        prop_assert_eq!(outside(&text, &found), outside(&after, &again));
    }

    #[test]
    fn any_text_can_be_read(text in ".{0,200}", toml in "[\\[\\]a-z=\"'.{}, \n-]{0,80}") {
        for text in [&text, &toml, &format!("[project]\ndependencies = [{toml}]"), &format!("[tool.uv.sources]\nvitruvyan-core = {{{toml}}}")] {
            let _ = edited(text, &requirements::read(text, "vitruvyan-core").pins);
            let _ = edited(text, &pyproject::read(text, "vitruvyan-core"));
            let _ = uv_lock::edits(text, "vitruvyan-core", &target());
        }
    }

    /// A version in a string of any spelling: edited in place, or said to be unclear.
    #[test]
    fn a_pyproject_string_is_edited_or_left(version in "[0-9]{1,2}(\\.[0-9]{1,2}){0,2}(rc[0-9])?", quote in 0usize..4, before in "[ -~]{0,20}") {
        let quote = ["\"", "'", "\"\"\"", "'''"][quote];
        let before = before.replace(['"', '\\'], "");
        let text = format!("# {before}\n[project]\ndependencies = [{quote}vitruvyan-core=={version}{quote}, \"é\"] # x\n");
        let (after, changes) = pyproject_after(&text);
        prop_assert_eq!(changes.len(), 1);
        let new = if changes[0] == Change::None { version.clone() } else { "1.2.0b1".into() };
        prop_assert_eq!(after, text.replace(&format!("core=={version}"), &format!("core=={new}")));
    }
}
