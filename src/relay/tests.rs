//! By the rows of the fault matrix.
