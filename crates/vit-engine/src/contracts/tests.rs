use proptest::prelude::*;

use super::*;

fn package(files: &[(&str, &str)]) -> Exports {
    let files = files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()))
        .collect();
    read("contracts", &files)
}

/// The names of a module, and whether it is open.
fn module(exports: &Exports, module: &str) -> (Vec<String>, bool) {
    let Exports::Modules { names, open } = exports else {
        panic!("{exports:?}")
    };
    let names = names.get(module).unwrap_or_else(|| panic!("{names:?}"));
    (names.iter().cloned().collect(), open.contains(module))
}

fn init(text: &str) -> (Vec<String>, bool) {
    module(&package(&[("__init__.py", text)]), "contracts")
}

#[test]
fn what_a_module_binds_is_exported() {
    let text = r#"
"""Docstring."""
from __future__ import annotations
import os.path
import numpy as np
from typing import Protocol as P, Any

VERSION: str = "1"
NOT_BOUND: int
a, (b, *c) = 1, (2, 3)
d = e = 4
type Alias = int

@decorator
class GraphPlugin(P):
    inner = 1
    def method(self): later = 2

async def run(): hidden = 1
def plain(): pass

if (walrus := 1): pass
for item in (1, 2): within_for = 1
with open("x") as handle: pass
squares = [n for n in range(3) if (leaked := n)]
key = lambda secret: secret
_private = 1
match squares:
    case [first, *others]: pass
    case {"k": value, **rest}: pass
    case whole: pass
"#;
    let names = "Alias Any GraphPlugin P VERSION a annotations b c d e first handle item key \
                 leaked np os others plain rest run squares value walrus whole within_for";
    let expected: Vec<String> = names.split_whitespace().map(str::to_owned).collect();
    assert_eq!(init(text), (expected, false));
}

#[test]
fn conditional_blocks_count() {
    let text = "
if TYPE_CHECKING:
    from .x import A
elif other:
    B = 1
else:
    def C(): pass
try:
    import fast as impl
except ImportError as error:
    impl = None
    D = 1
else:
    E = 1
finally:
    F = 1
";
    let (names, open) = init(text);
    assert_eq!(names, ["A", "B", "C", "D", "E", "F", "impl", "x"]);
    assert!(!open);
}

#[test]
fn a_deleted_name_is_gone_unless_in_a_block() {
    let (names, _) = init("A = 1\nB = 2\nC = 3\ndel A\nif x:\n    del B\ndel C\nC = 4\n");
    assert_eq!(names, ["B", "C"]);
}

#[test]
fn all_adds_names_and_hides_none() {
    for text in [
        "__all__ = ['_hidden', 'A']\nA = B = _hidden = 1",
        "__all__ = ('_hidden',) + ('A',)\nA = B = _hidden = 1",
        "__all__: list[str] = ['A']\n__all__ += ['_hidden']\nA = B = _hidden = 1",
        "__all__ = []\n__all__.extend(['A'])\n__all__.append('_hidden')\nA = B = _hidden = 1",
        "__all__ = sorted(['_hidden', *['A']])\nA = B = _hidden = 1",
        "__all__ = ['A']\n__all__ = __all__ + ['_hidden']\nA = B = _hidden = 1",
        "__all__ = ['_hidden', 'X']\n__all__.remove('X')\nA = B = _hidden = 1",
    ] {
        let expected = ["A", "B", "_hidden"].map(str::to_owned).to_vec();
        assert_eq!(init(text), (expected, false), "{text}");
    }
}

#[test]
fn an_all_that_cannot_be_told_opens_the_module() {
    for text in [
        "__all__ = [n for n in dir()]",
        "__all__ = names()",
        "__all__ = ['A'] + other",
        "__all__ = ['A', B.__name__]",
        "__all__.append(name)",
        "from elsewhere import __all__",
        "from elsewhere import __all__ as theirs\n__all__ = theirs",
    ] {
        assert!(init(text).1, "{text}");
    }
}

