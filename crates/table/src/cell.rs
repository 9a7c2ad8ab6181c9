//! Cells, and their conversion from and to serde rows.

use serde::de::value::{MapAccessDeserializer, SeqDeserializer, StringDeserializer};
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor,
};
use serde::ser::{self, Impossible, Serialize, SerializeSeq, SerializeStruct, Serializer};

use crate::schema::{Message, Schema};

/// One value of a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    Text(String),
    List(Vec<Self>),
    /// An object from another program's table; ours contain none.
    Object(serde_json::Map<String, serde_json::Value>),
}

impl Cell {
    /// Returns the value as text: empty for a missing value, JSON for a list.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Bool(value) => value.to_string(),
            Self::Int(value) => value.to_string(),
            Self::UInt(value) => value.to_string(),
            Self::Float(value) => value.to_string(),
            Self::Text(value) => value.clone(),
            Self::List(_) | Self::Object(_) => self.to_json().to_string(),
        }
    }

    /// Returns the value as JSON; a float that is not finite becomes null.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Int(value) => (*value).into(),
            Self::UInt(value) => (*value).into(),
            Self::Float(value) => (*value).into(),
            Self::Text(value) => value.as_str().into(),
            Self::List(values) => values.iter().map(Self::to_json).collect(),
            Self::Object(object) => object.clone().into(),
        }
    }
}

/// Converts `row` to cells, one per column of `schema`.
pub(crate) fn row_to_cells<T: Serialize>(row: &T, schema: &Schema) -> Result<Vec<Cell>, Message> {
    row.serialize(RowSerializer { schema })
}

/// Converts `cells` in the columns `names` to a row.
pub(crate) fn cells_to_row<T: DeserializeOwned>(names: &[String], cells: Vec<Cell>) -> Result<T, Message> {
    T::deserialize(MapAccessDeserializer::new(Row {
        names: names.iter(),
        cells: cells.into_iter(),
        name: String::new(),
    }))
}

struct RowSerializer<'a> {
    schema: &'a Schema,
}

struct StructSerializer<'a> {
    schema: &'a Schema,
    cells: Vec<Cell>,
}

impl SerializeStruct for StructSerializer<'_> {
    type Ok = Vec<Cell>;
    type Error = Message;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Message> {
        match self.schema.columns.get(self.cells.len()) {
            Some(column) if column.name == key => {}
            _ => return Err(Message(format!("field `{key}` is not deserialized, or in a different order"))),
        }
        let cell =
            value.serialize(CellSerializer).map_err(|error| Message(format!("field `{key}`: {error}")))?;
        self.cells.push(cell);
        Ok(())
    }

    fn skip_field(&mut self, _: &'static str) -> Result<(), Message> {
        self.cells.push(Cell::Null);
        Ok(())
    }

    fn end(self) -> Result<Vec<Cell>, Message> {
        Ok(self.cells)
    }
}

/// Rejects the parts of `Serializer` that do not apply to a row or a cell.
macro_rules! refuse {
    ($why:expr => $($method:ident($($argument:ty),*) -> $result:ty;)*) => {$(
        fn $method(self, $(_: $argument),*) -> Result<$result, Message> {
            Err(Message($why.to_owned()))
        }
    )*};
}

const NOT_A_ROW: &str = "a row must be a struct with named fields";
const NOT_A_CELL: &str = "not a boolean, number, string, enum without data, or list of these";

