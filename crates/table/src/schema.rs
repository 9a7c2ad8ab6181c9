//! Columns of a table, traced from the row type by deserializing a row of dummies.

use std::any::type_name;
use std::fmt;

use serde::Deserializer;
use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor};

use crate::Error;

/// Type of a column's values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Type {
    Bool,
    Int,
    UInt,
    Float,
    Text,
    List(Box<Self>),
}

/// One column.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Type,
    pub(crate) nullable: bool,
}

/// Columns of a row type, in the order of its fields.
#[derive(Debug, Clone)]
pub(crate) struct Schema {
    pub(crate) columns: Vec<Column>,
}

impl Schema {
    /// Traces the columns of `T`.
    pub(crate) fn of<T: DeserializeOwned>() -> Result<Self, Error> {
        let mut columns = Vec::new();
        T::deserialize(RowTracer { columns: &mut columns })
            .map_err(|error| Error::RowType { row: type_name::<T>(), why: error.0 })?;
        Ok(Self { columns })
    }
}

/// Message of serde while a type is traced or a row is converted.
#[derive(Debug)]
pub(crate) struct Message(pub(crate) String);

impl fmt::Display for Message {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Message {}

impl de::Error for Message {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl serde::ser::Error for Message {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// Accepts a struct and hands each of its fields a [`FieldTracer`].
struct RowTracer<'a> {
    columns: &'a mut Vec<Column>,
}

impl<'de> Deserializer<'de> for RowTracer<'_> {
    type Error = Message;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Message> {
        Err(Message("a row must be a struct with named fields".to_owned()))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Message> {
        visitor.visit_map(Fields { columns: self.columns, fields: fields.iter() })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Message> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple
        tuple_struct map enum identifier ignored_any
    }
}

struct Fields<'a> {
    columns: &'a mut Vec<Column>,
    fields: std::slice::Iter<'static, &'static str>,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Message;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Message> {
        let Some(field) = self.fields.next() else { return Ok(None) };
        self.columns.push(Column { name: (*field).to_owned(), kind: Type::Text, nullable: false });
        let name: StrDeserializer<'_, Message> = (*field).into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Message> {
        let column = self.columns.last_mut().ok_or_else(|| Message("a value before its name".to_owned()))?;
        let (mut kind, mut nullable) = (None, false);
        let value = seed
            .deserialize(FieldTracer { kind: &mut kind, nullable: &mut nullable })
            .map_err(|error| Message(format!("field `{}`: {error}", column.name)))?;
        column.kind =
            kind.ok_or_else(|| Message(format!("field `{}` does not have a column type", column.name)))?;
        column.nullable = nullable;
        Ok(value)
    }
}

/// Records the type that a field requests, and supplies a dummy value of it.
struct FieldTracer<'a> {
    kind: &'a mut Option<Type>,
    nullable: &'a mut bool,
}

macro_rules! trace {
    ($($method:ident => $kind:expr, $visit:ident($dummy:expr);)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Message> {
            *self.kind = Some($kind);
            visitor.$visit($dummy)
        }
    )*};
}

impl<'de> Deserializer<'de> for FieldTracer<'_> {
    type Error = Message;

    trace! {
        deserialize_bool => Type::Bool, visit_bool(false);
        deserialize_i8 => Type::Int, visit_i64(0);
        deserialize_i16 => Type::Int, visit_i64(0);
        deserialize_i32 => Type::Int, visit_i64(0);
        deserialize_i64 => Type::Int, visit_i64(0);
        deserialize_u8 => Type::UInt, visit_u64(0);
        deserialize_u16 => Type::UInt, visit_u64(0);
        deserialize_u32 => Type::UInt, visit_u64(0);
        deserialize_u64 => Type::UInt, visit_u64(0);
        deserialize_f32 => Type::Float, visit_f64(0.0);
        deserialize_f64 => Type::Float, visit_f64(0.0);
        deserialize_str => Type::Text, visit_str("");
        deserialize_string => Type::Text, visit_str("");
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Message> {
        Err(Message("not a boolean, number, string, enum without data, or list of these".to_owned()))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Message> {
        *self.nullable = true;
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Message> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Message> {
        let (mut inner, mut nullable) = (None, false);
        let value =
            visitor.visit_seq(OneElement { kind: &mut inner, nullable: &mut nullable, done: false })?;
        match inner {
            Some(Type::List(_)) => Err(Message("a list of lists".to_owned())),
            Some(_) if nullable => Err(Message("a list with missing elements".to_owned())),
            Some(kind) => {
                *self.kind = Some(Type::List(Box::new(kind)));
                Ok(value)
            }
            None => Err(Message("a list whose elements do not have a column type".to_owned())),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Message> {
        *self.kind = Some(Type::Text);
        let first = variants.first().ok_or_else(|| Message("an enum without variants".to_owned()))?;
        let variant: StrDeserializer<'_, Message> = (*first).into_deserializer();
        visitor.visit_enum(variant)
    }

    serde::forward_to_deserialize_any! {
        char bytes byte_buf unit unit_struct tuple tuple_struct map struct identifier ignored_any
    }
}

struct OneElement<'a> {
    kind: &'a mut Option<Type>,
    nullable: &'a mut bool,
    done: bool,
}

impl<'de> SeqAccess<'de> for OneElement<'_> {
    type Error = Message;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Message> {
        if self.done {
            return Ok(None);
        }
        self.done = true;
        seed.deserialize(FieldTracer { kind: self.kind, nullable: self.nullable }).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::{Schema, Type};

    #[test]
    fn the_columns_follow_from_the_type() {
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only its fields' types matter")]
        struct Row {
            #[serde(rename = "identifier")]
            id: String,
            value: Option<f32>,
            ids: Vec<u16>,
            words: Option<Vec<String>>,
        }
        let columns = Schema::of::<Row>().unwrap().columns;
        let seen: Vec<_> =
            columns.iter().map(|column| (column.name.as_str(), &column.kind, column.nullable)).collect();
        assert_eq!(
            seen,
            [
                ("identifier", &Type::Text, false),
                ("value", &Type::Float, true),
                ("ids", &Type::List(Box::new(Type::UInt)), false),
                ("words", &Type::List(Box::new(Type::Text)), true),
            ]
        );
    }

    #[test]
    fn rejects_a_nested_row() {
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only its fields' types matter")]
        struct Row {
            nested: Vec<Vec<u8>>,
        }
        let error = Schema::of::<Row>().unwrap_err().to_string();
        assert!(error.contains("`nested`") && error.contains("list of lists"), "{error}");
    }
}
