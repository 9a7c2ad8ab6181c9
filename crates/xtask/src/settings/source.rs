//! Structs and enums of settings, as the source has them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use quote::ToTokens as _;
use syn::{Attribute, Expr, Fields, GenericArgument, Item, PathArguments, Type};

/// Where settings are defined.
const FOLDERS: [&str; 3] = ["crates", "pipelines/src", "eval/src"];

/// Everything that was parsed.
pub(super) struct Sources {
    structs: Vec<Struct>,
    choices: Vec<(String, Choices)>,
}

/// A struct of settings.
pub(super) struct Struct {
    pub(super) file: String,
    name: String,
    /// The first paragraph of its documentation.
    pub(super) docs: String,
    pub(super) fields: Vec<Field>,
    pub(super) default: DefaultValue,
}

/// A setting.
pub(super) struct Field {
    /// Its name in the code.
    pub(super) name: String,
    /// Its name in the file.
    pub(super) key: String,
    /// The type, without `Option`.
    pub(super) type_name: String,
    pub(super) optional: bool,
    pub(super) docs: String,
}

/// An enum whose variants are words.
pub(super) struct Choices {
    file: String,
    /// The variant that is the default.
    pub(super) default: Option<String>,
    /// Each word with its documentation.
    pub(super) variants: Vec<(String, String)>,
    /// The word of each variant.
    words: BTreeMap<String, String>,
}

impl Choices {
    /// Returns the word of a variant.
    pub(super) fn word(&self, variant: &str) -> Option<String> {
        self.words.get(variant).cloned()
    }
}

