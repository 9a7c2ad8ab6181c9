//! Rows in; tables, figures and documents out.
