//! Mini-batch k-means for the initial vectors of the memory bank.

use candle_core::{D, DType, Result, Tensor};
use mynah_ops::MatrixProduct as _;
use rand::seq::index::sample;
use rand::{Rng, RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// Frames per batch.
const BATCH: usize = 4096;

/// Average number of draws of each frame, and the minimum number of batches, for few frames.
const PASSES: usize = 5;
const LEAST_BATCHES: usize = 100;

/// Frames per centroid among which the initial ones are chosen; clusters without any of them are not found.
const CANDIDATES: usize = 20;

/// Computes `k` centroids of `frames` by mini-batch k-means: k-means++ on a part of the frames initializes them, and random
/// batches of frames then move their nearest centroids.
///
/// ```text
/// c ← (N c + Σ x) / (N + n)      N frames of c so far, x its n frames of this batch
/// ```
///
/// A centroid without near frames stays at its initial frame. With fewer frames than centroids, frames are repeated.
/// Everything that grows with the number of frames is computed on their device.
///
/// # Shapes
///
/// `frames` [n, h] → [k, h].
///
/// # References
///
/// Sculley, "Web-scale k-means clustering", 2010; Arthur and Vassilvitskii, "k-means++", 2007.
pub(super) fn centroids(frames: &Tensor, k: usize, seed: u64) -> Result<Tensor> {
    let (n, _) = frames.dims2()?;
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    let mut table = first_centroids(frames, k, &mut generator)?;
    let mut counts = Tensor::zeros((k, 1), frames.dtype(), frames.device())?;
    let batch = BATCH.min(n);
    let batches = (PASSES * n).div_ceil(batch).max(LEAST_BATCHES);
    for _ in 0..batches {
        let drawn: Vec<u32> = (0..batch).map(|_| generator.random_range(0..n) as u32).collect();
        let drawn = frames.index_select(&Tensor::from_vec(drawn, batch, frames.device())?, 0)?;
        let nearest = nearest(&drawn, &table)?;
        let ones = Tensor::ones((batch, 1), frames.dtype(), frames.device())?;
        let sums = table.broadcast_mul(&counts)?.index_add(&nearest, &drawn, 0)?;
        counts = counts.index_add(&nearest, &ones, 0)?;
        let moved = sums.broadcast_div(&counts.maximum(&counts.ones_like()?)?)?;
        // A centroid without frames is 0 / 1 here and stays unchanged.
        let has = counts.gt(&counts.zeros_like()?)?.broadcast_as(table.shape())?;
        table = has.where_cond(&moved, &table)?;
    }
    Ok(table)
}

/// Chooses frames that are far from each other by the greedy k-means++ of scikit-learn: candidates are drawn with a
/// probability proportional to the squared distance from the frames chosen before, and the candidate with the smallest
/// remaining sum of squares is taken.
fn first_centroids(frames: &Tensor, k: usize, generator: &mut impl Rng) -> Result<Tensor> {
    let (n, device) = (frames.dim(0)?, frames.device());
    let part = sample(generator, n, (CANDIDATES * k).max(1).min(n)).into_iter().map(|index| index as u32);
    let candidates = frames.index_select(&Tensor::from_iter(part, device)?, 0)?;
    let m = candidates.dim(0)?;
    let (squares, columns) = (candidates.sqr()?.sum(D::Minus1)?, candidates.t()?.contiguous()?);
    // Squared distances of the drawn candidates from all points: [some, m].
    let distances = |some: &[u32]| -> Result<Tensor> {
        let some = Tensor::new(some, device)?;
        let products = candidates.index_select(&some, 0)?.exact_product(&columns)?;
        let both = squares.index_select(&some, 0)?.unsqueeze(1)?.broadcast_add(&squares.unsqueeze(0)?)?;
        (both - (products * 2.0)?)?.relu()
    };
    let trials = 2 + (k as f64).ln() as usize;
    let mut chosen = vec![generator.random_range(0..m) as u32];
    let mut nearest = distances(&chosen)?;
    while chosen.len() < k {
        let weights: Vec<f64> = nearest.squeeze(0)?.to_dtype(DType::F64)?.to_vec1()?;
        let drawn: Vec<u32> = (0..trials).map(|_| draw(&weights, chosen.len(), generator) as u32).collect();
        let of_drawn = nearest.broadcast_minimum(&distances(&drawn)?)?;
        let best = of_drawn.sum(1)?.argmin(0)?.to_scalar::<u32>()? as usize;
        nearest = of_drawn.narrow(0, best, 1)?;
        chosen.push(drawn[best]);
    }
    candidates.index_select(&Tensor::from_vec(chosen, k, device)?, 0)
}

/// Draws an index with a probability proportional to its weight; if all weights are 0, `otherwise` modulo the count.
fn draw(weights: &[f64], otherwise: usize, generator: &mut impl Rng) -> usize {
    let total: f64 = weights.iter().sum();
    if total <= 0.0 {
        return otherwise % weights.len();
    }
    let mut left = generator.random::<f64>() * total;
    let passed = weights.iter().position(|weight| {
        left -= weight;
        left < 0.0
    });
    // Rounding may leave a remainder after the last.
    passed.or_else(|| weights.iter().rposition(|weight| *weight > 0.0)).unwrap_or(0)
}

/// Returns the nearest row of `table` for each frame.
fn nearest(frames: &Tensor, table: &Tensor) -> Result<Tensor> {
    let squares = (table.sqr()?.sum(D::Minus1)? * 0.5)?;
    // |x − c|² / 2 − |x|² / 2
    squares.broadcast_sub(&frames.exact_product(&table.t()?.contiguous()?)?)?.argmin(D::Minus1)
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Tensor};
    use mynah_ops::testing::{device, normal, numbers};
    use mynah_testkit::golden;
    use rand::SeedableRng as _;
    use rand::seq::index::sample;
    use rand_chacha::ChaCha8Rng;
    use serde::Deserialize;

    use super::centroids;

    type Points = Vec<Vec<f64>>;

    /// Computes the sum of the squared distances of the points from their nearest centroid.
    fn inertia(points: &Points, centroids: &Points) -> f64 {
        let distance = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
        let nearest = |point: &Vec<f64>| {
            centroids.iter().map(|centroid| distance(point, centroid)).fold(f64::INFINITY, f64::min)
        };
        points.iter().map(nearest).sum()
    }

    /// Runs Lloyd's algorithm to convergence, by loops, from `k` random points.
    fn lloyd(points: &Points, k: usize, seed: u64) -> Points {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        let first = sample(&mut generator, points.len(), k);
        let mut centroids: Points = first.into_iter().map(|index| points[index].clone()).collect();
        loop {
            let mut sums = vec![(0.0, vec![0.0; points[0].len()]); k];
            for point in points {
                let distances: Vec<f64> =
                    centroids.iter().map(|c| inertia(&vec![point.clone()], &vec![c.clone()])).collect();
                let best = (0..k).min_by(|a, b| distances[*a].total_cmp(&distances[*b])).unwrap();
                sums[best].0 += 1.0;
                for (sum, value) in sums[best].1.iter_mut().zip(point) {
                    *sum += value;
                }
            }
            let before = centroids.clone();
            for (centroid, (count, sum)) in
                centroids.iter_mut().zip(sums).filter(|(_, (count, _))| *count > 0.0)
            {
                *centroid = sum.into_iter().map(|sum| sum / count).collect();
            }
            if centroids == before {
                return centroids;
            }
        }
    }

    fn points(tensor: &Tensor) -> Points {
        tensor.to_dtype(DType::F64).unwrap().to_vec2().unwrap()
    }

    #[test]
    fn finds_well_separated_clusters() {
        // Two clusters of three points: k-means++ starts in both, and the batches converge to the means.
        let data = [[0.0_f32, 0.0], [0.1, 0.0], [-0.1, 0.0], [9.0, 9.0], [9.0, 9.1], [9.0, 8.9]];
        let frames = Tensor::new(&data, &device()).unwrap();
        let mut found = points(&centroids(&frames, 2, 5).unwrap());
        found.sort_by(|a, b| a[0].total_cmp(&b[0]));
        // Hundreds of draws from three points 0.1 apart give a mean within 0.02.
        assert!(found[0].iter().all(|value| value.abs() < 0.02), "{found:?}");
        assert!(found[1].iter().all(|value| (value - 9.0).abs() < 0.02), "{found:?}");
    }

    #[test]
    fn repeats_frames_if_there_are_fewer_than_centroids() {
        let frames = Tensor::new(&[[1.0_f32], [2.0]], &device()).unwrap();
        let found = points(&centroids(&frames, 3, 0).unwrap());
        assert_eq!(found.len(), 3);
        assert!(found.iter().all(|row| row[0] >= 1.0 && row[0] <= 2.0), "{found:?}");
        // Equal frames.
        let frames = Tensor::ones((5, 2), DType::F32, &device()).unwrap();
        assert!(points(&centroids(&frames, 3, 0).unwrap()).iter().flatten().all(|x| (x - 1.0).abs() < 1e-6));
    }

    #[test]
    fn is_nearly_as_good_as_lloyd() {
        // Forty overlapping clouds.
        let middles = (normal(1, (40, 8)) * 2.0).unwrap();
        let frames = (Tensor::cat(&vec![&middles; 50], 0).unwrap() + normal(2, (2000, 8))).unwrap();
        let all = points(&frames);
        let single = frames.to_dtype(DType::F32).unwrap();
        let ours = |seed| inertia(&all, &points(&centroids(&single, 40, seed).unwrap()));
        let theirs = |seed| inertia(&all, &lloyd(&all, 40, seed));
        let (ours, theirs): (Vec<f64>, Vec<f64>) = (0..4).map(|seed| (ours(seed), theirs(seed))).unzip();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        assert!(mean(&ours) < 1.03 * mean(&theirs), "{ours:?} against Lloyd's {theirs:?}");
    }

    #[test]
    fn is_as_good_as_scikit_learn() {
        #[derive(Deserialize)]
        struct Golden {
            inertia: Vec<f64>,
        }
        // `fixtures/generate/voice_kmeans.py` computes the same points.
        let middles = (numbers(1, &[40, 8]) * 4.0).unwrap();
        let frames = (Tensor::cat(&vec![&middles; 50], 0).unwrap() + numbers(2, &[2000, 8])).unwrap();
        let all = points(&frames);
        let theirs = golden::<Golden>("voice/kmeans.json").inertia;
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let ours: Vec<f64> = (0..theirs.len() as u64)
            .map(|seed| inertia(&all, &points(&centroids(&frames, 40, seed).unwrap())))
            .collect();
        assert!(mean(&ours) < 1.03 * mean(&theirs), "{ours:?} against {theirs:?}");
    }
}
