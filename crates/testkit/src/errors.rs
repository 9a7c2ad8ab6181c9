//! The form of error messages and remedies.

use std::error::Error;

/// Asserts the form of the messages and remedies of a library's errors, with an example of every variant.
///
/// Takes the examples, then a pattern for each variant. A variant without a pattern does not compile, and a pattern
/// without an example fails. The errors have a method `remedy` that returns an `Option` of a string; see
/// [`assert_error_form`] for their form.
///
/// # Examples
///
/// ```
/// #[derive(Debug)]
/// enum Error {
///     Empty,
///     Locked { path: String },
/// }
///
/// impl std::fmt::Display for Error {
///     fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         match self {
///             Self::Empty => write!(formatter, "there are no values"),
///             Self::Locked { path } => write!(formatter, "`{path}` is in use"),
///         }
///     }
/// }
///
/// impl std::error::Error for Error {}
///
/// impl Error {
///     fn remedy(&self) -> Option<&'static str> {
///         matches!(self, Self::Locked { .. }).then_some("wait until it is free")
///     }
/// }
///
/// let examples = [Error::Empty, Error::Locked { path: "a".to_owned() }];
/// mynah_testkit::assert_every_error!(examples, Error::Empty | Error::Locked { .. });
/// ```
#[macro_export]
macro_rules! assert_every_error {
    ($examples:expr, $($variant:pat_param)|+ $(,)?) => {{
        let examples = &$examples;
        for error in examples {
            // Does not compile if a variant is missing.
            match error {
                $($variant)|+ => {}
            }
            $crate::assert_error_form(error, error.remedy().as_ref().map(AsRef::<str>::as_ref));
        }
        $(
            assert!(
                examples.iter().any(|error| matches!(error, $variant)),
                "no example of `{}`",
                stringify!($variant)
            );
        )+
    }};
}

/// Asserts that an error's message and remedy read well alone and after `error: failed to …: `.
///
/// Both are lowercase phrases on one line without a final stop; they may begin with code in backticks or a number. The
/// message contains neither its source, which is printed after it, nor its remedy.
///
/// # Panics
///
/// Panics if they do not have this form.
#[track_caller]
pub fn assert_error_form(error: &dyn Error, remedy: Option<&str>) {
    let message = error.to_string();
    for text in [Some(message.as_str()), remedy].into_iter().flatten() {
        let begins_well = |first: char| first.is_lowercase() || first.is_ascii_digit() || first == '`';
        assert!(text.starts_with(begins_well), "does not begin as a phrase: {text}");
        assert!(!text.ends_with('.') && !text.contains('\n'), "is more than a phrase: {text}");
        assert!(!text.contains("use `"), "contains an instruction: {text}");
    }
    if let Some(source) = error.source() {
        assert!(!message.contains(&source.to_string()), "contains its source: {message}");
    }
    if let Some(remedy) = remedy {
        assert!(!message.contains(remedy), "contains its remedy: {message}");
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::fmt::{self, Display, Formatter};
    use std::io;
    use std::panic::catch_unwind;

    use super::assert_error_form;

    #[derive(Debug)]
    struct Message(&'static str, Option<io::Error>);

    impl Display for Message {
        fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
            formatter.write_str(self.0)
        }
    }

    impl Error for Message {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_ref().map(|source| source as _)
        }
    }

    #[test]
    fn accepts_phrases_and_rejects_everything_else() {
        let accepts = |message, source: Option<&'static str>, remedy: Option<&str>| {
            catch_unwind(|| assert_error_form(&Message(message, source.map(io::Error::other)), remedy))
                .is_ok()
        };
        assert!(accepts("`a` is empty", Some("no space"), Some("fill it")));
        assert!(accepts("2 rows are equal", None, None));
        assert!(!accepts("The file is empty", None, None));
        assert!(!accepts("the file is empty.", None, None));
        assert!(!accepts("the file\nis empty", None, None));
        assert!(!accepts("the file is empty", None, Some("Fill it.")));
        assert!(!accepts("use `b`: `a` is empty", None, None));
        assert!(!accepts("failed to write `a`: no space", Some("no space"), None));
        assert!(!accepts("`a` is empty: fill it", None, Some("fill it")));
    }
}