#[test]
fn the_all_of_other_modules_is_followed() {
    let exports = package(&[
        (
            "__init__.py",
            "from . import a\nfrom .b import *\nfrom .b import __all__ as b_all\n\
             import contracts.c\n\
             __all__ = a.__all__ + b_all + contracts.c.__all__ + d.__all__\nfrom . import d",
        ),
        ("a.py", "__all__ = ['_a']"),
        ("b.py", "__all__ = ['_b']\nhidden_from_star = 1"),
        ("c.py", "__all__ = ['_c']"),
        ("d.py", "__all__ = ['_d']"),
    ]);
    let expected = [
        "_a",
        "_b",
        "_c",
        "_d",
        "a",
        "b",
        "b_all",
        "c",
        "contracts",
        "d",
    ];
    assert_eq!(
        module(&exports, "contracts"),
        (expected.map(str::to_owned).to_vec(), false)
    );
    let open = package(&[
        ("__init__.py", "from . import a\n__all__ = a.__all__"),
        ("a.py", "X = 1"),
    ]);
    assert!(module(&open, "contracts").1, "a has no __all__");
}

#[test]
fn stars_are_followed_through_cycles() {
    let exports = package(&[
        ("__init__.py", "from .a import *"),
        ("a.py", "from .b import *\nA = 1\n_p = 1"),
        (
            "b.py",
            "from .a import *\nfrom . import *\nfrom .sub.c import *\nB = 1",
        ),
        (
            "sub/c.py",
            "from ..b import *\nfrom contracts.d import *\nC = 1",
        ),
        ("d.py", "from vitruvyan_core.contracts.e import *"),
        ("e.py", "E = 1\nfrom contracts.e import *"),
    ]);
    for name in ["contracts.a", "contracts.b", "contracts.sub.c"] {
        let (names, open) = module(&exports, name);
        for expected in ["A", "B", "C", "E"] {
            assert!(names.contains(&expected.to_owned()), "{name}: {names:?}");
        }
        assert!(!open, "{name}");
    }
    let (names, _) = module(&exports, "contracts");
    assert!(names.contains(&"E".to_owned()) && !names.contains(&"_p".to_owned()));
}

#[test]
fn a_star_respects_all_and_a_later_del() {
    let exports = package(&[
        ("__init__.py", "from .a import *\ndel B"),
        ("a.py", "__all__ = ['A', 'B', '_c']\nA = B = _c = D = 1"),
    ]);
    let (names, open) = module(&exports, "contracts");
    assert_eq!(names, ["A", "a"]);
    assert!(!open);
    let empty = package(&[
        ("__init__.py", "from .a import *"),
        ("a.py", "__all__ = []\nA = 1"),
    ]);
    assert_eq!(module(&empty, "contracts").0, ["a"]);
}

#[test]
fn what_cannot_be_followed_opens_the_module_and_its_takers() {
    for text in [
        "from numpy import *",
        "from .gone import *",
        "from ..above import *",
        "def __getattr__(name): ...",
        "from lazy import attach as __getattr__",
        "globals()['A'] = 1",
        "for n in names: globals()[n] = 1",
        "globals().update(x)",
        "setattr(module, 'A', 1)",
        "sys.modules[__name__] = Lazy()",
        "exec(code)",
        "class (",
    ] {
        let exports = package(&[("__init__.py", "from .a import *"), ("a.py", text)]);
        assert!(module(&exports, "contracts.a").1, "{text}");
        assert!(module(&exports, "contracts").1, "{text}");
    }
}

#[test]
fn a_syntax_error_keeps_what_can_be_read() {
    let (names, open) = init("A = 1\ndef broken(:\n    pass\nB = 2\n");
    assert!(names.contains(&"A".to_owned()) && names.contains(&"B".to_owned()));
    assert!(open);
}

