//! Default values as expressions of the code.

use std::collections::BTreeMap;

use quote::ToTokens as _;
use syn::Expr;

/// Default value of a struct or of a field.
#[derive(Clone)]
pub(super) enum DefaultValue {
    /// No default.
    Unknown,
    /// Fields of a hand-written `Default`.
    Fields(BTreeMap<String, Expr>),
    /// An expression.
    Value(Box<Expr>),
    /// Types of the fields of a struct with `#[derive(Default)]`.
    Derived(BTreeMap<String, String>),
}

impl DefaultValue {
    /// Returns the default of a field.
    pub(super) fn field(&self, name: &str) -> Option<Self> {
        match self {
            Self::Fields(fields) => fields.get(name).map(|value| Self::Value(Box::new(value.clone()))),
            Self::Value(value) => match value.as_ref() {
                Expr::Struct(of) => {
                    let mut fields = of.fields.iter();
                    let field = fields.find(|field| field.member.to_token_stream().to_string() == name);
                    field.map(|field| Self::Value(Box::new(field.expr.clone())))
                }
                _ => None,
            },
            Self::Derived(types) => {
                let value = match types.get(name)?.as_str() {
                    "bool" => "false",
                    "u8" | "u16" | "u32" | "u64" | "usize" => "0",
                    "f32" | "f64" => "0.0",
                    "String" => "\"\"",
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
            Self::Value(value) => variant(value),
            _ => None,
        }
    }

    /// Formats a number, string, boolean or list as TOML.
    pub(super) fn value(&self) -> Option<String> {
        let Self::Value(value) = self else { return None };
        toml(value)
    }
}

/// Returns the variant named by a path or a call of one; `Self::default()` names none.
pub(super) fn variant(value: &Expr) -> Option<String> {
    let path = match value {
        Expr::Path(path) => path,
        Expr::Call(call) => match call.func.as_ref() {
            Expr::Path(path) => path,
            _ => return None,
        },
        _ => return None,
    };
    let name = path.path.segments.last()?.ident.to_string();
    name.starts_with(char::is_uppercase).then_some(name)
}

fn toml(value: &Expr) -> Option<String> {
    match value {
        Expr::Path(_) => None,
        // A number or a string inside a variant or a constructor.
        Expr::Call(call) => match (call.args.first(), call.func.to_token_stream().to_string().as_str()) {
            // A word inside a variant, such as `Amount::Auto(Auto::Auto)`, is written as a string.
            (Some(inner), _) => {
                toml(inner).or_else(|| variant(inner).map(|name| format!("\"{}\"", name.to_lowercase())))
            }
            (None, "Vec :: new") => Some("[]".to_owned()),
            (None, _) => None,
        },
        Expr::Macro(of) => Some(tidy(&format!("[{}]", of.mac.tokens))),
        Expr::MethodCall(of) => toml(&of.receiver),
        _ => Some(tidy(&value.to_token_stream().to_string())),
    }
}

/// Removes the spaces that the token printer inserts.
fn tidy(tokens: &str) -> String {
    tokens.replace(" ,", ",").replace("- ", "-").replace("[ ", "[").replace(" ]", "]")
}
