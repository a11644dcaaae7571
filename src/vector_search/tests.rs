//! Flows over a scripted transport.