#[test]
fn submodules_are_names_of_their_package() {
    let exports = package(&[
        ("__init__.py", ""),
        ("events/bus.py", "Bus = 1"),
        ("events/bus/__init__.py", "PackageWins = 1"),
        ("deep/er/x.py", "X = 1"),
        ("native.cpython-312-x86_64-linux-gnu.so", ""),
        ("_internal.py", "Y = 1"),
        ("README.md", "no"),
        ("bad-name.py", "Z = 1"),
        ("stub.pyi", "Z = 1"),
    ]);
    assert_eq!(
        module(&exports, "contracts").0,
        ["deep", "events", "native"]
    );
    assert_eq!(module(&exports, "contracts.events").0, ["bus"]);
    assert_eq!(module(&exports, "contracts.events.bus").0, ["PackageWins"]);
    assert_eq!(module(&exports, "contracts.deep.er").0, ["x"]);
    assert!(module(&exports, "contracts.native").1);
}

#[test]
fn a_name_is_looked_up_with_any_prefix() {
    use ContractState::{Exported, Missing, Unknown};
    let exports = package(&[
        (
            "__init__.py",
            "class GraphPlugin: pass\nfrom .events import Bus",
        ),
        ("events.py", "Bus = 1"),
        ("lazy.py", "def __getattr__(n): ..."),
        ("_internal.py", "Y = 1"),
    ]);
    for (dotted, state) in [
        ("contracts", Exported),
        ("GraphPlugin", Exported),
        ("contracts.GraphPlugin", Exported),
        ("vitruvyan_core.contracts.GraphPlugin", Exported),
        ("contracts.events", Exported),
        ("contracts.events.Bus", Exported),
        ("contracts._internal.Y", Exported),
        ("contracts.GraphPlugin.run", Unknown),
        ("contracts.lazy.Anything", Unknown),
        ("contracts.lazy.any.thing", Unknown),
        ("contracts.Gone", Missing),
        ("contracts.gone.Bus", Missing),
        ("contracts.events.Gone", Missing),
        ("Gone", Missing),
        ("other.GraphPlugin", Missing),
        ("contracts.", Missing),
        ("", Missing),
    ] {
        assert_eq!(lookup(&exports, dotted), state, "{dotted}");
    }
    let unreadable = Exports::Unreadable("why".into());
    assert_eq!(lookup(&unreadable, "contracts.X"), Unknown);
}

#[test]
fn what_is_no_text_is_open_and_no_file_at_all_is_unreadable() {
    let large = format!("A = 1\n#{}", "x".repeat(MAX_FILE_BYTES));
    let files = BTreeMap::from([
        ("__init__.py".to_owned(), b"\xff\xfe".to_vec()),
        ("large.py".to_owned(), large.into_bytes()),
        (
            "bom.py".to_owned(),
            b"\xef\xbb\xbfA = 1\r\nB = 2\r\n".to_vec(),
        ),
    ]);
    let exports = read("contracts", &files);
    assert!(module(&exports, "contracts").1);
    assert!(module(&exports, "contracts.large").1);
    assert_eq!(
        module(&exports, "contracts.bom"),
        (vec!["A".to_owned(), "B".to_owned()], false)
    );
    assert!(matches!(package(&[]), Exports::Unreadable(_)));
    assert!(matches!(package(&[("x.md", "")]), Exports::Unreadable(_)));
}

