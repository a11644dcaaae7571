//! The transport of browsers, edge workers and JavaScript runtimes.
