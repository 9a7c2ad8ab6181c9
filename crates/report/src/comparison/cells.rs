//! Cells of values that may be undefined: the value, or the reason why there is none.

use mynah_listening::Defined;

use crate::table::Cell;

/// Returns the cell that `show` makes of a value.
pub(crate) fn cell<T>(value: &Defined<T>, show: impl FnOnce(&T) -> Cell) -> Cell {
    match value {
        Defined::Ok { value } => show(value),
        Defined::Undefined { reason } => Cell::Missing(reason.clone()),
    }
}

/// Returns the cell of a number.
pub(crate) fn number_cell(value: &Defined<f64>, decimals: usize) -> Cell {
    cell(value, |value| Cell::Number { value: *value, decimals })
}

/// Returns the cell of a p-value.
pub(crate) fn probability_cell(p: &Defined<f64>) -> Cell {
    cell(p, |p| Cell::Probability(*p))
}
