//! Structs and enums of settings, parsed from the source.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use quote::ToTokens as _;
use syn::{Attribute, Expr, Fields, GenericArgument, Item, ItemEnum, ItemStruct, PathArguments, Type};

use super::default::{DefaultValue, variant};
use crate::readmes::without_links;

/// Folders with settings.
const FOLDERS: [&str; 3] = ["crates", "pipelines/src", "eval/src"];

/// All parsed structs and enums.
#[derive(Default)]
pub(super) struct Sources {
    structs: Vec<Struct>,
    choices: Vec<Choices>,
    tagged: Vec<Tagged>,
}

/// A struct of settings.
pub(super) struct Struct {
    pub(super) file: String,
    name: String,
    /// First paragraph of the documentation.
    pub(super) docs: String,
    pub(super) fields: Vec<Field>,
    /// True if serde takes missing fields from `Default`.
    pub(super) omittable: bool,
    pub(super) default: DefaultValue,
}

/// A setting.
pub(super) struct Field {
    /// Name in the code.
    pub(super) name: String,
    /// Name in the file.
    pub(super) key: String,
    /// Type, without `Option` and `Vec`.
    pub(super) type_name: String,
    /// True for an `Option`.
    pub(super) optional: bool,
    /// True for a `Vec`.
    pub(super) list: bool,
    /// True if serde has a default for the field.
    pub(super) omittable: bool,
    /// The value of the function that serde takes the default from.
    pub(super) default: Option<DefaultValue>,
    pub(super) docs: String,
}

/// An enum of words.
pub(super) struct Choices {
    file: String,
    name: String,
    /// Name of the default variant.
    pub(super) default: Option<String>,
    pub(super) variants: Vec<Variant>,
}

/// An enum of structs with a tag.
pub(super) struct Tagged {
    pub(super) file: String,
    name: String,
    pub(super) tag: String,
    /// Name of the default variant.
    pub(super) default: Option<String>,
    pub(super) variants: Vec<Variant>,
}

/// A variant of an enum.
pub(super) struct Variant {
    pub(super) name: String,
    /// Name in the file.
    pub(super) word: String,
    pub(super) docs: String,
    /// Type of the only field; empty if there is none.
    pub(super) type_name: String,
}

