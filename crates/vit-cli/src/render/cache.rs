//! `vit cache info` and `vit cache clean`.

use vit_contract::duration;
use vit_contract::output::{CacheCleanReport, CacheInfoReport};
use vit_contract::text::visible;

use super::table::{Cell, Table};
use super::{Paint, View, bytes, count, problems, time};

/// What is in the cache, as text.
#[must_use]
pub fn info(report: &CacheInfoReport, view: View) -> String {
    let mut table = Table::bare(0);
    let mut add = |name: &str, value: &str| {
        table.row(vec![Cell::new(name).paint(Paint::dim), Cell::new(value)]);
    };
    if let Some(folder) = &report.folder {
        let named_by = report.named_by.as_deref().unwrap_or("?");
        add("folder", &format!("{folder} (by {named_by})"));
    }
    if report.problems.is_empty() {
        add("kept", &count(report.entries, "answer"));
        let size = bytes(report.bytes);
        add("size", &format!("{size} of {}", bytes(report.max_bytes)));
    }
    if let (Some(oldest), Some(newest)) = (report.oldest, report.newest) {
        add("oldest", &time(oldest));
        add("newest", &time(newest));
    }
    if report.damaged > 0 {
        let damaged = count(report.damaged, "file");
        add("damaged", &format!("{damaged}, never used"));
    }
    let mut out = table.draw(View {
        width: None,
        ..view
    });
    if !report.hosts.is_empty() {
        let mut table = Table::new(&["server", "answers", "size"]);
        for host in &report.hosts {
            table.row(vec![
                Cell::new(&host.host),
                Cell::new(host.entries.to_string()),
                Cell::new(bytes(host.bytes)),
            ]);
        }
        out.push_str(&format!("\n{}", table.draw(view)));
    }
    if !report.limits.is_empty() {
        out.push_str("\nnot asked for now: the server allows no more requests\n");
    }
    for limit in &report.limits {
        let whom = if limit.with_token {
            "with a token"
        } else {
            "without a token"
        };
        let line = format!(
            "  {} until {}, {whom}",
            visible(&limit.host),
            time(limit.until)
        );
        out.push_str(&format!("{}\n", view.paint.yellow(&line)));
    }
    out.push_str(&problems::problems(&report.problems, view));
    out
}

/// What was removed, as text.
#[must_use]
pub fn clean(report: &CacheCleanReport, view: View) -> String {
    let older = report.older_than_seconds.map_or_else(String::new, |it| {
        format!(" older than {}", duration::text(it))
    });
    let mut out = if report.files_removed == 0 {
        format!("nothing{older} to remove in {}\n", visible(&report.folder))
    } else {
        format!(
            "{}{older} removed, {} freed in {}\n",
            count(report.entries_removed, "answer"),
            bytes(report.bytes_freed),
            visible(&report.folder)
        )
    };
    if report.entries > 0 {
        let left = format!(
            "{}, {}",
            count(report.entries, "answer"),
            bytes(report.bytes)
        );
        out.push_str(&format!("{} {left}\n", view.paint.dim("left:")));
    }
    if report.not_removed > 0 {
        let line = format!("{} could not be removed", count(report.not_removed, "file"));
        out.push_str(&format!("{}\n", view.paint.red(&line)));
    }
    out
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::render::samples;

    #[test]
    fn what_is_kept() {
        let report = CacheInfoReport {
            problems: Vec::new(),
            ..samples::cache_info()
        };
        assert_snapshot!(info(&report, View::default()), @"
        folder   /home/ana/.cache/vit (by HOME)
        kept     12 answers
        size     3.2 MiB of 256 MiB
        oldest   2026-02-01 08:00:00Z
        newest   2026-03-01 07:58:00Z
        damaged  1 file, never used

        server          answers  size
        api.github.com  12       3.2 MiB

        not asked for now: the server allows no more requests
          api.github.com until 2026-03-01 08:30:00Z, without a token
        ");
    }

    #[test]
    fn what_was_removed() {
        let report = samples::cache_clean();
        assert_snapshot!(clean(&report, View::default()), @"
        1 answer older than 1d removed, 3.2 MiB freed in /home/ana/.cache/vit
        left: 3 answers, 512 B
        1 file could not be removed
        ");
        let nothing = CacheCleanReport {
            files_removed: 0,
            entries: 0,
            older_than_seconds: None,
            not_removed: 0,
            ..report
        };
        assert_snapshot!(clean(&nothing, View::default()), @"nothing to remove in /home/ana/.cache/vit");
    }
}
