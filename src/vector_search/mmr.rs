//! Maximal marginal relevance: rows that fit the query and differ from each other. Pure.

use crate::embeddings::cosine_similarity;
use crate::error::Result;
use crate::vector_search::text::invalid;

/// Picks at most `k` of the vectors: each next one has the best of `lambda * likeness to the query - (1 - lambda) *
/// likeness to the nearest one picked`, by cosine. Gives their places in the order they were picked.
///
/// `vectors` are rows of one buffer, each as long as the query.
///
/// # Errors
/// `InvalidInput` when the vectors are not whole rows as long as the query, or `lambda` is not from 0 to 1.
///
/// ```
/// let rows = [1.0, 0.0, 1.0, 0.01, 0.0, 1.0];
/// assert_eq!(lakewire::vector_search::mmr::pick(&[1.0, 0.1], &rows, 2, 0.3)?, [1, 2]);
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn pick(query: &[f32], vectors: &[f32], k: usize, lambda: f64) -> Result<Vec<usize>> {
    if !(0.0..=1.0).contains(&lambda) {
        return Err(invalid(
            "`lambda_mult` must be from 0, as different as can be, to 1, as like the query as can be.",
        ));
    }
    if vectors.len() % query.len().max(1) != 0 {
        return Err(invalid("The vectors of the rows are not as long as the query's: they are of different models."));
    }
    let rows: Vec<&[f32]> = vectors.chunks_exact(query.len().max(1)).collect();
    let mut liked = Vec::with_capacity(rows.len());
    for row in &rows {
        liked.push(cosine_similarity(query, row)?);
    }
    // the likeness of each row to the nearest one picked so far
    let mut nearest: Vec<f64> = vec![f64::NEG_INFINITY; rows.len()];
    let mut picked: Vec<usize> = Vec::new();
    while picked.len() < k.min(rows.len()) {
        let mut best = None;
        for (at, (like, near)) in liked.iter().zip(&nearest).enumerate() {
            let score = if picked.is_empty() { *like } else { lambda * like - (1.0 - lambda) * near };
            if !picked.contains(&at) && best.is_none_or(|(_, held)| score > held) {
                best = Some((at, score));
            }
        }
        // numbers that are none compare with nothing
        let Some((at, _)) = best else { break };
        picked.push(at);
        let Some(new) = rows.get(at) else { break };
        for (row, near) in rows.iter().zip(&mut nearest) {
            *near = near.max(cosine_similarity(new, row)?);
        }
    }
    Ok(picked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_pick_is_the_nearest_and_the_next_differ() {
        let rows = [0.9_f32, 0.1, 1.0, 0.0, 0.0, 1.0];
        assert_eq!(pick(&[1.0, 0.0], &rows, 3, 1.0).unwrap(), [1, 0, 2]);
        assert_eq!(pick(&[1.0, 0.0], &rows, 2, 0.0).unwrap(), [1, 2]);
        assert_eq!(pick(&[1.0, 0.0], &rows, 0, 0.5).unwrap(), Vec::<usize>::new());
        assert_eq!(pick(&[1.0, 0.0], &[], 4, 0.5).unwrap(), Vec::<usize>::new());
        assert!(pick(&[1.0, 0.0], &[1.0], 1, 0.5).is_err());
        assert!(pick(&[1.0], &[1.0], 1, 1.5).is_err() && pick(&[1.0], &[1.0], 1, f64::NAN).is_err());
        assert_eq!(pick(&[f32::NAN], &[1.0, 2.0], 2, 0.5).unwrap().len(), 2);
    }

    /// As LangChain's `maximal_marginal_relevance` is written.
    fn plain(query: &[f32], rows: &[Vec<f32>], k: usize, lambda: f64) -> Vec<usize> {
        let like = |a: &[f32], b: &[f32]| cosine_similarity(a, b).unwrap();
        let mut picked: Vec<usize> = Vec::new();
        while picked.len() < k.min(rows.len()) {
            let mut best = (usize::MAX, f64::NEG_INFINITY);
            for at in (0..rows.len()).filter(|at| !picked.contains(at)) {
                let score = if picked.is_empty() {
                    like(query, &rows[at])
                } else {
                    let near = picked.iter().map(|one| like(&rows[*one], &rows[at])).fold(f64::NEG_INFINITY, f64::max);
                    lambda * like(query, &rows[at]) - (1.0 - lambda) * near
                };
                if score > best.1 {
                    best = (at, score);
                }
            }
            picked.push(best.0);
        }
        picked
    }

    proptest! {
        #[test]
        fn picks_what_langchain_picks(
            query in prop::collection::vec(-1.0_f32..1.0, 3),
            rows in prop::collection::vec(prop::collection::vec(-1.0_f32..1.0, 3), 0..12),
            k in 0..8_usize, lambda in 0.0_f64..=1.0,
        ) {
            let flat: Vec<f32> = rows.iter().flatten().copied().collect();
            prop_assert_eq!(pick(&query, &flat, k, lambda).unwrap(), plain(&query, &rows, k, lambda));
        }
    }
}
