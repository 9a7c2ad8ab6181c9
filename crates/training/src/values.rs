//! Named values of a step or a validation: losses and other quantities.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Value of a quantity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Count, written without a fraction.
    Count(u64),
    /// Real number.
    Number(f64),
    /// Value that was not measured in this step, written as `null` so that every row has the same columns.
    Missing,
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<u64> for Value {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Missing, Into::into)
    }
}

/// Named quantities in insertion order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Values(Vec<(String, Value)>);

impl Values {
    /// Returns an empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a value; an existing value of this name is replaced at its position.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        match self.0.iter_mut().find(|(other, _)| other == name) {
            Some((_, there)) => *there = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Returns the values with this one set.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.set(name, value);
        self
    }

    /// Returns the number of a name; `None` if it is missing or was not measured.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<f64> {
        match self.0.iter().find(|(other, _)| other == name)?.1 {
            Value::Count(count) => Some(count as f64),
            Value::Number(number) => Some(number),
            Value::Missing => None,
        }
    }

    /// Returns the values that were measured.
    #[must_use]
    pub fn measured(mut self) -> Self {
        self.0.retain(|(_, value)| *value != Value::Missing);
        self
    }

    /// Returns the means of the numbers of several measurements, under the names and in the order of the first. A number that
    /// some of them lack is the mean of the others; counts are those of the first.
    #[must_use]
    pub fn mean(measurements: &[Self]) -> Self {
        let Some(first) = measurements.first() else { return Self::new() };
        first.iter().fold(Self::new(), |means, (name, value)| {
            if let Value::Count(count) = value {
                return means.with(name, count);
            }
            let numbers: Vec<f64> = measurements.iter().filter_map(|values| values.get(name)).collect();
            let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
            means.with(name, (!numbers.is_empty()).then_some(mean))
        })
    }

    /// Iterates over all values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), *value))
    }
}

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Values;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a map of names to numbers")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Values, A::Error> {
                let mut values = Values::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    values.set(&name, value);
                }
                Ok(values)
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::{Value, Values};

    #[test]
    fn keeps_the_order_and_writes_counts_as_integers() {
        let mut values =
            Values::new().with("loss_total", 2.5).with("symbols", 7_u64).with("norm", None::<f64>);
        values.set("loss_total", 0.0);
        let text = toml::to_string(&Values(values.0[..2].to_vec())).unwrap();
        assert_eq!(text, "loss_total = 0.0\nsymbols = 7\n");
        assert_eq!(toml::from_str::<Values>(&text).unwrap(), Values(values.0[..2].to_vec()));
        assert_eq!(
            (values.get("symbols"), values.get("norm"), values.get("nothing")),
            (Some(7.0), None, None)
        );
        assert_eq!(values.iter().last(), Some(("norm", Value::Missing)));
    }

    #[test]
    fn means_skip_what_was_not_measured() {
        let first =
            Values::new().with("a", 1.0).with("b", None::<f64>).with("n", 7_u64).with("c", None::<f64>);
        let second = Values::new().with("a", 4.0).with("b", 3.0).with("n", 9_u64).with("c", None::<f64>);
        let expected = Values::new().with("a", 2.5).with("b", 3.0).with("n", 7_u64).with("c", None::<f64>);
        assert_eq!(Values::mean(&[first, second]), expected);
        assert_eq!(Values::mean(&[]), Values::new());
    }
}