/// Kind of a setting's type.
pub(super) enum Kind<'a> {
    Struct(&'a Struct),
    Choice(&'a Choices),
    Tagged(&'a Tagged),
    Value,
}

impl Choices {
    /// Returns the word of a variant.
    pub(super) fn word(&self, name: &str) -> Option<String> {
        self.variants.iter().find(|variant| variant.name == name).map(|variant| variant.word.clone())
    }
}

impl Field {
    /// Returns the type in TOML, or nothing for a type of the workspace.
    pub(super) fn toml_type(&self) -> String {
        let one = match self.type_name.as_str() {
            "String" | "PathBuf" => "string",
            "bool" => "boolean",
            "f32" | "f64" => "float",
            "u8" | "u16" | "u32" | "u64" | "usize" | "i32" | "i64" => "integer",
            _ => return String::new(),
        };
        if self.list { format!("list of {one}s") } else { one.to_owned() }
    }
}

impl Sources {
    /// Parses every source file in the folders with settings.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut sources = Self::default();
        for folder in FOLDERS {
            sources.read_folder(root, &root.join(folder))?;
        }
        Ok(sources)
    }

    /// Parses files given by path and content.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Result<Self> {
        let mut sources = Self::default();
        for (name, text) in files {
            sources.add(name, syn::parse_file(text)?.items);
        }
        Ok(sources)
    }

    /// Finds the struct with this name in a folder.
    pub(super) fn find(&self, name: &str, folder: &str) -> Result<&Struct> {
        let mut found = self.structs.iter().filter(|of| of.name == name && of.file.starts_with(folder));
        let first = found.next().with_context(|| format!("failed to find `{name}` in `{folder}`"))?;
        match found.next() {
            None => Ok(first),
            Some(second) => bail!("`{name}` is in `{}` and in `{}`", first.file, second.file),
        }
    }

    /// Returns the kind of a type named in a file; of several types with that name, the one in the nearest folder is
    /// used.
    pub(super) fn kind(&self, name: &str, from: &str) -> Kind<'_> {
        let near = |file: &str| file.split('/').zip(from.split('/')).take_while(|(a, b)| a == b).count();
        let structs = self.structs.iter().filter(|of| of.name == name);
        let structs = structs.map(|of| (near(&of.file), Kind::Struct(of)));
        let choices = self.choices.iter().filter(|of| of.name == name);
        let choices = choices.map(|of| (near(&of.file), Kind::Choice(of)));
        let tagged = self.tagged.iter().filter(|of| of.name == name);
        let tagged = tagged.map(|of| (near(&of.file), Kind::Tagged(of)));
        let nearest = structs.chain(choices).chain(tagged).max_by_key(|(near, _)| *near);
        nearest.map_or(Kind::Value, |(_, kind)| kind)
    }

    fn read_folder(&mut self, root: &Path, folder: &Path) -> Result<()> {
        let list = || format!("failed to list `{}`", folder.display());
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).with_context(list)? {
            paths.push(entry.with_context(list)?.path());
        }
        paths.sort();
        for path in paths {
            if path.is_dir() {
                if !["target", "tests", "xtask"].iter().any(|name| path.ends_with(name)) {
                    self.read_folder(root, &path)?;
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path)
                    .with_context(|| format!("failed to read `{}`", path.display()))?;
                // Other files have no settings, and parsing them takes time.
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
        let mut functions = BTreeMap::new();
        for item in &items {
            if let Item::Fn(of) = item
                && let [syn::Stmt::Expr(value, None)] = &of.block.stmts[..]
            {
                functions.insert(of.sig.ident.to_string(), value.clone());
            }
            if let Item::Impl(of) = item
                && of.trait_.as_ref().is_some_and(|(_, path, _)| path.is_ident("Default"))
                && let (Type::Path(name), Some(value)) = (of.self_ty.as_ref(), default_expression(&of.items))
            {
                defaults.insert(name.path.to_token_stream().to_string(), value);
            }
        }
        for item in items {
            match item {
                Item::Struct(of) => {
                    let default = defaults.get(&of.ident.to_string());
                    self.structs.extend(settings(file, &of, default, &functions));
                }
                Item::Enum(of) => self.add_enum(file, &of, defaults.get(&of.ident.to_string())),
                _ => {}
            }
        }
    }

    fn add_enum(&mut self, file: &str, of: &ItemEnum, default: Option<&Expr>) {
        let case = serde_word(&of.attrs, "rename_all").unwrap_or_default();
        let marked = of.variants.iter().find(|variant| has(&variant.attrs, "default"));
        let default = marked.map(|of| of.ident.to_string()).or_else(|| default.and_then(variant));
        let variants = of.variants.iter().map(|variant| {
            let name = variant.ident.to_string();
            Variant {
                word: serde_word(&variant.attrs, "rename").unwrap_or_else(|| cased(&name, &case)),
                name,
                docs: docs(&variant.attrs),
                type_name: variant.fields.iter().next().map(|of| last_segment(&of.ty)).unwrap_or_default(),
            }
        });
        let variants: Vec<Variant> = variants.collect();
        let (file, name) = (file.to_owned(), of.ident.to_string());
        if of.variants.iter().all(|variant| variant.fields.is_empty()) {
            self.choices.push(Choices { file, name, default, variants });
        } else if let Some(tag) = serde_word(&of.attrs, "tag") {
            self.tagged.push(Tagged { file, name, tag, default, variants });
        }
    }
}

