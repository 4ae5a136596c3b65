//! Posteriors over the sources.
