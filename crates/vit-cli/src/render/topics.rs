//! The long help topics: `vit help environment`, `exit-codes`, `codes`.

use vit_contract::code::Code;
use vit_contract::exit::ExitCode;
use vit_contract::problem::Severity;

use super::table::{Cell, Table};
use super::{Coloring, Paint, View};
use crate::env::VARIABLES;

/// Writes a topic.
pub type Draw = fn(View) -> String;

/// The topics, and what each tells.
pub const TOPICS: &[(&str, Draw)] = &[
    ("environment", environment),
    ("exit-codes", exit_codes),
    ("codes", codes),
];

fn environment(view: View) -> String {
    let mut out = "Variables that are read. An empty one counts as not set.\n".to_owned();
    for (name, meaning) in VARIABLES {
        out.push_str(&format!("\n  {}\n      {meaning}\n", view.paint.bold(name)));
    }
    out.push_str(
        "\nGIT_DIR and its kin are not read: the installation is the folder's, or that of -C.\n",
    );
    out
}

fn exit_codes(view: View) -> String {
    let mut table = Table::new(&["exit", "meaning"]).indent(2);
    for code in ExitCode::ALL {
        table.row(vec![
            Cell::new(code.number().to_string()).paint(Paint::bold),
            Cell::new(code.meaning()),
        ]);
    }
    let whole = View {
        width: None,
        ..view
    };
    format!(
        "Every command keeps to these.\n\n{}\n\
         verify, history verify and doctor exit 1 when a check fails.\n\
         status --exit-code exits 4 when the installation is inconsistent.\n\
         A refusal has the same code in a dry run. A question answered with no exits 2, as every\n\
         upgrade does that was stopped before it changed anything.\n",
        table.draw(whole)
    )
}

fn codes(view: View) -> String {
    let mut table = Table::new(&["code", "usually", "meaning"]);
    for code in Code::ALL {
        let (severity, paint): (_, Coloring) = match code.severity() {
            Severity::Blocked => ("blocks", Paint::red),
            Severity::Warning => ("warns", Paint::yellow),
            Severity::Info => ("notes", Paint::dim),
        };
        table.row(vec![
            Cell::new(code.as_str()).paint(Paint::bold),
            Cell::new(severity).paint(paint),
            Cell::new(code.meaning()),
        ]);
    }
    let whole = View {
        width: None,
        ..view
    };
    format!(
        "{}\nA code never changes its meaning. `--accept CODE` accepts warnings, nothing else.\n",
        table.draw(whole)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_and_exit_status_is_told() {
        let all: String = TOPICS
            .iter()
            .map(|(_, draw)| draw(View::default()))
            .collect();
        for code in Code::ALL {
            assert!(all.contains(code.as_str()) && all.contains(code.meaning()));
        }
        for code in ExitCode::ALL {
            assert!(all.contains(code.meaning()));
        }
        for (name, _) in VARIABLES {
            assert!(all.contains(name));
        }
    }
}
