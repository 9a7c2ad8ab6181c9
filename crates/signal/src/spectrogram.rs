//! A table of one value per frequency bin and frame.

use crate::Error;

/// Values by frequency bin and frame, row-major: all frames of bin 0, then all frames of bin 1.
///
/// # Shapes
///
/// `data()` is `[n_bins, n_frames]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrogram {
    data: Vec<f32>,
    n_bins: usize,
    n_frames: usize,
}

impl Spectrogram {
    /// Wraps a row-major table computed or stored elsewhere.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Shape`] unless `data` has `n_bins * n_frames` values.
    pub fn new(data: Vec<f32>, n_bins: usize, n_frames: usize) -> Result<Self, Error> {
        if n_bins.checked_mul(n_frames) == Some(data.len()) {
            Ok(Self { data, n_bins, n_frames })
        } else {
            Err(Error::Shape { values: data.len(), n_bins, n_frames })
        }
    }

    pub(crate) fn zeros(n_bins: usize, n_frames: usize) -> Self {
        Self { data: vec![0.0; n_bins * n_frames], n_bins, n_frames }
    }

    /// Returns the number of frequency bins or mel bands.
    #[must_use]
    pub fn n_bins(&self) -> usize {
        self.n_bins
    }

    /// Returns the number of frames.
    #[must_use]
    pub fn n_frames(&self) -> usize {
        self.n_frames
    }

    /// Returns all frames of one bin.
    ///
    /// # Panics
    ///
    /// Panics if the bin is out of range.
    #[must_use]
    pub fn row(&self, bin: usize) -> &[f32] {
        &self.data[bin * self.n_frames..][..self.n_frames]
    }

    /// Returns all values, row-major.
    #[must_use]
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// Consumes the table and returns all values, row-major.
    #[must_use]
    pub fn into_data(self) -> Vec<f32> {
        self.data
    }

    pub(crate) fn data_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_contiguous() {
        let table = Spectrogram::new(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2, 3).unwrap();
        assert_eq!(table.row(1), [4.0, 5.0, 6.0]);
    }

    #[test]
    fn rejects_a_mismatched_shape() {
        assert!(matches!(
            Spectrogram::new(vec![0.0; 5], 2, 3),
            Err(Error::Shape { values: 5, n_bins: 2, n_frames: 3 })
        ));
        assert!(Spectrogram::new(Vec::new(), usize::MAX, 2).is_err());
    }

    #[test]
    fn accepts_a_table_without_frames() {
        let table = Spectrogram::zeros(80, 0);
        assert!(table.row(79).is_empty());
    }
}
