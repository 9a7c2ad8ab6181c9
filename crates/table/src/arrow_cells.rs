//! Conversion of Arrow arrays, as decoded from Parquet, to cells.

use std::fmt::Display;

use polars_arrow::array::{
    Array, BinaryViewArray, BooleanArray, FixedSizeBinaryArray, Float16Array, ListArray, PrimitiveArray,
    StructArray, Utf8ViewArray, get_value_display,
};
use polars_arrow::datatypes::{ArrowDataType, TimeUnit};
use polars_arrow::temporal_conversions::{
    date32_to_date_opt, timestamp_ms_to_datetime_opt, timestamp_ns_to_datetime_opt,
    timestamp_s_to_datetime_opt, timestamp_us_to_datetime_opt,
};
use polars_arrow::types::NativeType;

use crate::cell::Cell;

/// Returns the cells of an array.
///
/// Dates and times become ISO 8601 text, decimals text with all digits, structs JSON objects.
pub(crate) fn cells(array: &dyn Array) -> Vec<Cell> {
    match array.dtype() {
        ArrowDataType::Null => vec![Cell::Null; array.len()],
        ArrowDataType::Boolean => {
            let array: &BooleanArray = cast(array);
            array.iter().map(|value| value.map_or(Cell::Null, Cell::Bool)).collect()
        }
        ArrowDataType::UInt8 => numbers(array, |value: u8| Cell::UInt(value.into())),
        ArrowDataType::UInt16 => numbers(array, |value: u16| Cell::UInt(value.into())),
        ArrowDataType::UInt32 => numbers(array, |value: u32| Cell::UInt(value.into())),
        ArrowDataType::UInt64 => numbers(array, Cell::UInt),
        ArrowDataType::Int8 => numbers(array, |value: i8| Cell::Int(value.into())),
        ArrowDataType::Int16 => numbers(array, |value: i16| Cell::Int(value.into())),
        ArrowDataType::Int32 => numbers(array, |value: i32| Cell::Int(value.into())),
        ArrowDataType::Int64 => numbers(array, Cell::Int),
        ArrowDataType::Float16 => {
            let array: &Float16Array = cast(array);
            array.iter().map(|value| value.map_or(Cell::Null, |value| Cell::Float((*value).into()))).collect()
        }
        ArrowDataType::Float32 => numbers(array, |value: f32| Cell::Float(value.into())),
        ArrowDataType::Float64 => numbers(array, Cell::Float),
        ArrowDataType::Utf8View => {
            let array: &Utf8ViewArray = cast(array);
            array.iter().map(|value| value.map_or(Cell::Null, |text| Cell::Text(text.to_owned()))).collect()
        }
        ArrowDataType::BinaryView => {
            let array: &BinaryViewArray = cast(array);
            array.iter().map(bytes).collect()
        }
        ArrowDataType::FixedSizeBinary(_) => {
            let array: &FixedSizeBinaryArray = cast(array);
            array.iter().map(bytes).collect()
        }
        ArrowDataType::LargeList(_) => lists(cast(array)),
        ArrowDataType::Struct(_) => objects(cast(array)),
        ArrowDataType::Date32 => numbers(array, |days: i32| written(date32_to_date_opt(days), days.into())),
        ArrowDataType::Timestamp(unit, zone) => {
            let zone = if zone.is_some() { "Z" } else { "" };
            numbers(array, |value| moment(value, *unit, zone))
        }
        ArrowDataType::Time32(unit) => numbers(array, |value: i32| time_of_day(value.into(), *unit)),
        ArrowDataType::Time64(unit) => numbers(array, |value| time_of_day(value, *unit)),
        ArrowDataType::Decimal(_, scale) => numbers(array, |value| Cell::Text(decimal(value, *scale))),
        _ => displayed(array),
    }
}

fn cast<A: 'static>(array: &dyn Array) -> &A {
    array.as_any().downcast_ref().expect("the type of an array determines its class")
}

fn numbers<T: NativeType>(array: &dyn Array, cell: impl Fn(T) -> Cell) -> Vec<Cell> {
    let array: &PrimitiveArray<T> = cast(array);
    array.iter().map(|value| value.map_or(Cell::Null, |value| cell(*value))).collect()
}

fn bytes(value: Option<&[u8]>) -> Cell {
    value
        .map_or(Cell::Null, |bytes| Cell::List(bytes.iter().map(|byte| Cell::UInt((*byte).into())).collect()))
}

fn lists(array: &ListArray<i64>) -> Vec<Cell> {
    let mut values = cells(array.values().as_ref()).into_iter();
    let offsets = array.offsets();
    let mut position = 0;
    (0..array.len())
        .map(|row| {
            let (start, end) = offsets.start_end(row);
            // A null row may still have elements.
            let before = start.saturating_sub(position);
            position = end.max(position);
            let elements = values.by_ref().skip(before).take(end - start).collect();
            if array.is_null(row) { Cell::Null } else { Cell::List(elements) }
        })
        .collect()
}

