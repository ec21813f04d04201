//! `.vit` manifests, the list of what is installed, and the remote index.

use vit_contract::document::Reading;
use vit_contract::package::{self, Method, PackageManifest, Tier, index, installed};

use crate::codes;

const GOOD: &str = r#"package_name: service-mcp
package_version: "0.5.2"
package_type: service
status: beta
description: "integration"
compatibility:
  min_core_version: "1.15.0"
  max_core_version: "1.x.x"
  contracts_major: 1
  conflicts_with: ["service-old<2"]
dependencies:
  required: ["vitruvyan-core>=1.15.0"]
  optional: ["service-neural-engine>=2.0.0"]
  system: [docker]
installation:
  method: docker_compose
  compose_service: mcp
  compose_file: infrastructure/docker-compose.yml
  ports: ["8020:8020", "127.0.0.1:9000:90"]
  env_required: [OPENAI_API_KEY]
  env_optional: [MCP_LOG_LEVEL=INFO]
health:
  endpoint: "http://localhost:8020/health"
future_section: {a: 1}
"#;

fn read(text: &str) -> Reading<PackageManifest> {
    package::read("x.vit", text.as_bytes())
}

/// The good manifest with one text replaced.
fn with(from: &str, to: &str) -> Reading<PackageManifest> {
    assert!(GOOD.contains(from), "{from}");
    read(&GOOD.replacen(from, to, 1))
}

#[test]
fn a_manifest_is_read_whole() {
    let reading = read(GOOD);
    assert_eq!(codes(&reading.problems), Vec::<String>::new());
    let manifest = reading.value.unwrap();
    assert_eq!(manifest.tier, Tier::Package);
    assert_eq!(manifest.name.short(), "mcp");
    let Method::DockerCompose(compose) = &manifest.installation.method else {
        panic!("another method");
    };
    assert_eq!(compose.service, "mcp");
    assert_eq!(
        (manifest.health.interval, manifest.health.timeout),
        (30, 10)
    );
    assert_eq!(manifest.smoke_tests.timeout, 120);
    assert!(manifest.uninstallation.preserve_data);
    assert!(manifest.installation.env_required[0].is_secret());
    let ports: Vec<String> = manifest
        .installation
        .ports
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(ports, ["8020:8020", "127.0.0.1:9000:90"]);
    // What is read is written in the canonical form, and read as the same.
    let written = serde_json::to_string(&manifest).unwrap();
    let again: PackageManifest = serde_json::from_str(&written).unwrap();
    assert_eq!(again, manifest);
}

#[test]
fn case_23_two_addresses_with_one_port_do_not_clash() {
    let clash = |a: &str, b: &str| {
        let (a, b) = (
            package::Port::parse(a).unwrap(),
            package::Port::parse(b).unwrap(),
        );
        assert_eq!(a.clashes(&b), b.clashes(&a));
        a.clashes(&b)
    };
    assert!(clash("80:1", "80:2"));
    assert!(clash("127.0.0.1:80:1", "80:2"));
    assert!(clash("0.0.0.0:80:1", "127.0.0.1:80:2"));
    assert!(clash("127.0.0.1:80:1", "127.0.0.1:80:2"));
    assert!(!clash("127.0.0.1:80:1", "127.0.0.2:80:2"));
    assert!(!clash("80:1", "81:1"));
    assert!(clash("[::1]:80:1", "80:2") && !clash("[::1]:80:1", "127.0.0.1:80:2"));
}

#[test]
fn every_fault_has_its_code_and_place() {
    for (from, to, expected) in [
        ("service-mcp\n", "Service-MCP\n", "bad_package_name 1:15"),
        (
            "service-mcp\n",
            "vertical-<DOMAIN>\n",
            "package_template 1:15",
        ),
        (
            "package_type: service",
            "package_type: order",
            "package_type_mismatch 3:15",
        ),
        ("\"0.5.2\"", "0.5", "unquoted_version 2:18"),
        ("status: beta", "status: new", "bad_value 4:9"),
        ("\"1.x.x\"", "\"1.0.0\"", "range_inverted 7:21"),
        ("vitruvyan-core>=1.15.0", "redis", "bad_requirement 12:14"),
        (
            "vitruvyan-core>=1.15.0",
            "service-mcp",
            "bad_requirement 12:13",
        ),
        ("8020:8020", "8020", "bad_port 19:11"),
        ("8020:8020", "0:8020", "bad_port 19:11"),
        ("8020:8020", "8020:70000", "bad_port 19:11"),
        ("[OPENAI_API_KEY]", "[\"OPENAI API\"]", "bad_variable 20:18"),
        (
            "infrastructure/docker-compose.yml",
            "../x.yml",
            "bad_value 18:17",
        ),
        (
            "infrastructure/docker-compose.yml",
            "/etc/x.yml",
            "bad_value 18:17",
        ),
        (
            "compose_service: mcp",
            "compose_service: -x",
            "bad_value 17:20",
        ),
        ("  compose_service: mcp\n", "", "missing_field 15:1"),
        ("docker_compose", "apt", "bad_value 16:11"),
        ("http://localhost", "file://localhost", "bad_value 23:13"),
    ] {
        let reading = with(from, to);
        assert!(reading.value.is_none(), "{to}");
        assert_eq!(codes(&reading.problems).join(", "), expected, "{to}");
    }
}

