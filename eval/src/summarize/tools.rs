//! Tables of webMUSHRA and the P.808 toolkit.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use mynah_cli::{Advised, say};
use mynah_listening::{
    Assignments, ClipNames, Error, ForeignRatings, ForeignSettings, Form, Key, Paradigm, read_foreign,
};

use super::found::FoundSettings;
use crate::foreign_table::TableFile;

/// The name of a table that is read by the names of its columns.
const ANY: &str = "table";

/// Facts that the tables of other tools do not contain.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ToolArgs {
    /// Kind of table (default: recognized by its header; with --map of more than the rater, any table)
    #[arg(long, value_name = "KIND", value_parser = kinds())]
    read_as: Option<ReadAs>,
    /// Regular expression that finds the groups `system` and `item` in the names of clips
    #[arg(long, value_name = "REGEX", conflicts_with = "key")]
    clip_pattern: Option<String>,
    /// Key of the bundle whose clips were rated: it knows their systems and sentences
    #[arg(long, value_name = "BUNDLE.key.json")]
    key: Option<PathBuf>,
    /// Scale to judge, of a table with several: a number of webMUSHRA, a name of P.808 such as `ovrl`
    #[arg(long, value_name = "SCALE", requires = "described")]
    scale: Option<String>,
    /// Assignments of Mechanical Turk to take (default: approved; of a list of votes, not-rejected)
    #[arg(long, value_name = "STATUS", value_enum, requires = "described")]
    assignments: Option<AssignmentsArg>,
}

/// The way to read a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReadAs {
    /// By the names of its columns.
    Any,
    /// As that of a tool.
    Form(Form),
}

/// The assignments of Mechanical Turk to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AssignmentsArg {
    /// Those that were approved
    Approved,
    /// Those that were approved or not yet reviewed
    NotRejected,
    /// All, also rejected ones
    All,
}

/// Parses the name of a kind of table.
fn kinds() -> impl TypedValueParser<Value = ReadAs> {
    let any = PossibleValue::new(ANY).help("Any table, by the names of its columns");
    let forms = Form::ALL.into_iter().map(|form| PossibleValue::new(form.as_str()).help(form.words()));
    PossibleValuesParser::new(std::iter::once(any).chain(forms)).try_map(|name| {
        let form = Form::ALL.into_iter().find(|form| form.as_str() == name);
        match form {
            Some(form) => Ok(ReadAs::Form(form)),
            None if name == ANY => Ok(ReadAs::Any),
            None => Err(format!("`{name}` is no kind of table")),
        }
    })
}

impl ToolArgs {
    /// Returns `true` if anything is said about a table of a tool.
    pub(crate) fn is_given(&self) -> bool {
        self.read_as.is_some() || self.clip_pattern.is_some() || self.key.is_some()
    }

    /// Returns the way from the names of clips to systems and sentences.
    fn clips(&self) -> anyhow::Result<Option<ClipNames>> {
        Ok(match (&self.clip_pattern, &self.key) {
            (Some(pattern), _) => Some(ClipNames::from_pattern(pattern)?),
            (None, Some(path)) => Some(ClipNames::of_key(&Key::read(path)?)),
            (None, None) => None,
        })
    }

    /// Returns the first argument that only tables of tools have a use for.
    fn useless(&self) -> Option<&'static str> {
        let given = [
            ("--clip-pattern", self.clip_pattern.is_some()),
            ("--key", self.key.is_some()),
            ("--scale", self.scale.is_some()),
            ("--assignments", self.assignments.is_some()),
        ];
        given.into_iter().find(|(_, is_given)| *is_given).map(|(argument, _)| argument)
    }
}

/// A table of a tool.
pub(crate) struct ToolTable<'a> {
    path: &'a Path,
    file: TableFile,
    form: Form,
}

/// The ratings of such a table.
pub(crate) struct ToolRatings {
    pub(crate) ratings: ForeignRatings,
    /// The reference that the key names.
    pub(crate) reference: Option<String>,
}

