//! The static parts of pages.

/// The static parts of a page: markup, style and script.
///
/// The markup has the places `{{policy}}`, `{{language}}`, `{{direction}}`, `{{title}}`, `{{noscript}}`, `{{style}}`,
/// `{{script}}` and `{{data}}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template {
    /// The markup.
    pub html: &'static str,
    /// The style sheet.
    pub style: &'static str,
    /// The script.
    pub script: &'static str,
}

/// One choice from a scale for each trial, after one clip or two.
pub(crate) const ONE_CHOICE: Template = Template {
    html: include_str!("../page/page.html"),
    style: include_str!("../page/page.css"),
    script: concat!(
        include_str!("../page/store.js"),
        include_str!("../page/sound.js"),
        include_str!("../page/outbox.js"),
        include_str!("../page/choice.js"),
        include_str!("../page/page.js")
    ),
};

/// A slider for each clip of a page, next to an open reference.
pub(crate) const SLIDERS: Template = Template {
    html: include_str!("../page/page.html"),
    style: concat!(include_str!("../page/page.css"), include_str!("../page/sliders.css")),
    script: concat!(
        include_str!("../page/store.js"),
        include_str!("../page/sound.js"),
        include_str!("../page/outbox.js"),
        include_str!("../page/sliders.js"),
        include_str!("../page/page.js")
    ),
};
