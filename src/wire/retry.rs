//! When to send a call again.
