//! What a rehearsal shares with the live system: it is said, not hidden.

use std::path::{Path, PathBuf};

use vit_contract::document::{self, Format, Node, Value};
use vit_contract::plan::{Plan, Step};
use vit_contract::text;

use super::files::Brought;
use super::submodules::Submodules;
use crate::store::atomic;

/// The largest compose file that is read, in bytes.
const MAX_BYTES: usize = 1024 * 1024;
/// How many paths or ports a sentence names.
const NAMED: usize = 10;
/// Folders in which compose files are looked for.
const FOLDERS: [&str; 2] = ["", "infrastructure/docker"];

/// The sentences, for a plan whose target stands in `tree`.
#[must_use]
pub(super) fn shared(
    plan: &Plan,
    tree: &Path,
    (brought, submodules): (&Brought, &Submodules),
) -> Vec<String> {
    let mut said = vec![
        "network ports, services, databases and files outside the installation are the live ones"
            .to_owned(),
    ];
    for path in compose_files(tree) {
        let name = text::visible(&path.display().to_string());
        match published(&tree.join(&path)) {
            None => said.push(format!("the ports that {name} publishes could not be read")),
            Some(ports) if ports.is_empty() => {}
            Some(ports) => said.push(format!(
                "{name} publishes host ports that the live system may hold: {}",
                named(ports.iter().map(|port| text::visible(port)))
            )),
        }
    }
    for step in &plan.steps {
        if let Step::Command(command) = step {
            said.push(format!(
                "the step {} was not run: it would change the live system",
                text::visible(&command.name)
            ));
        }
    }
    for (paths, what) in [
        (
            &brought.left_out,
            "not in the rehearsal, too large or not to be copied",
        ),
        (
            &brought.repositories,
            "git repositories inside the installation are not in the rehearsal, their files are",
        ),
        (
            &submodules.missing,
            "submodules whose folder is empty in the rehearsal",
        ),
    ] {
        if !paths.is_empty() {
            let paths = paths.iter();
            let names = paths.map(|path| text::visible(&path.display().to_string()));
            said.push(format!("{what}: {}", named(names)));
        }
    }
    said
}

fn named(mut names: impl Iterator<Item = String>) -> String {
    let mut shown: Vec<String> = names.by_ref().take(NAMED).collect();
    let more = names.count();
    if more > 0 {
        shown.push(format!("and {more} more"));
    }
    shown.join(", ")
}

/// The compose files of a tree, relative to it, sorted.
fn compose_files(tree: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in FOLDERS {
        for entry in std::fs::read_dir(tree.join(folder))
            .into_iter()
            .flatten()
            .flatten()
        {
            let name = entry.file_name();
            let text = name.to_string_lossy();
            let compose = text.starts_with("docker-compose") || text.starts_with("compose");
            if compose && (text.ends_with(".yml") || text.ends_with(".yaml")) {
                found.push(Path::new(folder).join(name));
            }
        }
    }
    found.sort();
    found
}

/// The host ports that a compose file publishes, as they are written; `None` where it cannot be
/// read.
fn published(path: &Path) -> Option<Vec<String>> {
    let bytes = atomic::read_bounded(path, MAX_BYTES).ok()??;
    let document = document::parse(Format::Yaml, "compose file", &bytes, MAX_BYTES).value?;
    let mut ports = Vec::new();
    for (_, service) in pairs(get(&document.root, "services")) {
        let Some(Value::Seq(list)) = get(Some(service), "ports").map(|node| &node.value) else {
            continue;
        };
        ports.extend(list.iter().filter_map(host_port));
    }
    ports.sort();
    ports.dedup();
    Some(ports)
}

fn host_port(node: &Node) -> Option<String> {
    if let Value::Map(_) = node.value {
        return get(Some(node), "published")?.key_text();
    }
    let text = node.key_text()?;
    // `address:host:container/protocol`; a `:` in a variable's default is none of these.
    let mut parts = vec![String::new()];
    let mut depth = 0_usize;
    for c in text.split('/').next()?.chars() {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if c == ':' && depth == 0 {
            parts.push(String::new());
        } else if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    let host = parts.len().checked_sub(2)?;
    Some(parts.swap_remove(host)).filter(|port| !port.is_empty())
}

fn get<'n>(node: impl Into<Option<&'n Node>>, name: &str) -> Option<&'n Node> {
    pairs(node)
        .find(|(key, _)| key == name)
        .map(|(_, value)| value)
}

fn pairs<'n>(node: impl Into<Option<&'n Node>>) -> impl Iterator<Item = (String, &'n Node)> {
    let list = match node.into().map(|node| &node.value) {
        Some(Value::Map(pairs)) => pairs.as_slice(),
        _ => &[],
    };
    list.iter()
        .filter_map(|pair| Some((pair.key.key_text()?, &pair.value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ports(compose: &str) -> Option<Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("compose.yaml");
        let mut file = std::fs::File::create(&path).unwrap();
        std::io::Write::write_all(&mut file, compose.as_bytes()).unwrap();
        published(&path)
    }

    #[test]
    fn host_ports_in_every_spelling() {
        let found = ports(
            "services:\n  a:\n    ports:\n      - \"8080:80\"\n      - 127.0.0.1:5432:5432/tcp\n      \
             - \"${PORT:-9000}:90\"\n      - \"[::1]:7000-7002:70-72\"\n      - 3000\n  b:\n    \
             ports:\n      - target: 80\n        published: 8443\n  c:\n    image: x\n",
        );
        let expected = ["${PORT:-9000}", "5432", "7000-7002", "8080", "8443"];
        assert_eq!(found.unwrap(), expected);
    }

    #[test]
    fn what_is_no_compose_file_names_no_port() {
        assert_eq!(ports("- a\n- b\n"), Some(Vec::new()));
        assert_eq!(ports("services: {a: {ports: none}}\n"), Some(Vec::new()));
        assert_eq!(ports("{"), None);
    }
}