/// The kind of a setting's type.
pub(super) enum Kind<'a> {
    Struct(&'a Struct),
    Choice(&'a Choices),
    Value,
}

/// A default value, or the defaults of the fields of a struct.
#[derive(Clone, Default)]
pub(super) struct Defaults(BTreeMap<String, Expr>);

/// A default as an expression of the code; fields of a struct expression can be asked for.
#[derive(Clone)]
pub(super) enum DefaultValue {
    /// Nothing is known: the type's own default, if it has one.
    Unknown,
    /// The `Default` of the struct.
    Fields(Defaults),
    /// An expression.
    Value(Box<Expr>),
    /// `#[derive(Default)]`: every field has the default of its type.
    Derived(BTreeMap<String, String>),
}

impl DefaultValue {
    /// Returns the default of a field.
    pub(super) fn field(&self, name: &str) -> Option<Self> {
        match self {
            Self::Fields(Defaults(fields)) => {
                fields.get(name).map(|value| Self::Value(Box::new(value.clone())))
            }
            Self::Value(value) => match value.as_ref() {
                Expr::Struct(of) => {
                    let field =
                        of.fields.iter().find(|field| field.member.to_token_stream().to_string() == name);
                    field.map(|field| Self::Value(Box::new(field.expr.clone())))
                }
                _ => None,
            },
            Self::Derived(fields) => {
                let value = match fields.get(name)?.as_str() {
                    "bool" => "false",
                    "u8" | "u16" | "u32" | "u64" | "usize" => "0",
                    _ => return None,
                };
                syn::parse_str(value).ok().map(|value| Self::Value(Box::new(value)))
            }
            Self::Unknown => None,
        }
    }

    /// Returns the variant of an enum, such as `Mono` of `ChannelChoice::Mono`.
    pub(super) fn variant(&self) -> Option<String> {
        match self {
            Self::Value(value) => match value.as_ref() {
                Expr::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
                _ => None,
            },
            _ => None,
        }
    }

    /// Returns a number, a text, a truth or a list as TOML has it.
    pub(super) fn value(&self) -> Option<String> {
        let Self::Value(value) = self else { return None };
        let text = value.to_token_stream().to_string();
        match value.as_ref() {
            Expr::Path(path) if path.path.is_ident("None") => None,
            Expr::Call(call) => match call.args.first() {
                // A number or a text inside a variant or a constructor.
                Some(inner) => Self::Value(Box::new(inner.clone())).value(),
                None => Some("[]".to_owned()),
            },
            Expr::Macro(of) => Some(format!("[{}]", tidy(&of.mac.tokens.to_string()))),
            Expr::MethodCall(of) => Self::Value(of.receiver.clone()).value(),
            _ => Some(tidy(&text)),
        }
    }
}

/// Writes tokens as TOML does: no separators in numbers, no blanks inside.
fn tidy(text: &str) -> String {
    let joined = text.replace('_', "").replace(" ,", ",").replace("- ", "-");
    joined.replace("[ ", "[").replace(" ]", "]")
}

impl Sources {
    /// Parses every source file below the folders of settings.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut sources = Self { structs: Vec::new(), choices: Vec::new() };
        for folder in FOLDERS {
            sources.read_folder(root, &root.join(folder))?;
        }
        Ok(sources)
    }

    /// Finds a struct by its name and the end of its file's path.
    pub(super) fn find(&self, name: &str, file: &str) -> Option<&Struct> {
        self.structs.iter().find(|of| of.name == name && of.file.ends_with(file))
    }

    /// Returns what a type is, seen from a file: of several with the same name, the one in the nearest folder.
    pub(super) fn kind(&self, name: &str, from: &str) -> Kind<'_> {
        let near = |file: &str| file.split('/').zip(from.split('/')).take_while(|(a, b)| a == b).count();
        let of = self.structs.iter().filter(|of| of.name == name).max_by_key(|of| near(&of.file));
        if let Some(of) = of.filter(|of| !of.fields.is_empty()) {
            return Kind::Struct(of);
        }
        let of = self.choices.iter().filter(|(of, _)| of == name).max_by_key(|(_, of)| near(&of.file));
        of.map_or(Kind::Value, |(_, choices)| Kind::Choice(choices))
    }

    fn read_folder(&mut self, root: &Path, folder: &Path) -> Result<()> {
        let entries =
            fs::read_dir(folder).with_context(|| format!("failed to list `{}`", folder.display()))?;
        let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                if !path.ends_with("target") && !path.ends_with("tests") && !path.ends_with("xtask") {
                    self.read_folder(root, &path)?;
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path)
                    .with_context(|| format!("failed to read `{}`", path.display()))?;
                // Only what is read from files is of interest, and parsing everything takes time.
                if text.contains("Deserialize") {
                    let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
                    let file = syn::parse_file(&text).with_context(|| format!("failed to parse `{name}`"))?;
                    self.add(&name, file.items);
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, file: &str, items: Vec<Item>) {
        let mut defaults = BTreeMap::new();
        for item in items {
            match item {
                Item::Struct(of) => {
                    let Fields::Named(named) = &of.fields else { continue };
                    let fields: Vec<Field> = named.named.iter().filter_map(field).collect();
                    let derived = of.attrs.iter().any(|attribute| {
                        attribute.path().is_ident("derive")
                            && attribute.to_token_stream().to_string().contains("Default")
                    });
                    let types =
                        fields.iter().map(|field| (field.name.clone(), field.type_name.clone())).collect();
                    self.structs.push(Struct {
                        file: file.to_owned(),
                        name: of.ident.to_string(),
                        docs: docs(&of.attrs),
                        fields,
                        default: if derived { DefaultValue::Derived(types) } else { DefaultValue::Unknown },
                    });
                }
                Item::Enum(of) => {
                    if of.variants.iter().any(|variant| !variant.fields.is_empty()) {
                        continue;
                    }
                    let case = serde_word(&of.attrs, "rename_all").unwrap_or_default();
                    let mut choices = Choices {
                        file: file.to_owned(),
                        default: None,
                        variants: Vec::new(),
                        words: BTreeMap::new(),
                    };
                    for variant in &of.variants {
                        let name = variant.ident.to_string();
                        let word =
                            serde_word(&variant.attrs, "rename").unwrap_or_else(|| cased(&name, &case));
                        if variant.attrs.iter().any(|attribute| attribute.path().is_ident("default")) {
                            choices.default = Some(name.clone());
                        }
                        choices.variants.push((word.clone(), docs(&variant.attrs)));
                        choices.words.insert(name, word);
                    }
                    self.choices.push((of.ident.to_string(), choices));
                }
                Item::Impl(of) => {
                    let is_default = of.trait_.as_ref().is_some_and(|(_, path, _)| path.is_ident("Default"));
                    if let (true, Type::Path(name)) = (is_default, of.self_ty.as_ref())
                        && let Some(fields) = default_fields(&of.items)
                    {
                        defaults.insert(name.path.to_token_stream().to_string(), fields);
                    }
                }
                _ => {}
            }
        }
        for of in self.structs.iter_mut().filter(|of| of.file == file) {
            if let Some(fields) = defaults.remove(&of.name) {
                of.default = DefaultValue::Fields(fields);
            }
        }
    }
}

