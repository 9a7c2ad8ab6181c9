//! The noise that `CheapTrick` adds, so that no power is 0.

/// Sums of twelve numbers of a xorshift generator (Marsaglia 2003) with its published seed, less their mean: nearly
/// normal, with a standard deviation of 1.
pub(super) struct Noise([u32; 4]);

impl Noise {
    pub(super) fn new() -> Self {
        Self([123_456_789, 362_436_069, 521_288_629, 88_675_123])
    }

    pub(super) fn next(&mut self) -> f64 {
        let sum = (0..12).map(|_| self.next_word() >> 4).fold(0_u32, u32::wrapping_add);
        f64::from(sum) / f64::from(1_u32 << 28) - 6.0
    }

    fn next_word(&mut self) -> u32 {
        let [x, y, z, w] = self.0;
        let mixed = x ^ (x << 11);
        let next = w ^ (w >> 19) ^ mixed ^ (mixed >> 8);
        self.0 = [y, z, w, next];
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_nearly_normal_and_repeatable() {
        let mut noise = Noise::new();
        let values: Vec<f64> = (0..10_000).map(|_| noise.next()).collect();
        let mean = values.iter().sum::<f64>() / 1e4;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 1e4;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
        assert_eq!(Noise::new().next().to_bits(), values[0].to_bits());
    }
}
