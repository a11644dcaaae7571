//! The vectors that come back, and comparing them.

use std::fmt;

use crate::error::{Error, ErrorKind, Result};

/// The embeddings of a list of texts: rows of one buffer, in the order of the texts.
///
/// ```
/// use lakewire::embeddings::Embeddings;
/// let embeddings = Embeddings::new(vec![1.0, 0.0, 0.6, 0.8], 2)?;
/// assert_eq!(embeddings.row(1), Some(&[0.6, 0.8][..]));
/// assert_eq!(embeddings.rows().count(), 2);
/// # Ok::<(), lakewire::Error>(())
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct Embeddings {
    /// All numbers, row behind row.
    pub data: Vec<f32>,
    /// How long each row is; 0 when there are none.
    pub dimensions: usize,
    /// The tokens of all requests, as far as the service counted them.
    pub usage: Option<EmbeddingUsage>,
    /// The model that answered, when the service names it.
    pub model: Option<String>,
    /// The ids to quote to Databricks support, one for each request.
    pub request_ids: Vec<String>,
}

/// Tokens, in the service's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EmbeddingUsage {
    /// The tokens read.
    pub prompt_tokens: u64,
    /// The tokens billed.
    pub total_tokens: u64,
}

impl Embeddings {
    /// Embeddings from their numbers.
    ///
    /// # Errors
    /// `InvalidInput` when the numbers are not whole rows.
    pub fn new(data: Vec<f32>, dimensions: usize) -> Result<Self> {
        let whole = if dimensions == 0 { data.is_empty() } else { data.len() % dimensions == 0 };
        if !whole {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "The numbers are not whole rows: their count must be a multiple of the dimensions.",
            ));
        }
        Ok(Self { data, dimensions, ..Self::default() })
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.data.len().checked_div(self.dimensions).unwrap_or(0)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// The embedding of the text at this place.
    #[must_use]
    pub fn row(&self, at: usize) -> Option<&[f32]> {
        let from = at.checked_mul(self.dimensions)?;
        self.data.get(from..from.checked_add(self.dimensions)?).filter(|row| !row.is_empty())
    }

    /// The embeddings in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.data.chunks_exact(self.dimensions.max(1))
    }
}

impl fmt::Debug for Embeddings {
    /// Sizes only: a million numbers say nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Embeddings({} rows of {})", self.len(), self.dimensions)
    }
}

/// The dot product of two vectors, summed in 64 bits.
///
/// # Errors
/// `InvalidInput` when they differ in length.
///
/// ```
/// assert_eq!(lakewire::embeddings::dot(&[1.0, 2.0], &[3.0, 0.5])?, 4.0);
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn dot(a: &[f32], b: &[f32]) -> Result<f64> {
    same_length(a, b)?;
    Ok(sum(a, b))
}

/// How alike two vectors point: 1 for the same direction, -1 for the opposite one. A vector of
/// zeros points nowhere and is like nothing: 0.
///
/// # Errors
/// `InvalidInput` when they differ in length.
///
/// ```
/// use lakewire::embeddings::cosine_similarity;
/// assert_eq!(cosine_similarity(&[3.0, 0.0], &[5.0, 0.0])?, 1.0);
/// assert_eq!(cosine_similarity(&[0.0, 0.0], &[5.0, 0.0])?, 0.0);
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn cosine_similarity(a: &[f32], b: &[f32]) -> Result<f64> {
    same_length(a, b)?;
    Ok(cosine(a, b, sum(a, a)))
}

/// The cosine similarity of a query with every row, in the order of the rows.
///
/// # Errors
/// `InvalidInput` when the query is not as long as the rows.
///
/// ```
/// use lakewire::embeddings::{Embeddings, similarities};
/// let documents = Embeddings::new(vec![1.0, 0.0, 0.0, 1.0], 2)?;
/// assert_eq!(similarities(&[2.0, 0.0], &documents)?, [1.0, 0.0]);
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn similarities(query: &[f32], embeddings: &Embeddings) -> Result<Vec<f64>> {
    let own = sum(query, query);
    embeddings
        .rows()
        .map(|row| {
            same_length(query, row)?;
            Ok(cosine(query, row, own))
        })
        .collect()
}

fn same_length(a: &[f32], b: &[f32]) -> Result<()> {
    if a.len() == b.len() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::InvalidInput,
        format!("The vectors have {} and {} numbers: only vectors of one model can be compared.", a.len(), b.len()),
    ))
}

fn sum(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).fold(0.0, |sum, (a, b)| sum + f64::from(*a) * f64::from(*b))
}

fn cosine(a: &[f32], b: &[f32], own: f64) -> f64 {
    let length = own.sqrt() * sum(b, b).sqrt();
    // rounding may go past 1 by the last bit
    if length > 0.0 { (sum(a, b) / length).clamp(-1.0, 1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_must_agree() {
        assert_eq!(dot(&[1.0], &[1.0, 2.0]).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(cosine_similarity(&[1.0], &[]).unwrap_err().kind(), ErrorKind::InvalidInput);
        let rows = Embeddings::new(vec![1.0, 2.0], 1).unwrap();
        assert!(similarities(&[1.0, 2.0], &rows).unwrap_err().message().contains("2 and 1"));
        assert_eq!(similarities(&[1.0], &Embeddings::default()).unwrap(), Vec::<f64>::new());
        assert!(Embeddings::new(vec![1.0; 3], 2).is_err());
        assert!(Embeddings::new(vec![1.0; 3], 0).is_err());
    }

    #[test]
    fn rows_end_where_they_end() {
        let rows = Embeddings::new(vec![1.0, 2.0, 3.0, 4.0], 2).unwrap();
        assert_eq!(
            (rows.len(), rows.row(1), rows.row(2), rows.row(usize::MAX)),
            (2, Some(&[3.0, 4.0][..]), None, None)
        );
        assert_eq!(Embeddings::default().row(0), None);
        assert_eq!(Embeddings::default().rows().len(), 0);
        assert_eq!(format!("{rows:?}"), "Embeddings(2 rows of 2)");
    }

    proptest! {
        #[test]
        fn cosine_is_bounded_and_even(pairs in prop::collection::vec((-1e3_f32..1e3, -1e3_f32..1e3), 1..40)) {
            let (a, b): (Vec<f32>, Vec<f32>) = pairs.into_iter().unzip();
            let alike = cosine_similarity(&a, &b).unwrap();
            prop_assert!((-1.0..=1.0).contains(&alike));
            prop_assert_eq!(alike, cosine_similarity(&b, &a).unwrap());
            let itself = cosine_similarity(&a, &a).unwrap();
            prop_assert!(itself > 1.0 - 1e-12 || a.iter().all(|value| *value == 0.0));
        }
    }
}