/// Returns the fields of `Self { … }`, where `default()` ends in that.
fn default_fields(items: &[syn::ImplItem]) -> Option<Defaults> {
    let function = items.iter().find_map(|item| match item {
        syn::ImplItem::Fn(function) => Some(function),
        _ => None,
    })?;
    let Some(syn::Stmt::Expr(Expr::Struct(of), None)) = function.block.stmts.last() else { return None };
    let fields = of.fields.iter();
    Some(Defaults(
        fields.map(|field| (field.member.to_token_stream().to_string(), field.expr.clone())).collect(),
    ))
}

fn field(field: &syn::Field) -> Option<Field> {
    let name = field.ident.as_ref()?.to_string();
    let (type_name, optional) = match inner(&field.ty, "Option") {
        Some(of) => (last_segment(of), true),
        None => (last_segment(&field.ty), false),
    };
    let key = serde_word(&field.attrs, "rename").unwrap_or_else(|| name.clone());
    let defaults = field.attrs.iter().any(|attribute| {
        attribute.path().is_ident("serde") && attribute.to_token_stream().to_string().contains("default")
    });
    Some(Field { name, key, type_name, optional: optional || defaults, docs: docs(&field.attrs) })
}

/// Returns the type inside `wrapper<…>`.
fn inner<'a>(of: &'a Type, wrapper: &str) -> Option<&'a Type> {
    let Type::Path(path) = of else { return None };
    let last = path.path.segments.last().filter(|segment| segment.ident == wrapper)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(inner) => Some(inner),
        _ => None,
    })
}

fn last_segment(of: &Type) -> String {
    match of {
        Type::Path(path) => {
            path.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default()
        }
        _ => String::new(),
    }
}

/// Returns the first paragraph of a documentation on one line.
fn docs(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        syn::Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    });
    lines
        .take_while(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
        .replace("[`", "`")
        .replace("`]", "`")
}

/// Returns the word of `#[serde(name = "word")]`.
fn serde_word(attributes: &[Attribute], name: &str) -> Option<String> {
    let mut found = None;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        // Other entries of the list need not have this form.
        let _ = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident(name) {
                found = Some(meta.value()?.parse::<syn::LitStr>()?.value());
            } else if let Ok(value) = meta.value() {
                value.parse::<Expr>()?;
            }
            Ok(())
        });
    }
    found
}

/// Writes a variant as serde's `rename_all` does.
fn cased(variant: &str, case: &str) -> String {
    let separator = match case {
        "kebab-case" => "-",
        "snake_case" => "_",
        "lowercase" => "",
        _ => return variant.to_owned(),
    };
    let mut word = String::new();
    for letter in variant.chars() {
        if letter.is_uppercase() && !word.is_empty() {
            word.push_str(separator);
        }
        word.extend(letter.to_lowercase());
    }
    word
}
