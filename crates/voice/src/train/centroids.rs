//! k-means: the vectors with which the memory bank begins.

use candle_core::{D, DType, Result, Tensor};
use mynah_ops::MatrixProduct as _;
use rand::SeedableRng as _;
use rand::seq::index::sample;
use rand_chacha::ChaCha8Rng;

/// Rounds of assignment and averaging; the centroids hardly move after that.
const ROUNDS: usize = 12;

/// Frames whose distances to all centroids are held at once.
const CHUNK: usize = 4096;

/// `k` centroids of `frames` by Lloyd's algorithm from `k` of them drawn by `seed`.
///
/// A centroid that loses all its frames stays where it was. With fewer frames than centroids, frames are repeated.
///
/// # Shapes
///
/// `frames` [n, h] → [k, h].
pub(super) fn centroids(frames: &Tensor, k: usize, seed: u64) -> Result<Tensor> {
    let (n, channels) = frames.dims2()?;
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    let mut chosen: Vec<u32> =
        sample(&mut generator, n, k.min(n)).into_iter().map(|index| index as u32).collect();
    for index in 0..k.saturating_sub(n) {
        chosen.push(chosen[index]);
    }
    let chosen = Tensor::from_vec(chosen, k, frames.device())?;
    let mut centroids: Vec<Vec<f64>> = frames.index_select(&chosen, 0)?.to_dtype(DType::F64)?.to_vec2()?;
    let values: Vec<Vec<f64>> = frames.to_dtype(DType::F64)?.to_vec2()?;
    for _ in 0..ROUNDS {
        let table = Tensor::new(centroids.clone(), frames.device())?.to_dtype(frames.dtype())?;
        let mut sums = vec![(0_usize, vec![0.0; channels]); k];
        for (index, nearest) in nearest(frames, &table)?.into_iter().enumerate() {
            let (count, sum) = &mut sums[nearest as usize];
            *count += 1;
            for (sum, value) in sum.iter_mut().zip(&values[index]) {
                *sum += value;
            }
        }
        for (centroid, (count, sum)) in centroids.iter_mut().zip(sums).filter(|(_, (count, _))| *count > 0) {
            *centroid = sum.into_iter().map(|sum| sum / count as f64).collect();
        }
    }
    Tensor::new(centroids, frames.device())?.to_dtype(frames.dtype())
}

/// The nearest row of `table` for each frame.
fn nearest(frames: &Tensor, table: &Tensor) -> Result<Vec<u32>> {
    let squares = (table.sqr()?.sum(D::Minus1)? * 0.5)?;
    let columns = table.t()?.contiguous()?;
    let n = frames.dim(0)?;
    let mut out = Vec::with_capacity(n);
    for start in (0..n).step_by(CHUNK) {
        let chunk = frames.narrow(0, start, CHUNK.min(n - start))?;
        // |x − c|² / 2 − |x|² / 2
        let distances = squares.broadcast_sub(&chunk.contiguous()?.product(&columns)?)?;
        out.extend(distances.argmin(D::Minus1)?.to_vec1::<u32>()?);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor};

    use super::centroids;

    #[test]
    fn well_separated_clusters_are_found() {
        // Two clusters of three points; whichever points are drawn, Lloyd's rounds end in the means.
        let points = [[0.0_f32, 0.0], [0.1, 0.0], [-0.1, 0.0], [9.0, 9.0], [9.0, 9.1], [9.0, 8.9]];
        let frames = Tensor::new(&points, &Device::Cpu).unwrap();
        let mut found: Vec<Vec<f32>> = centroids(&frames, 2, 5).unwrap().to_vec2().unwrap();
        found.sort_by(|a, b| a[0].total_cmp(&b[0]));
        assert!(found[0].iter().all(|value| value.abs() < 1e-6), "{found:?}");
        assert!(found[1].iter().all(|value| (value - 9.0).abs() < 1e-5), "{found:?}");
    }

    #[test]
    fn more_centroids_than_frames_repeat_frames() {
        let frames = Tensor::new(&[[1.0_f32], [2.0]], &Device::Cpu).unwrap();
        let found: Vec<Vec<f32>> = centroids(&frames, 3, 0).unwrap().to_vec2().unwrap();
        assert_eq!(found.len(), 3);
        assert!(found.iter().all(|row| [[1.0], [2.0]].contains(&[row[0]])));
    }
}
