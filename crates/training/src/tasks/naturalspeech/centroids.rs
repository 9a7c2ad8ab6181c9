//! k-means in batches: the vectors with which the memory bank begins.

use candle_core::{D, DType, Result, Tensor};
use mynah_ops::MatrixProduct as _;
use rand::seq::index::sample;
use rand::{Rng, RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// Frames that move the centroids at once.
const BATCH: usize = 4096;

/// How often each frame is drawn on the average, and the least number of batches: few frames want more than one look.
const PASSES: usize = 5;
const LEAST_BATCHES: usize = 100;

/// Of so many frames for each centroid the first ones are chosen: a cluster of which none is among them is not found.
const CANDIDATES: usize = 20;

/// `k` centroids of `frames` by k-means in batches: `k` first ones by k-means++ from a part of the frames, then batches of
/// frames at random, each of which moves its nearest centroids.
///
/// ```text
/// c ← (N c + Σ x) / (N + n)      N frames that c has had, x its n frames of this batch
/// ```
///
/// A centroid that no frame is near stays where it began, on a frame. With fewer frames than centroids, frames are repeated.
/// All that grows with the number of frames is computed on their device.
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
        // A centroid without frames is 0 / 1 here; it stays.
        let has = counts.gt(&counts.zeros_like()?)?.broadcast_as(table.shape())?;
        table = has.where_cond(&moved, &table)?;
    }
    Ok(table)
}

/// Frames that are far from each other: some are drawn, each with a probability that grows with the square of its distance
/// from those before it, and the one is taken that leaves the smallest squares (the greedy k-means++ of scikit-learn).
fn first_centroids(frames: &Tensor, k: usize, generator: &mut impl Rng) -> Result<Tensor> {
    let (n, device) = (frames.dim(0)?, frames.device());
    let part = sample(generator, n, (CANDIDATES * k).max(1).min(n)).into_iter().map(|index| index as u32);
    let candidates = frames.index_select(&Tensor::from_iter(part, device)?, 0)?;
    let m = candidates.dim(0)?;
    let (squares, columns) = (candidates.sqr()?.sum(D::Minus1)?, candidates.t()?.contiguous()?);
    // The squared distances of all candidates from some: [some, m].
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

/// A place, with a probability that grows with its weight; when all weights are 0, `otherwise`, counted through the places.
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
    // Rounding may leave a rest behind the last.
    passed.or_else(|| weights.iter().rposition(|weight| *weight > 0.0)).unwrap_or(0)
}

/// The nearest row of `table` for each frame.
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

    /// The sum of the squared distances of the points from their nearest centroid.
    fn inertia(points: &Points, centroids: &Points) -> f64 {
        let distance = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
        let nearest = |point: &Vec<f64>| {
            centroids.iter().map(|centroid| distance(point, centroid)).fold(f64::INFINITY, f64::min)
        };
        points.iter().map(nearest).sum()
    }

    /// Lloyd's algorithm to its end, by loops, from `k` points at random.
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
    fn well_separated_clusters_are_found() {
        // Two clusters of three points; k-means++ begins in both, and the batches end near the means.
        let data = [[0.0_f32, 0.0], [0.1, 0.0], [-0.1, 0.0], [9.0, 9.0], [9.0, 9.1], [9.0, 8.9]];
        let frames = Tensor::new(&data, &device()).unwrap();
        let mut found = points(&centroids(&frames, 2, 5).unwrap());
        found.sort_by(|a, b| a[0].total_cmp(&b[0]));
        // Hundreds of draws from three points 0.1 apart: a mean within 0.02.
        assert!(found[0].iter().all(|value| value.abs() < 0.02), "{found:?}");
        assert!(found[1].iter().all(|value| (value - 9.0).abs() < 0.02), "{found:?}");
    }

    #[test]
    fn more_centroids_than_frames_repeat_frames() {
        let frames = Tensor::new(&[[1.0_f32], [2.0]], &device()).unwrap();
        let found = points(&centroids(&frames, 3, 0).unwrap());
        assert_eq!(found.len(), 3);
        assert!(found.iter().all(|row| row[0] >= 1.0 && row[0] <= 2.0), "{found:?}");
        // All alike.
        let frames = Tensor::ones((5, 2), DType::F32, &device()).unwrap();
        assert!(points(&centroids(&frames, 3, 0).unwrap()).iter().flatten().all(|x| (x - 1.0).abs() < 1e-6));
    }

    #[test]
    fn batches_lose_little_against_lloyd() {
        // Forty clouds that overlap.
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
    fn batches_are_as_good_as_those_of_scikit_learn() {
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