fn objects(array: &StructArray) -> Vec<Cell> {
    let mut columns: Vec<(&str, std::vec::IntoIter<Cell>)> = array
        .fields()
        .iter()
        .zip(array.values())
        .map(|(field, values)| (field.name.as_str(), cells(values.as_ref()).into_iter()))
        .collect();
    (0..array.len())
        .map(|row| {
            let entries = columns.iter_mut().map(|(name, cells)| {
                let value = cells.next().map_or(serde_json::Value::Null, |cell| cell.to_json());
                ((*name).to_owned(), value)
            });
            let object: serde_json::Map<String, serde_json::Value> = entries.collect();
            if array.is_null(row) { Cell::Null } else { Cell::Object(object) }
        })
        .collect()
}

fn moment(value: i64, unit: TimeUnit, zone: &str) -> Cell {
    let moment = match unit {
        TimeUnit::Second => timestamp_s_to_datetime_opt(value),
        TimeUnit::Millisecond => timestamp_ms_to_datetime_opt(value),
        TimeUnit::Microsecond => timestamp_us_to_datetime_opt(value),
        TimeUnit::Nanosecond => timestamp_ns_to_datetime_opt(value),
    };
    let text = moment.map(|moment| format!("{}{zone}", moment.to_string().replacen(' ', "T", 1)));
    written(text, value)
}

/// Returns the text of a date, or its number if it is outside the calendar.
fn written(date: Option<impl Display>, number: i64) -> Cell {
    date.map_or(Cell::Int(number), |date| Cell::Text(date.to_string()))
}

fn time_of_day(value: i64, unit: TimeUnit) -> Cell {
    let (per_second, digits) = match unit {
        TimeUnit::Second => (1, 0),
        TimeUnit::Millisecond => (1_000, 3),
        TimeUnit::Microsecond => (1_000_000, 6),
        TimeUnit::Nanosecond => (1_000_000_000, 9),
    };
    let (seconds, fraction) = (value.div_euclid(per_second), value.rem_euclid(per_second));
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    Cell::Text(if fraction == 0 { clock } else { format!("{clock}.{fraction:0digits$}") })
}

fn decimal(value: i128, scale: usize) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// Returns cells of types that are rare in tables, as displayed by polars.
fn displayed(array: &dyn Array) -> Vec<Cell> {
    let display = get_value_display(array, "null");
    (0..array.len())
        .map(|row| {
            if array.is_null(row) {
                return Cell::Null;
            }
            let mut text = String::new();
            let written = display(&mut text, row);
            written.map_or(Cell::Null, |()| Cell::Text(text))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use polars_arrow::array::{Int64Array, ListArray, Utf8ViewArray};
    use polars_arrow::bitmap::Bitmap;
    use polars_arrow::offset::OffsetsBuffer;

    use super::*;

    #[test]
    fn decimals_keep_their_digits() {
        assert_eq!(decimal(-5, 2), "-0.05");
        assert_eq!(decimal(12_345, 2), "123.45");
        assert_eq!(decimal(7, 0), "7");
        assert_eq!(decimal(i128::MIN, 38), "-1.70141183460469231731687303715884105728");
    }

    #[test]
    fn times_outside_the_calendar_are_numbers() {
        assert_eq!(moment(i64::MAX, TimeUnit::Microsecond, ""), Cell::Int(i64::MAX));
        assert_eq!(moment(0, TimeUnit::Second, "Z"), Cell::Text("1970-01-01T00:00:00Z".to_owned()));
        assert_eq!(time_of_day(86_399_001, TimeUnit::Millisecond), Cell::Text("23:59:59.001".to_owned()));
    }

    #[test]
    fn lists_with_gaps_keep_their_elements() {
        let values = Int64Array::from_slice([1, 2, 3, 4, 5]).boxed();
        let offsets = OffsetsBuffer::try_from(vec![1_i64, 2, 4, 5]).unwrap();
        let dtype = ListArray::<i64>::default_datatype(values.dtype().clone());
        let validity = Bitmap::from([true, false, true]);
        let array = ListArray::<i64>::new(dtype, offsets, values, Some(validity));
        assert_eq!(
            cells(&array),
            [Cell::List(vec![Cell::Int(2)]), Cell::Null, Cell::List(vec![Cell::Int(5)])]
        );
        let names = Utf8ViewArray::from_slice([Some("a"), None]);
        assert_eq!(cells(&names), [Cell::Text("a".to_owned()), Cell::Null]);
    }
}
