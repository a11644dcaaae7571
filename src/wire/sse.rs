//! The server-sent events decoder.
