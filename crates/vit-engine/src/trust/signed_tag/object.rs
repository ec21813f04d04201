//! What a tag object says of itself: pure.

/// The lines that begin a signature, as git knows them.
const BEGINNINGS: [(&str, Kind); 4] = [
    ("-----BEGIN PGP SIGNATURE-----", Kind::Openpgp),
    ("-----BEGIN PGP MESSAGE-----", Kind::Openpgp),
    ("-----BEGIN SIGNED MESSAGE-----", Kind::X509),
    ("-----BEGIN SSH SIGNATURE-----", Kind::Ssh),
];

/// A kind of signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Openpgp,
    X509,
    Ssh,
}

/// A tag object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag {
    /// The object that it names.
    pub(super) object: String,
    /// What that is.
    pub(super) kind: String,
    /// The tag that it was made for.
    pub(super) name: String,
    /// What kind of signature it ends with.
    pub(super) signature: Option<Kind>,
}

impl Tag {
    /// Reads it: the three lines that git begins every tag object with, in their order.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let mut field = |name: &str| {
            let value = lines.next()?.strip_prefix(name)?.strip_prefix(' ')?;
            Some(value.to_owned())
        };
        let (object, kind, name) = (field("object")?, field("type")?, field("tag")?);
        // Git takes the last beginning for the signature's.
        let signature = body.lines().rev().find_map(|line| {
            let found = BEGINNINGS.iter().find(|(begin, _)| line.starts_with(begin));
            found.map(|(_, kind)| *kind)
        });
        Some(Self {
            object,
            kind,
            name,
            signature,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_beginning_counts_and_only_in_the_message() {
        let object = |message: &str| {
            let head = "object abc\ntype commit\ntag v1.0.0\ntagger T <t@example.org> 1 +0000\n";
            Tag::parse(format!("{head}\n{message}").as_bytes())
        };
        let tag = object("x\n").unwrap();
        assert_eq!((tag.name.as_str(), tag.signature), ("v1.0.0", None));
        let both = "-----BEGIN SSH SIGNATURE-----\nx\n-----BEGIN PGP SIGNATURE-----\ny\n";
        assert_eq!(object(both).unwrap().signature, Some(Kind::Openpgp));
        let indented = object(" -----BEGIN SSH SIGNATURE-----\n").unwrap();
        assert_eq!(indented.signature, None);
        for broken in [
            "",
            "tag v1\nobject a\ntype commit\n\n",
            "object a\ntype commit\n\ntag v1",
        ] {
            assert_eq!(Tag::parse(broken.as_bytes()), None, "{broken:?}");
        }
    }
}
