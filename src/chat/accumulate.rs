//! Chunks folded into the whole completion.
