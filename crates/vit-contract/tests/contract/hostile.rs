//! No input makes a reader panic, hang or overflow the stack.

use proptest::prelude::*;
use semver::Version;
use vit_contract::problem::{Place, Problem};
use vit_contract::{code::Code, history, release, settings, snippet, vertical};

const VALID: [&[u8]; 5] = [
    include_bytes!("../fixtures/manifest_full.yaml"),
    include_bytes!("../fixtures/manifest_faults.yaml"),
    include_bytes!("../fixtures/release_canonical.json"),
    include_bytes!("../fixtures/release_wild.json"),
    b"[tool.vit]\ncore_package = [\"a\", 'b']\nregistry = {kind = \"git\"}\n[[x.y]]\nz = 1979-05-27\n",
];

/// Hands the bytes to every reader and shows whatever they say.
fn read_everywhere(bytes: &[u8]) {
    let mut problems = vertical::read("f", bytes).problems;
    problems.extend(release::read("f", bytes, &Version::new(1, 4, 0)).problems);
    problems.extend(settings::read_vit_toml("f", bytes).problems);
    if let Some(reading) = settings::read_pyproject("f", bytes) {
        problems.extend(reading.problems);
    }
    let _ = history::read(bytes);
    for problem in &problems {
        let shown = snippet::render(problem, false);
        assert!(
            !shown.chars().any(|c| c.is_control() && c != '\n'),
            "{shown:?}"
        );
    }
}

#[test]
fn case_31_bombs_cost_nothing() {
    let mut laughs = String::from("a0: &a0 lol\n");
    for level in 1..200 {
        let before = level - 1;
        laughs += &format!("a{level}: &a{level} [*a{before}, *a{before}]\n");
    }
    read_everywhere(laughs.as_bytes());
    for unit in [
        "[", "{", "- ", "? ", "a: {", "[a.", "x.", "[[a]]\n", "!!", "&", "%", "\"", "|\n ",
        "a:\n ", "{\"a\":[",
    ] {
        read_everywhere(unit.repeat(240_000 / unit.len()).as_bytes());
    }
    let indents: String = (0..600).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    read_everywhere(indents.as_bytes());
    let wrong = format!("contracts_used: [{}]", "1,".repeat(100_000));
    let reading = vertical::read("f", wrong.as_bytes());
    assert!(reading.problems.len() <= 100, "{}", reading.problems.len());
}

#[test]
fn case_30_a_snippet_shows_controls_and_obeys_none() {
    let mut place = Place::file("a\x1b[2Jb.yaml");
    place.line = Some(3);
    place.column = Some(8);
    place.length = Some(5);
    place.text = Some("k\x1b: \u{202e}\tvalue\r".into());
    let problem = Problem::new(
        Code::BadValue,
        "s",
        "has\x1b]0;title\x07 controls\nand lines",
    )
    .evidence("first \u{9b}31m\nsecond\r")
    .hint(vit_contract::problem::Who::You, "press \x08 here")
    .url("https://example.org/\x1b]8;;x")
    .at(place);
    insta::assert_snapshot!(snippet::render(&problem, false));
    let colored = snippet::render(&problem, true);
    // Colours are the only sequences: nothing of the problem itself gets through.
    let ours = colored.split('\x1b').skip(1).all(|part| {
        part.strip_prefix('[')
            .and_then(|part| part.split_once('m'))
            .is_some_and(|(style, _)| style.bytes().all(|b| b.is_ascii_digit() || b == b';'))
    });
    assert!(ours, "{colored:?}");
}

fn mutations() -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), 0..5u8, any::<u8>());
    let changes = prop::collection::vec(change, 1..8);
    (0..VALID.len(), changes).prop_map(|(which, changes)| {
        let mut bytes = VALID[which].to_vec();
        for (index, kind, byte) in changes {
            if bytes.is_empty() {
                break;
            }
            let at = index.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => drop(bytes.remove(at)),
                3 => bytes.insert(
                    at,
                    b"\t\n\r{}[]:,-?&*#|>'\"%@`!=.\\"[usize::from(byte) % 25],
                ),
                _ => bytes.truncate(at),
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn case_31_random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        read_everywhere(&bytes);
    }

    #[test]
    fn case_31_random_text_never_panics(text in "(?s)[-a-c :\\n\\t\\r\\[\\]{},&*#|>'\"%@!?=.0-2é\u{feff}\u{85}]{0,64}") {
        read_everywhere(text.as_bytes());
    }

    #[test]
    fn case_31_mutated_documents_never_panic(bytes in mutations()) {
        read_everywhere(&bytes);
    }
}