fn settings(
    file: &str,
    of: &ItemStruct,
    default: Option<&Expr>,
    functions: &BTreeMap<String, Expr>,
) -> Option<Struct> {
    let Fields::Named(named) = &of.fields else { return None };
    let fields: Vec<Field> = named.named.iter().filter_map(|of| field(of, functions)).collect();
    let derived = of.attrs.iter().any(|attribute| {
        attribute.path().is_ident("derive") && attribute.to_token_stream().to_string().contains("Default")
    });
    let default = match default {
        Some(Expr::Struct(of)) => {
            let fields = of.fields.iter();
            DefaultValue::Fields(
                fields
                    .map(|field| (field.member.to_token_stream().to_string(), field.expr.clone()))
                    .collect(),
            )
        }
        _ if derived => DefaultValue::Derived(
            fields.iter().map(|field| (field.name.clone(), field.type_name.clone())).collect(),
        ),
        _ => DefaultValue::Unknown,
    };
    Some(Struct {
        file: file.to_owned(),
        name: of.ident.to_string(),
        docs: docs(&of.attrs),
        fields,
        omittable: serde_has(&of.attrs, "default"),
        default,
    })
}

/// Returns the expression with which `default()` ends.
fn default_expression(items: &[syn::ImplItem]) -> Option<Expr> {
    let function = items.iter().find_map(|item| match item {
        syn::ImplItem::Fn(function) => Some(function),
        _ => None,
    })?;
    match function.block.stmts.last() {
        Some(syn::Stmt::Expr(value, None)) => Some(value.clone()),
        _ => None,
    }
}

fn field(field: &syn::Field, functions: &BTreeMap<String, Expr>) -> Option<Field> {
    if serde_has(&field.attrs, "skip") {
        return None;
    }
    let name = field.ident.as_ref()?.to_string();
    let (of, optional) = match inner(&field.ty, "Option") {
        Some(of) => (of, true),
        None => (&field.ty, false),
    };
    let (of, list) = match inner(of, "Vec") {
        Some(of) => (of, true),
        None => (of, false),
    };
    Some(Field {
        key: serde_word(&field.attrs, "rename").unwrap_or_else(|| name.clone()),
        name,
        type_name: last_segment(of),
        optional,
        list,
        omittable: serde_has(&field.attrs, "default"),
        default: serde_word(&field.attrs, "default")
            .and_then(|function| functions.get(&function))
            .map(|value| DefaultValue::Value(Box::new(value.clone()))),
        docs: docs(&field.attrs),
    })
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
        Type::Path(path) => path.path.segments.last().map(|of| of.ident.to_string()).unwrap_or_default(),
        _ => String::new(),
    }
}

/// Returns the first paragraph of documentation on one line, without links.
fn docs(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        syn::Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    });
    without_links(&lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" "))
}

fn has(attributes: &[Attribute], name: &str) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident(name))
}

/// Returns `true` for `#[serde(name)]` and `#[serde(name = …)]`.
fn serde_has(attributes: &[Attribute], name: &str) -> bool {
    let mut found = false;
    serde_entries(attributes, |entry, _| found |= entry == name);
    found
}

/// Returns the word of `#[serde(name = "word")]`.
fn serde_word(attributes: &[Attribute], name: &str) -> Option<String> {
    let mut found = None;
    serde_entries(attributes, |entry, value| {
        if entry == name {
            found = value;
        }
    });
    found
}

/// Calls a function with the name and the text of every entry of `#[serde(…)]`.
fn serde_entries(attributes: &[Attribute], mut each: impl FnMut(&str, Option<String>)) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        // An entry of another form, such as `bound(…)`, ends the list: settings use none.
        let _ = attribute.parse_nested_meta(|meta| {
            let value = match meta.value() {
                Ok(value) => Some(value.parse::<syn::LitStr>()?.value()),
                Err(_) => None,
            };
            each(&meta.path.to_token_stream().to_string(), value);
            Ok(())
        });
    }
}

/// Returns the name of a variant under serde's `rename_all`.
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