#[test]
fn each_method_takes_its_own_fields() {
    let compose = "  method: docker_compose\n  compose_service: mcp\n  compose_file: infrastructure/docker-compose.yml\n";
    for (method, good) in [
        ("  method: pip\n  package: \"x>=1\"\n", true),
        ("  method: pip\n  package: \"--index-url=x\"\n", false),
        ("  method: pip\n", false),
        (
            "  method: git_clone\n  repository: https://example.org/x\n  install_path: extensions/x\n",
            true,
        ),
        (
            "  method: git_clone\n  repository: \"ext::sh -c x\"\n  install_path: extensions/x\n",
            false,
        ),
        (
            "  method: git_clone\n  repository: x\n  install_path: ../x\n",
            false,
        ),
        ("  method: script\n", false),
        ("  method: script\n  components: []\n", true),
        (
            "  method: script\n  script_url: https://example.org/x.sh\n",
            false,
        ),
    ] {
        let reading = with(compose, method);
        assert_eq!(
            reading.value.is_some(),
            good,
            "{method}\n{:?}",
            reading.problems
        );
    }
    let hashed = format!(
        "  method: script\n  script_url: https://example.org/x.sh\n  script_sha256: {}\n",
        "a".repeat(64)
    );
    assert!(with(compose, &hashed).value.is_some());
}

/// A value that somebody wrote where only a name belongs is a secret in no message.
#[test]
fn case_32_a_misplaced_value_is_not_shown() {
    let reading = with("[OPENAI_API_KEY]", "[\"OPENAI-KEY=sk-s3cret\"]");
    let problems = format!("{:?}", reading.problems);
    assert!(
        problems.contains("OPENAI-KEY") && !problems.contains("s3cret"),
        "{problems}"
    );
}

#[test]
fn the_list_of_installed_packages_is_read_in_both_spellings() {
    let text = r#"{"version": "1.0", "last_updated": "2026-02-19T16:45:00Z", "packages": [
        {"name": "service-b", "version": "1.0.0", "installed_method": "pip", "status": "active"},
        {"name": "service-a", "version": "2.0.0", "install_method": "script", "status": "error",
         "reason": "dependency", "dependencies": ["vitruvyan-core>=1.0.0"], "config": {"x": 1}},
        {"name": "service-a", "version": "3.0.0", "install_method": "script", "status": "active"},
        {"name": "../x", "version": "1.0.0", "install_method": "pip", "status": "active"}]}"#;
    let reading = installed::read("installed_packages.json", text.as_bytes());
    let list = reading.value.unwrap();
    let names: Vec<&str> = list.packages.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["service-a", "service-b"]);
    assert_eq!(list.packages[0].version.to_string(), "2.0.0");
    assert_eq!(list.packages[1].install_method, "pip");
    assert_eq!(list.packages[1].reason, installed::Reason::User);
    assert_eq!(reading.problems.len(), 2, "{:?}", reading.problems);
    let written = serde_json::to_string(&list).unwrap();
    assert!(written.contains("install_method") && !written.contains("installed_method"));
    for bad in [
        "",
        "[]",
        "{}",
        "{\"packages\": 7}",
        "{\"packages\": [], \"packages\": []}",
    ] {
        assert!(
            installed::read("x", bad.as_bytes()).value.is_none(),
            "{bad}"
        );
    }
}

#[test]
fn one_odd_entry_of_the_index_hides_no_other() {
    let hash = "b".repeat(64);
    let text = format!(
        r#"{{"registry_version": "1.0", "base_url": "https://example.org/r", "packages": {{
        "service-a": {{"type": "service", "latest": "banana", "versions": {{
            "1.0.0": {{"release_tag": "v1", "asset": "service-a-1.0.0.vit.tar.gz", "sha256": "{hash}"}},
            "1.1": {{"release_tag": "v1", "asset": "a"}},
            "1.2.0": {{"release_tag": "v1", "asset": "../a"}},
            "1.3.0": {{"release_tag": "v1", "asset": "a", "sha256": "TBD"}},
            "2.0.0": {{"release_tag": "v2", "asset": "a", "dependencies": {{"required": []}}}}}}}},
        "service-b": {{"type": "vertical", "versions": {{}}}},
        "Service-C": {{"type": "service", "versions": {{}}}},
        "service-d": 7}}}}"#
    );
    let reading = index::read("registry.json", text.as_bytes());
    let found = reading.value.unwrap();
    assert_eq!(found.packages.len(), 1);
    let versions: Vec<String> = found
        .packages
        .values()
        .next()
        .unwrap()
        .versions
        .keys()
        .map(ToString::to_string)
        .collect();
    assert_eq!(versions, ["1.0.0", "2.0.0"]);
    assert_eq!(reading.problems.len(), 6, "{:?}", reading.problems);
    assert!(reading.problems.iter().all(|problem| !problem.blocks()));
}