/// Nothing that a stranger writes overflows the stack; the other modules are read all the same.
#[test]
fn hostile_nesting_is_open_and_harmless() {
    const N: usize = 100_000;
    let indented: String = (0..1200)
        .map(|n| format!("{}if x:\n", " ".repeat(n)))
        .collect();
    for (name, text) in [
        (
            "parentheses",
            format!("A = {}1{}", "(".repeat(N), ")".repeat(N)),
        ),
        ("unclosed", "(".repeat(N)),
        ("closers", ")".repeat(N)),
        ("lists", format!("__all__ = {}", "[".repeat(N))),
        ("attributes", format!("A = x{}", ".y".repeat(N))),
        ("calls", format!("A = x{}", "()".repeat(N))),
        ("subscripts", format!("A = x{}", "[0]".repeat(N))),
        ("unary", format!("A = {}1", "~".repeat(N))),
        ("nots", format!("A = {}1", "not ".repeat(N))),
        ("sums", format!("__all__ = a{}", " + a".repeat(N))),
        ("powers", format!("A = a{}", "**a".repeat(N))),
        (
            "ternaries",
            format!("A = {}1", "a if b else ".repeat(N / 2)),
        ),
        ("lambdas", format!("A = {}1", "lambda a, b: ".repeat(N / 2))),
        (
            "walrus",
            format!("A = {}1{}", "(a := ".repeat(N), ")".repeat(N)),
        ),
        ("one_line", format!("{}pass", "if x: ".repeat(N))),
        ("indented", format!("{indented}{}pass", " ".repeat(1200))),
        ("lambda_defaults", "lambda a=".repeat(N / 2)),
        ("f_strings", "f'{".repeat(N / 2)),
        (
            "hidden_in_string",
            format!("f\"\"\"{{ \"\"\" {} \"\"\"", "~".repeat(N)),
        ),
        ("patterns", format!("match x:\n case {}1", "[".repeat(N))),
        ("types", format!("def f(a: {}", "x[".repeat(N))),
    ] {
        let exports = package(&[("__init__.py", "A = 1"), ("bad.py", &text)]);
        assert!(
            module(&exports, "contracts.bad").1 || name == "closers",
            "{name}"
        );
        assert_eq!(lookup(&exports, "contracts.A"), ContractState::Exported);
    }
}

#[test]
fn wide_and_long_modules_are_not_deep() {
    let entries: String = (0..5000).map(|n| format!("'N{n}',\n")).collect();
    let table: String = (0..500)
        .map(|n| format!("'k{n}': lambda a, b: a.b(c)[0],\n"))
        .collect();
    let lines: String = (0..5000)
        .map(|n| format!("x{n} = a.b + c.d(e)\n"))
        .collect();
    let (names, open) = init(&format!("__all__ = [{entries}]\nT = {{{table}}}\n{lines}"));
    assert_eq!(names.len(), 10_001);
    assert!(!open);
}

/// A long chain and a large circle of stars settle in time that grows with what is handed on.
#[test]
fn long_chains_and_circles_of_stars_settle() {
    let files = |count: usize, last: usize| -> BTreeMap<String, Vec<u8>> {
        (0..count)
            .map(|n| {
                let next = if n + 1 == count { last } else { n + 1 };
                let text = format!("from .m{next:04} import *\nN{n} = 1\n");
                (format!("m{n:04}.py"), text.into_bytes())
            })
            .collect()
    };
    let exports = read("contracts", &files(300, 0));
    assert_eq!(module(&exports, "contracts.m0150").0.len(), 300);
    assert!(!module(&exports, "contracts.m0150").1);
    let exports = read("contracts", &files(300, 9999));
    assert!(
        module(&exports, "contracts.m0000").1,
        "the last one's source is not there"
    );
}

proptest! {
    #[test]
    fn never_panics(texts in prop::collection::vec("[a-z_ .,:=()\\[\\]{}'\"\\\\\n\t*+#fdel@|~]{0,80}", 1..4)) {
        let files = texts
            .into_iter()
            .enumerate()
            .map(|(n, text)| (format!("m{n}.py"), text.into_bytes()))
            .collect();
        let _ = read("contracts", &files);
    }

    #[test]
    fn any_dotted_name_has_a_state(dotted in "[a-zA-Z._]{0,24}") {
        let exports = package(&[("__init__.py", "A = 1"), ("b.py", "")]);
        let _ = lookup(&exports, &dotted);
    }
}