impl<'a> Serializer for RowSerializer<'a> {
    type Ok = Vec<Cell>;
    type Error = Message;
    type SerializeSeq = Impossible<Vec<Cell>, Message>;
    type SerializeTuple = Impossible<Vec<Cell>, Message>;
    type SerializeTupleStruct = Impossible<Vec<Cell>, Message>;
    type SerializeTupleVariant = Impossible<Vec<Cell>, Message>;
    type SerializeMap = Impossible<Vec<Cell>, Message>;
    type SerializeStruct = StructSerializer<'a>;
    type SerializeStructVariant = Impossible<Vec<Cell>, Message>;

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<StructSerializer<'a>, Message> {
        Ok(StructSerializer { schema: self.schema, cells: Vec::with_capacity(length) })
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Vec<Cell>, Message> {
        value.serialize(self)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<Vec<Cell>, Message> {
        Err(Message(NOT_A_ROW.to_owned()))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Vec<Cell>, Message> {
        Err(Message(NOT_A_ROW.to_owned()))
    }

    refuse! { NOT_A_ROW =>
        serialize_bool(bool) -> Vec<Cell>;
        serialize_i8(i8) -> Vec<Cell>;
        serialize_i16(i16) -> Vec<Cell>;
        serialize_i32(i32) -> Vec<Cell>;
        serialize_i64(i64) -> Vec<Cell>;
        serialize_u8(u8) -> Vec<Cell>;
        serialize_u16(u16) -> Vec<Cell>;
        serialize_u32(u32) -> Vec<Cell>;
        serialize_u64(u64) -> Vec<Cell>;
        serialize_f32(f32) -> Vec<Cell>;
        serialize_f64(f64) -> Vec<Cell>;
        serialize_char(char) -> Vec<Cell>;
        serialize_str(&str) -> Vec<Cell>;
        serialize_bytes(&[u8]) -> Vec<Cell>;
        serialize_none() -> Vec<Cell>;
        serialize_unit() -> Vec<Cell>;
        serialize_unit_struct(&'static str) -> Vec<Cell>;
        serialize_unit_variant(&'static str, u32, &'static str) -> Vec<Cell>;
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }
}

struct CellSerializer;

struct ListSerializer(Vec<Cell>);

impl SerializeSeq for ListSerializer {
    type Ok = Cell;
    type Error = Message;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Message> {
        self.0.push(value.serialize(CellSerializer)?);
        Ok(())
    }

    fn end(self) -> Result<Cell, Message> {
        Ok(Cell::List(self.0))
    }
}

macro_rules! accept {
    ($($method:ident($type:ty) => $variant:ident;)*) => {$(
        fn $method(self, value: $type) -> Result<Cell, Message> {
            Ok(Cell::$variant(value.into()))
        }
    )*};
}

impl Serializer for CellSerializer {
    type Ok = Cell;
    type Error = Message;
    type SerializeSeq = ListSerializer;
    type SerializeTuple = Impossible<Cell, Message>;
    type SerializeTupleStruct = Impossible<Cell, Message>;
    type SerializeTupleVariant = Impossible<Cell, Message>;
    type SerializeMap = Impossible<Cell, Message>;
    type SerializeStruct = Impossible<Cell, Message>;
    type SerializeStructVariant = Impossible<Cell, Message>;

    accept! {
        serialize_bool(bool) => Bool;
        serialize_i8(i8) => Int;
        serialize_i16(i16) => Int;
        serialize_i32(i32) => Int;
        serialize_i64(i64) => Int;
        serialize_u8(u8) => UInt;
        serialize_u16(u16) => UInt;
        serialize_u32(u32) => UInt;
        serialize_u64(u64) => UInt;
        serialize_str(&str) => Text;
    }

    fn serialize_f32(self, value: f32) -> Result<Cell, Message> {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result<Cell, Message> {
        if value.is_finite() {
            Ok(Cell::Float(value))
        } else {
            Err(Message(format!("{value} is not a finite number")))
        }
    }

    fn serialize_none(self) -> Result<Cell, Message> {
        Ok(Cell::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Cell, Message> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Cell, Message> {
        Ok(Cell::Text(variant.to_owned()))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Cell, Message> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Cell, Message> {
        Err(Message(NOT_A_CELL.to_owned()))
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<ListSerializer, Message> {
        Ok(ListSerializer(Vec::with_capacity(length.unwrap_or(0))))
    }

    refuse! { NOT_A_CELL =>
        serialize_char(char) -> Cell;
        serialize_bytes(&[u8]) -> Cell;
        serialize_unit() -> Cell;
        serialize_unit_struct(&'static str) -> Cell;
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct(&'static str, usize) -> Self::SerializeStruct;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }
}

struct Row<'a> {
    names: std::slice::Iter<'a, String>,
    cells: std::vec::IntoIter<Cell>,
    name: String,
}

impl<'de> MapAccess<'de> for Row<'_> {
    type Error = Message;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Message> {
        let Some(name) = self.names.next() else { return Ok(None) };
        self.name.clone_from(name);
        let key: StringDeserializer<Message> = name.clone().into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Message> {
        let cell = self.cells.next().ok_or_else(|| ser::Error::custom("fewer cells than columns"))?;
        seed.deserialize(cell).map_err(|error| Message(format!("column `{}`: {error}", self.name)))
    }
}

impl IntoDeserializer<'_, Message> for Cell {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Cell {
    type Error = Message;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Message> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Bool(value) => visitor.visit_bool(value),
            Self::Int(value) => visitor.visit_i64(value),
            Self::UInt(value) => visitor.visit_u64(value),
            Self::Float(value) => visitor.visit_f64(value),
            Self::Text(value) => visitor.visit_string(value),
            Self::List(values) => visitor.visit_seq(SeqDeserializer::new(values.into_iter())),
            Self::Object(object) => visitor.visit_string(serde_json::Value::Object(object).to_string()),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Message> {
        match self {
            Self::Null => visitor.visit_none(),
            value => visitor.visit_some(value),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Message> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Message> {
        match self {
            Self::Text(variant) => {
                let variant: StringDeserializer<Message> = variant.into_deserializer();
                visitor.visit_enum(variant)
            }
            other => Err(de::Error::custom(format!("{other:?} is not text"))),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}
