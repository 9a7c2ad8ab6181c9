//! Fitting of other programs' values to the types of a row.

use crate::cell::Cell;
use crate::schema::{Column, Type};

/// Magnitude up to which integers are exact in a float.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Converts `cell` to the type of `column`: whole floats become integers, as in a nullable column of pandas, where NaN
/// is also a missing value, and decimals become floats.
///
/// # Errors
///
/// The fault of a float that is not finite.
pub(crate) fn fit(cell: Cell, column: &Column) -> Result<Cell, String> {
    match cell {
        Cell::Float(value) if value.is_nan() && column.nullable => Ok(Cell::Null),
        cell => fit_kind(cell, &column.kind),
    }
}

fn fit_kind(cell: Cell, kind: &Type) -> Result<Cell, String> {
    match cell {
        Cell::Float(value) if !value.is_finite() => Err(format!("{value} is not a finite number")),
        Cell::Float(value) if *kind == Type::Int || *kind == Type::UInt => Ok(whole(value)),
        // Decimals arrive as text, with all their digits.
        Cell::Text(text) if matches!(kind, Type::Float | Type::Int | Type::UInt) => match text.parse() {
            Ok(value) => fit_kind(Cell::Float(value), kind),
            Err(_) => Ok(Cell::Text(text)),
        },
        Cell::List(cells) => {
            let kind = if let Type::List(inner) = kind { inner } else { kind };
            cells.into_iter().map(|cell| fit_kind(cell, kind)).collect::<Result<_, _>>().map(Cell::List)
        }
        cell => Ok(cell),
    }
}

/// Converts a whole float to an integer, and keeps any other.
pub(crate) fn whole(value: f64) -> Cell {
    if value.fract() == 0.0 && value.abs() <= EXACT {
        if value < 0.0 { Cell::Int(value as i64) } else { Cell::UInt(value as u64) }
    } else {
        Cell::Float(value)
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, Column, Type, fit};

    #[test]
    fn whole_floats_become_integers_in_integer_columns() {
        let column = |kind, nullable| Column { name: "c".to_owned(), kind, nullable };
        let fit = |value, kind, nullable| fit(Cell::Float(value), &column(kind, nullable));
        assert_eq!(fit(12.0, Type::UInt, false), Ok(Cell::UInt(12)));
        assert_eq!(fit(-12.0, Type::Int, false), Ok(Cell::Int(-12)));
        assert_eq!(fit(12.5, Type::UInt, false), Ok(Cell::Float(12.5)));
        assert_eq!(fit(1e300, Type::UInt, false), Ok(Cell::Float(1e300)));
        assert_eq!(fit(12.0, Type::Float, false), Ok(Cell::Float(12.0)));
        assert_eq!(fit(f64::NAN, Type::UInt, true), Ok(Cell::Null));
        assert_eq!(fit(f64::NAN, Type::Float, true), Ok(Cell::Null));
        assert!(fit(f64::NAN, Type::Float, false).is_err());
        let decimal = |text: &str, kind| super::fit(Cell::Text(text.to_owned()), &column(kind, false));
        assert_eq!(decimal("-0.50", Type::Float), Ok(Cell::Float(-0.5)));
        assert_eq!(decimal("12.00", Type::UInt), Ok(Cell::UInt(12)));
        assert_eq!(decimal("12.00", Type::Text), Ok(Cell::Text("12.00".to_owned())));
        assert_eq!(decimal("twelve", Type::UInt), Ok(Cell::Text("twelve".to_owned())));
        assert!(fit(f64::INFINITY, Type::Float, true).is_err());
    }
}
