//! What the README says of commands, exit codes and settings is what the program does.

use vit_contract::exit::ExitCode;
use vit_contract::settings;

use crate::program::vit;

const README: &str = include_str!("../../../../README.md");

/// The rows of the table under a heading, as cells.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let mut rows: Vec<Vec<&str>> = README
        .lines()
        .skip_while(|line| *line != heading)
        .skip(1)
        .take_while(|line| !line.starts_with("## "))
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|line| line.split(" | ").collect())
        .collect();
    assert!(rows.len() > 1, "no table under `{heading}`");
    rows.remove(0);
    rows
}

#[test]
fn every_command_in_the_table_exists_and_none_is_missing() {
    let commands: Vec<&str> = rows("## Commands")
        .into_iter()
        .map(|row| row[0].trim_matches('`'))
        .collect();
    for command in &commands {
        let mut words: Vec<&str> = command.split(' ').skip(1).collect();
        words.push("--help");
        let run = vit(&words);
        assert_eq!(run.code, Some(0), "{command}: {run}");
        assert!(run.stdout.contains(&format!("Usage: {command}")), "{run}");
    }
    let help = vit(&["--help"]).stdout;
    let listed = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next());
    for name in listed {
        let command = format!("vit {name}");
        assert!(commands.contains(&command.as_str()), "{command}");
    }
}

#[test]
fn the_exit_codes_are_those_of_the_program() {
    let table: Vec<(String, &str)> = rows("## Exit codes")
        .into_iter()
        .map(|row| (row[0].to_owned(), row[1]))
        .collect();
    let program: Vec<(String, &str)> = ExitCode::ALL
        .into_iter()
        .map(|exit| (exit.number().to_string(), exit.meaning()))
        .collect();
    assert_eq!(table, program);
}

#[test]
fn the_settings_of_another_core_are_read_without_a_problem() {
    let (_, rest) = README.split_once("```toml\n").unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    let reading = settings::read_vit_toml(settings::FILE_NAME, text.as_bytes());
    assert!(reading.problems.is_empty(), "{:#?}", reading.problems);
    assert_eq!(reading.value.unwrap().discovery, ["plugins/*"]);
}

/// Files that the documents name are there.
#[test]
fn links_lead_somewhere() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for link in README.split("](").skip(1) {
        let target = link.split(')').next().unwrap_or_default();
        let is_file = !target.starts_with('#') && !target.contains("://");
        assert!(!is_file || root.join(target).exists(), "{target}");
    }
}
