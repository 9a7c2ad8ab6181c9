//! The list of links, one for each rater.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::page::html::escaped;
use crate::page::pages::Pages;

/// The links of a study: which rater enters with which code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links(Vec<Link>);

/// The link of one rater.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The rater.
    pub rater: String,
    /// The code.
    pub code: String,
    /// The address of the page, with the code.
    pub address: String,
}

impl Links {
    /// Returns the links of a page with a given address, such as `https://example.org/test/`.
    #[must_use]
    pub fn new(pages: &Pages<'_>, address: &str) -> Self {
        let separator = if address.contains('?') { '&' } else { '?' };
        Self::with(pages, |code| format!("{address}{separator}code={code}"))
    }

    /// Returns the links with the address for each code.
    pub fn with(pages: &Pages<'_>, address: impl Fn(&str) -> String) -> Self {
        let sessions = pages.plan().sessions.iter().enumerate();
        let link = |(index, session): (usize, &crate::trial::Session)| {
            let code = pages.code(index);
            Link { rater: session.rater.clone(), address: address(&code), code }
        };
        Self(sessions.map(link).collect())
    }

    /// Returns the path of the list next to a bundle: `<bundle>.links.html`.
    #[must_use]
    pub fn path_beside(bundle: &Path) -> PathBuf {
        let mut name = bundle.file_name().map_or_else(|| OsString::from("bundle"), OsString::from);
        name.push(".links.html");
        bundle.with_file_name(name)
    }

    /// Iterates over the links, in the order of the plan.
    pub fn iter(&self) -> impl Iterator<Item = &Link> {
        self.0.iter()
    }

    /// Returns a page to be printed, with one row for each rater.
    ///
    /// # Panics
    ///
    /// Never: a string takes every text.
    #[must_use]
    pub fn to_html(&self, study: &str) -> String {
        let mut rows = String::new();
        for Link { rater, code, address } in &self.0 {
            let (rater, address) = (escaped(rater), escaped(address));
            let row = writeln!(
                rows,
                "<tr><td>{rater}</td><td><code>{code}</code></td><td><a href=\"{address}\">{address}</a></td></tr>"
            );
            row.expect("a string takes every text");
        }
        let study = escaped(study);
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Links of {study}</title>\n\
             <style>body{{font:1rem/1.5 system-ui,sans-serif;margin:2rem}}td,th{{padding:.4rem 1rem .4rem 0;text-align:left}}\
             tr{{break-inside:avoid;border-bottom:1px dashed #888}}table{{border-collapse:collapse}}</style>\n</head>\n<body>\n\
             <h1>Links of {study}</h1>\n<p>One for each rater. Whoever has a link can answer in that rater's place.</p>\n\
             <table>\n<tr><th>Rater</th><th>Code</th><th>Link</th></tr>\n{rows}</table>\n</body>\n</html>\n"
        )
    }
}
