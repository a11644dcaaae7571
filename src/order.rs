//! Sorting in a hundred bytes. The standard library's sorts are several kilobytes of wasm for every
//! type they meet; what is sorted here is short (choices, tool calls, holes of a line).

/// Sorts by a comparison; equal items may change places. Shell's method: no worse than n·√n even on
/// hostile input.
pub(crate) fn sort<T>(items: &mut [T], less: impl Fn(&T, &T) -> bool) {
    let mut gap = items.len() / 2;
    while gap > 0 {
        for from in gap..items.len() {
            let mut at = from;
            while let Some(before) = at.checked_sub(gap) {
                // `swap` could panic for all the compiler knows, and the code that tells of it is ten kilobytes
                let halves = items.split_at_mut_checked(at);
                match halves.and_then(|(front, back)| Some((front.get_mut(before)?, back.first_mut()?))) {
                    Some((that, this)) if less(this, that) => std::mem::swap(this, that),
                    _ => break,
                }
                at = before;
            }
        }
        // odd gaps: even ones leave interleaved runs unsorted until the last pass
        gap = if gap == 2 { 1 } else { (gap * 5 / 11) | usize::from(gap > 1) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sorts_like_the_standard_library(mut items: Vec<u16>) {
            let mut expected = items.clone();
            expected.sort_unstable();
            sort(&mut items, |a, b| a < b);
            prop_assert_eq!(items, expected);
        }
    }

    #[test]
    fn long_runs_end_soon() {
        let mut items: Vec<u32> = (0..200_000).rev().collect();
        sort(&mut items, |a, b| a < b);
        assert!(items.is_sorted());
    }
}
