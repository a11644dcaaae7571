//! Signed links to results, and how their time is written.

use std::fmt::Write;
use std::hash::{BuildHasher, Hasher, RandomState};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Signs links with a key of this run. The key is not drawn from the seed: a page that knew the seed could make links of its own.
pub struct Signer([u8; 32]);

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer([redacted])")
    }
}

impl Signer {
    /// A signer with a key nobody knows: std's hash keys are random to begin with.
    #[must_use]
    pub fn fresh() -> Self {
        let mut key = [0; 32];
        for part in key.chunks_exact_mut(8) {
            part.copy_from_slice(&RandomState::new().build_hasher().finish().to_le_bytes());
        }
        Self(key)
    }

    fn mac(&self, id: &str, index: u64, until_ms: u64) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(format!("{id}/{index}/{until_ms}").as_bytes());
        Some(mac)
    }

    /// The query of a link to a chunk that is good until then.
    #[must_use]
    pub fn query(&self, id: &str, index: u64, until_ms: u64) -> String {
        let mut query = format!("exp={until_ms}&sig=");
        if let Some(mac) = self.mac(id, index, until_ms) {
            for byte in mac.finalize().into_bytes() {
                let _ = write!(query, "{byte:02x}");
            }
        }
        query
    }

    /// Whether this signature, in hexadecimal, was given for that chunk and time.
    #[must_use]
    pub fn knows(&self, id: &str, index: u64, until_ms: u64, signature: &str) -> bool {
        let digits: Option<Vec<u32>> = signature.chars().map(|c| c.to_digit(16)).collect();
        let bytes = digits.unwrap_or_default().chunks(2).map(pair).collect::<Option<Vec<u8>>>().unwrap_or_default();
        self.mac(id, index, until_ms).is_some_and(|mac| mac.verify_slice(&bytes).is_ok())
    }
}

fn pair(digits: &[u32]) -> Option<u8> {
    match digits {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    }
}

/// Milliseconds since 1970 as `2026-11-21T15:04:05.678Z`.
#[must_use]
pub(super) fn iso(ms: u64) -> String {
    let (whole, milli) = crate::civil::time(i64::try_from(ms).unwrap_or(i64::MAX));
    format!("{whole}.{milli:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_signed_is_known() {
        let (signer, other) = (Signer::fresh(), Signer::fresh());
        let query = signer.query("s", 3, 17);
        let signature = query.strip_prefix("exp=17&sig=").unwrap();
        assert_eq!(signature.len(), 64);
        assert!(signer.knows("s", 3, 17, signature));
        assert!(!signer.knows("s", 2, 17, signature) && !signer.knows("s", 3, 18, signature));
        assert!(!other.knows("s", 3, 17, signature), "each run has a key of its own");
        for bad in ["", "zz", "é", "a", &signature[..62]] {
            assert!(!signer.knows("s", 3, 17, bad), "{bad}");
        }
        assert!(!format!("{signer:?}").contains(&format!("{:?}", signer.0)));
    }

    #[test]
    fn times_are_written_as_iso() {
        assert_eq!(iso(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso(951_782_400_123), "2000-02-29T00:00:00.123Z");
        assert_eq!(iso(1_795_273_445_678), "2026-11-21T15:04:05.678Z");
        assert_eq!(iso(4_107_542_399_999), "2100-02-28T23:59:59.999Z");
    }
}