impl<'a> ToolTable<'a> {
    /// Reads a table if it is that of a tool; `None` for any other, and if columns other than the rater's are mapped.
    pub(crate) fn recognized(path: &'a Path, settings: &FoundSettings) -> anyhow::Result<Option<Self>> {
        let tool = &settings.tool;
        let is_mapped = !settings.map.is_empty() && settings.map.rater_alone().is_none();
        let found = if tool.read_as == Some(ReadAs::Any) || is_mapped {
            None
        } else {
            TableFile::read(path, settings.separator)?
        };
        let form = match (&found, tool.read_as) {
            (Some(_), Some(ReadAs::Form(form))) => Some(form),
            (Some(file), _) => Form::of(&file.table)
                .with_context(|| format!("failed to read ratings `{}`", path.display()))?,
            (None, _) => None,
        };
        match (found, form) {
            (Some(file), Some(form)) => Ok(Some(Self { path, file, form })),
            _ => match tool.useless() {
                None => Ok(None),
                Some(argument) => {
                    let message = format!(
                        "{argument} is for tables of webMUSHRA and the P.808 toolkit, and `{}` is not read as one",
                        path.display()
                    );
                    let remedy = "leave it out and name the columns with --map, or say with --read-as what the table is";
                    Err(Advised::new(message, remedy).into())
                }
            },
        }
    }

    /// Returns the path of the table.
    pub(crate) fn path(&self) -> &'a Path {
        self.path
    }

    /// Returns the line of the file on which a row begins.
    pub(crate) fn line(&self, row: u64) -> Option<u64> {
        self.file.line(row)
    }

    /// Reads the ratings, and says what they were read as.
    pub(crate) fn ratings(&self, settings: &FoundSettings) -> anyhow::Result<ToolRatings> {
        let tool = &settings.tool;
        let clips = tool.clips()?;
        let reference = clips.as_ref().and_then(ClipNames::reference).map(str::to_owned);
        let foreign = ForeignSettings {
            clips,
            rater: settings.map.rater_alone().map(str::to_owned),
            scale: tool.scale.clone(),
            assignments: tool.assignments.map(|assignments| match assignments {
                AssignmentsArg::Approved => Assignments::Approved,
                AssignmentsArg::NotRejected => Assignments::NotRejected,
                AssignmentsArg::All => Assignments::All,
            }),
        };
        let mut ratings =
            read_foreign(&self.file.table, self.form, &foreign).map_err(|error| self.explained(error))?;
        ratings.paradigm = self.paradigm(ratings.paradigm, settings.paradigm)?;
        say(&format!(
            "read `{}` as {}: {} ratings ({}), raters by `{}`",
            self.path.display(),
            self.form.words(),
            ratings.ratings.len(),
            ratings.paradigm.rules().abbreviation(),
            ratings.raters_by
        ));
        Ok(ToolRatings { ratings, reference })
    }

    /// Returns the paradigm: a Likert scale may be of any test that rates clips one by one, all other tables tell.
    fn paradigm(&self, found: Paradigm, stated: Option<Paradigm>) -> anyhow::Result<Paradigm> {
        match stated {
            Some(stated) if stated != found && self.form != Form::WebmushraLikert => {
                let message = format!(
                    "`{}` is read as {}, which is a {} test, not {}",
                    self.path.display(),
                    self.form.words(),
                    found.rules().abbreviation(),
                    stated.rules().abbreviation()
                );
                let remedy = "leave --paradigm out, or say with --read-as what the table is";
                Err(Advised::new(message, remedy).into())
            }
            stated => Ok(stated.unwrap_or(found)),
        }
    }

    /// Adds the arguments that resolve an error of reading, and the line of the file.
    fn explained(&self, error: Error) -> anyhow::Error {
        let failed = format!("failed to read ratings `{}`", self.path.display());
        let context = match &error {
            Error::Rating { row, .. } => {
                self.line(*row).map_or_else(|| failed.clone(), |line| format!("{failed}, line {line}"))
            }
            _ => failed,
        };
        anyhow::Error::new(error).context(context)
    }
}
