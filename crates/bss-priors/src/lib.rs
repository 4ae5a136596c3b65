//! Priors of a source with exact density: Gaussian, autoregressive, AR-flow.
