//! A transport that answers from a queue.
