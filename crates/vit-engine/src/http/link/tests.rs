use proptest::prelude::*;

use super::*;

fn base() -> Address {
    Address::configured("https://api.example/repos/o/r/releases?per_page=100").unwrap()
}

fn next_of(header: &str) -> Result<Option<String>, BadAddress> {
    let headers = Headers(vec![("link".to_owned(), header.to_owned())]);
    let found = next(&headers, &base())?;
    Ok(found.map(|address| address.url().to_string()))
}

#[test]
fn the_next_page_is_found() {
    let page = "https://api.example/repositories/1/releases?page=2";
    for header in [
        format!("<{page}>; rel=\"next\", <https://api.example/x?page=9>; rel=\"last\""),
        format!("<https://api.example/x>; rel=prev, <{page}>;rel=next"),
        format!(
            "<https://api.example/a,b;c>; rel=\"first\", <{page}>; title=\"a, b; rel=\\\"last\\\"\"; rel=\"NEXT\""
        ),
        format!("<{page}>; rel=\"prefetch next\""),
        format!("  <{page}> ;\trel = \"next\"  "),
        format!(", ,<{page}>; rel=next; rel=prev"),
        format!("<{page}>; crossorigin; rel=next"),
    ] {
        assert_eq!(next_of(&header).unwrap().as_deref(), Some(page), "{header}");
    }
    for header in [
        "",
        "garbage",
        "<https://api.example/x>; rel=\"last\"",
        "<https://api.example/x>",
        "<https://api.example/x; rel=next",
        "<https://api.example/x>; title=\"rel=next\"",
        "<https://api.example/x>; rel=prev; rel=next",
        "<https://api.example/x>; rel=\"next",
        "<https://api.example/x>; rel=nextish",
    ] {
        assert_eq!(next_of(header).unwrap(), None, "{header}");
    }
    let relative = next_of("</releases?page=3>; rel=next").unwrap();
    assert_eq!(
        relative.as_deref(),
        Some("https://api.example/releases?page=3")
    );
    // Several headers are one.
    let two = Headers(vec![
        (
            "link".to_owned(),
            "<https://api.example/1>; rel=prev".to_owned(),
        ),
        (
            "link".to_owned(),
            "<https://api.example/9>; rel=last".to_owned(),
        ),
    ]);
    assert_eq!(next(&two, &base()).unwrap(), None);
    let found = last(&two, &base()).unwrap().unwrap();
    assert_eq!(found.to_string(), "https://api.example/9");
}

#[test]
fn case_29_the_next_page_is_on_the_same_server() {
    for target in [
        "https://evil.example/x?page=2&token=s3cret",
        "http://api.example/x?page=2",
        "https://api.example:8443/x",
        "https://api.example.evil.example/",
        "//evil.example/x",
        "https://api.example@evil.example/",
        "https://127.0.0.1/",
        "file:///etc/passwd",
        "https://api.example/\rx",
        "\\\\evil.example\\x",
    ] {
        let error = next_of(&format!("<{target}>; rel=\"next\"")).expect_err(target);
        assert!(!error.to_string().contains("s3cret"), "{error}");
        assert!(!error.to_string().contains('\r'), "{error}");
    }
}

proptest! {
    #[test]
    fn no_header_breaks_the_parser(header in "\\PC{0,200}|[<>;,=\"\\\\ a-z:/?]{0,80}") {
        for link in parse(&header) {
            prop_assert!(header.contains(link.target.as_str()));
        }
        let _ = next_of(&header);
    }

    /// What is written by the rules is read as it was meant, whatever stands in it.
    #[test]
    fn what_is_written_is_read(
        targets in prop::collection::vec("[a-z0-9/?&=,;.~-]{1,30}", 0..5),
        title in "[ -~]{0,20}",
        rel in "[a-z]{1,8}( [a-z]{1,8})?",
    ) {
        let quoted = title.replace('\\', "\\\\").replace('"', "\\\"");
        let header = targets
            .iter()
            .map(|target| format!("<{target}>; title=\"{quoted}\"; rel=\"{rel}\""))
            .collect::<Vec<_>>()
            .join(", ");
        let links = parse(&header);
        prop_assert_eq!(links.len(), targets.len());
        for (link, target) in links.iter().zip(&targets) {
            prop_assert_eq!(&link.target, target);
            prop_assert_eq!(link.rels.join(" "), rel.clone());
        }
    }
}
