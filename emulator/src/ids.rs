//! Everything that looks random, made from the seed: the same seed and request give the same bytes (fault-matrix R1).

/// A 64-bit FNV-1a hash with a final mix: small, stable across platforms and releases, and not for secrets.
#[must_use]
pub fn hash(seed: u64, parts: &[&[u8]]) -> u64 {
    let mut state = 0xcbf2_9ce4_8422_2325_u64 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for part in parts {
        for byte in *part {
            state = (state ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        // a separator, so that ("ab","c") and ("a","bc") differ
        state = (state ^ 0xff).wrapping_mul(0x0000_0100_0000_01b3);
    }
    mix(state)
}

/// SplitMix64's finaliser.
#[must_use]
pub fn mix(mut state: u64) -> u64 {
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// A UUID-shaped identifier drawn from `state`.
#[must_use]
pub fn uuid(state: u64) -> String {
    let low = mix(state ^ 0x5bf0_3635);
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        state >> 32,
        (state >> 16) & 0xffff,
        state & 0xfff,
        0x8000 | (low >> 48 & 0x3fff),
        low & 0xffff_ffff_ffff
    )
}

/// A stream of numbers from one state (SplitMix64).
#[derive(Debug, Clone)]
pub struct Draws(u64);

impl Draws {
    /// Starts the stream.
    #[must_use]
    pub fn new(state: u64) -> Self {
        Self(state)
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r1_the_seed_decides() {
        assert_eq!(hash(1, &[b"a", b"b"]), hash(1, &[b"a", b"b"]));
        assert_ne!(hash(1, &[b"a", b"b"]), hash(2, &[b"a", b"b"]));
        assert_ne!(hash(1, &[b"ab", b"c"]), hash(1, &[b"a", b"bc"]));
    }

    #[test]
    fn a_uuid_has_the_shape() {
        let id = uuid(hash(0, &[b"x"]));
        assert_eq!(id.len(), 36);
        assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
    }
}
